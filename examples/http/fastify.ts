// The API in a Fastify application. In a scope of its own, Fastify leaves the bodies alone.
import fastify from 'fastify'
import { nodeHandler } from 'carillon/http'
import { api } from './carillon.ts'

const schedules = nodeHandler(api)
const app = fastify()
app.get('/', () => 'a page of your own')
await app.register((scope, _, done) => {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
  scope.all('/api/v1/*', (request, reply) => {
    reply.hijack()
    schedules(request.raw, reply.raw)
  })
  done()
})
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
console.log(app.server.address())
