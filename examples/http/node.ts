// The API on a server of node:http, beside pages of your own.
import { createServer } from 'node:http'
import { nodeHandler } from 'carillon/http'
import { api } from './carillon.ts'

const schedules = nodeHandler(api)
const server = createServer((request, response) => {
  if (request.url?.startsWith('/api/v1/')) return schedules(request, response)
  response.end('a page of your own')
})
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(server.address()))
