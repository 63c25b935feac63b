// The API in an Express application. Bodies may have been read by express.json() before.
import express from 'express'
import { nodeHandler } from 'carillon/http'
import { api } from './carillon.ts'

const app = express()
app.use(express.json())
app.get('/', (_, response) => void response.send('a page of your own'))
app.all('/api/v1/{*path}', nodeHandler(api))
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(server.address()))
