// A small product that lets its users manage schedules: docs/guides/let-users-manage-schedules.md explains it.
import express, { type Request } from 'express'
import { Carillon, defineJob } from 'carillon'
import { createApi, nodeHandler } from 'carillon/http'
import { z } from 'zod'
import { addReport, logIn, logOut, register, reportsOf, userOf } from './users.ts'

// What users may have run. They say the topic; whose report it is they do not: that follows from the namespace.
const sendReport = defineJob('send-report', {
  payload: z.strictObject({ topic: z.string().min(1).max(100) }),
  handle: ({ payload, occurrence }) =>
    addReport(Number(occurrence.namespace.replace('user-', '')), payload.topic),
})
// What the product has run for itself. No user reaches it.
const cleanUp = defineJob('clean-up', { handle: () => {} })

const cron = await Carillon.open({
  database: process.env.CARILLON_DATABASE ?? 'sqlite:./carillon.db',
  jobs: [sendReport, cleanUp],
  quotas: (namespace) =>
    namespace.startsWith('user-') ? { schedules: 20, shortestInterval: '1m', runsPerMinute: 5 } : undefined,
})
await cron.schedule({ key: 'clean-up', cron: '0 4 * * *', job: cleanUp })

// Each user has a namespace, in which they reach the schedules of one job.
const api = createApi(cron, {
  authenticate: (request) => {
    const user = userOf(sessionIn(request.headers.get('cookie')))
    if (user === undefined) return undefined
    return {
      scope: 'write',
      namespace: `user-${user.id}`,
      groups: null,
      jobs: ['send-report'],
      actor: user.name,
    }
  },
})

const app = express()
app.all('/api/v1/{*path}', nodeHandler(api))
app.use(express.json())

app.post('/register', (request, response) => {
  const { name, password } = credentials.parse(request.body)
  response.status(register(name, password) === undefined ? 409 : 201).end()
})
app.post('/login', (request, response) => {
  const { name, password } = credentials.parse(request.body)
  const session = logIn(name, password)
  if (session === undefined) return void response.status(401).end()
  response.cookie('session', session, { httpOnly: true, sameSite: 'strict', path: '/' }).status(204).end()
})
app.post('/logout', (request, response) => {
  logOut(sessionIn(request.headers.cookie) ?? '')
  response.clearCookie('session').status(204).end()
})
app.get('/reports', (request: Request, response) => {
  const user = userOf(sessionIn(request.headers.cookie))
  if (user === undefined) return void response.status(401).end()
  response.json(reportsOf(user))
})

const credentials = z.strictObject({ name: z.string().min(1).max(50), password: z.string().min(8).max(200) })

function sessionIn(cookies: string | null | undefined): string | undefined {
  return /(?:^|; )session=([\w-]+)/.exec(cookies ?? '')?.[1]
}

await cron.start()
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(server.address()))
process.once('SIGTERM', () => {
  server.close()
  void cron.close()
})
