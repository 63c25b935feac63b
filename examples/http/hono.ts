// The API in a Hono application.
import { serve, type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { api } from './carillon.ts'

const app = new Hono<{ Bindings: HttpBindings }>()
app.get('/', (context) => context.text('a page of your own'))
app.all('/api/v1/*', (context) => {
  const { remoteAddress = '' } = context.env.incoming.socket
  return api.fetch(context.req.raw, { remoteAddress })
})
serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: '127.0.0.1' }, (server) =>
  console.log(server),
)
