import { z } from '@hono/zod-openapi'
import { catalogFor, namespaceFor, refuseConfined, refusePartial } from '../context.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { ProblemError } from '../problem.ts'
import { missedInput, noteInput, instant, instantInput, name, namespaceQuery } from '../schema/common.ts'

const tag = 'Operating'

const pauseSchema = z
  .object({
    namespace: z.string().optional(),
    group: z.string().optional(),
    by: z.string().optional(),
    note: z.string().optional(),
    since: instant,
    until: instant.optional(),
    state: z.enum(['pausing', 'paused', 'resuming']),
  })
  .openapi('Pause')

const lockSchema = z.object({
  name: z.string(),
  owner: z.string(),
  token: z.number(),
  acquiredAt: instant,
  expiresAt: instant,
})

const taskSchema = z
  .object({
    name: z.string(),
    description: z.string().optional(),
    runs: z.string(),
    expressions: z.array(z.string()),
    timezone: z.string(),
    windows: z.array(z.string()),
    nextAt: instant.optional(),
    withoutOverlapping: z.boolean(),
    onOneServer: z.boolean(),
    environments: z.array(z.string()).optional(),
    stored: z.boolean(),
    lock: lockSchema.optional(),
  })
  .openapi('Task')

/** What operators look at, and do to many at once. */
export const operatingEndpoints: readonly Endpoint[] = [
  endpoint(
    {
      method: 'get',
      path: '/pauses',
      access: 'read',
      id: 'listPauses',
      tag,
      summary: 'The pauses of many schedules that are in force',
      query: namespaceQuery,
      answer: z.object({ items: z.array(pauseSchema) }),
    },
    async ({ services, grant, query }) => ({
      items: await catalogFor({ services, grant, query }).pauses(),
    }),
  ),
  endpoint(
    {
      method: 'post',
      path: '/pauses',
      access: 'write',
      id: 'pauseMany',
      tag,
      summary: 'Pause all schedules of the namespace, or of a group',
      query: namespaceQuery,
      body: z.strictObject({
        group: name.optional(),
        until: instantInput.optional(),
        note: noteInput,
        dryRun: z.boolean().default(false),
      }),
      answer: z.object({ schedules: z.int() }),
    },
    ({ services, grant, query, body }) => catalogFor({ services, grant, query }).pauseAll(body),
  ),
  endpoint(
    {
      method: 'post',
      path: '/pauses/end',
      access: 'write',
      id: 'resumeMany',
      tag,
      summary: 'End a pause of many',
      query: namespaceQuery,
      body: z.strictObject({
        group: name.optional(),
        missed: missedInput,
        note: noteInput,
        dryRun: z.boolean().default(false),
      }),
      answer: z.object({ schedules: z.int() }),
    },
    ({ services, grant, query, body }) => catalogFor({ services, grant, query }).resumeAll(body),
  ),
  endpoint(
    {
      method: 'get',
      path: '/jobs',
      access: 'read',
      id: 'listJobs',
      tag,
      summary: 'The jobs that schedules can have, with JSON Schemas of their payloads',
      query: namespaceQuery,
      answer: z.object({
        items: z.array(
          z
            .object({
              name: z.string(),
              payload: z.record(z.string(), z.unknown()).optional().openapi({
                description: 'a JSON Schema; absent when the job takes any payload, or its library has none',
              }),
            })
            .openapi('Job'),
        ),
      }),
    },
    ({ services, grant, query }) => {
      namespaceFor(grant, query.namespace)
      const { jobs } = grant
      return { items: services.carillon.jobs.filter((job) => jobs === null || jobs.includes(job.name)) }
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/absent',
      access: 'read',
      id: 'listAbsent',
      tag,
      summary: 'Runs that have not begun, or not ended, by when they were expected to',
      query: namespaceQuery,
      answer: z.object({
        items: z.array(
          z.object({
            namespace: z.string(),
            key: z.string(),
            group: z.string().optional(),
            job: z.string(),
            queue: z.string(),
            occurrence: z.string().optional(),
            nominalAt: instant,
            dueAt: instant,
            expectedBy: instant,
            state: z.enum(['planned', 'sent', 'running', 'unplanned']),
            attempt: z.int(),
            server: z.string().optional(),
            message: z.string(),
          }),
        ),
      }),
    },
    async ({ services, grant, query }) => {
      refusePartial(grant, 'absent runs')
      return { items: await services.carillon.absent({ namespace: namespaceFor(grant, query.namespace) }) }
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/owed',
      access: 'admin',
      id: 'getOwed',
      tag,
      summary: 'The missed runs that are still to be caught up',
      answer: z.object({
        runs: z.int(),
        held: z.int(),
        namespaces: z.array(
          z.object({ namespace: z.string(), schedules: z.int(), runs: z.int(), oldestAt: instant }),
        ),
      }),
    },
    ({ services, grant }) => {
      refuseConfined(grant, 'what is owed')
      return services.carillon.owed()
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/queues',
      access: 'admin',
      id: 'listQueues',
      tag,
      summary: 'How the queues are, and what waits in them and before them',
      answer: z.object({ items: z.array(z.record(z.string(), z.unknown())) }),
    },
    async ({ services, grant }) => {
      refuseConfined(grant, 'the state of queues')
      return { items: await services.carillon.describeQueues() }
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/health',
      access: 'admin',
      id: 'getHealth',
      tag,
      summary: 'How the server is that answers: its roles, its runs, the database and the queues',
      answer: z.record(z.string(), z.unknown()),
    },
    ({ services, grant }) => {
      refuseConfined(grant, 'the health of a server')
      return services.carillon.health()
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/metrics',
      access: 'read',
      id: 'getMetrics',
      tag,
      summary: 'What Prometheus scrapes: what this server does, and how things stand',
      answer: z.string(),
      answerType: 'text/plain',
    },
    async ({ services, grant }) => {
      refuseConfined(grant, 'metrics')
      const page = await services.carillon.metrics()
      if (page === undefined)
        throw new ProblemError('NOT_FOUND', 'there are no metrics: set telemetry to prometheusMetrics()')
      return new Response(page.text, { headers: { 'content-type': page.contentType } })
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/servers',
      access: 'admin',
      id: 'listServers',
      tag,
      summary: 'The servers that have started, what they do, and when they were heard of last',
      answer: z.object({
        items: z.array(
          z
            .object({
              name: z.string(),
              roles: z.array(z.enum(['dispatch', 'work', 'tasks'])),
              startedAt: instant,
              seenAt: instant,
              running: z.int(),
              isAlive: z.boolean(),
            })
            .openapi('Server'),
        ),
      }),
    },
    async ({ services, grant }) => {
      refuseConfined(grant, 'servers')
      return { items: await services.carillon.servers() }
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/tasks',
      access: 'admin',
      id: 'listTasks',
      tag,
      summary: 'The tasks that code defines, and who has their locks',
      answer: z.object({ items: z.array(taskSchema) }),
    },
    async ({ services, grant }) => {
      refuseConfined(grant, 'tasks')
      const tasks = await services.carillon.tasks.list()
      return {
        items: tasks.map(({ lock, ...task }) => ({
          ...task,
          lock: lock && {
            ...lock,
            acquiredAt: new Date(lock.acquiredAt),
            expiresAt: new Date(lock.expiresAt),
          },
        })),
      }
    },
  ),
  endpoint(
    {
      method: 'post',
      path: '/tasks/{name}/unlock',
      access: 'admin',
      id: 'unlockTask',
      tag,
      summary: 'Free the lock of a task, whoever has it',
      params: z.object({ name }),
      answer: z.object({ unlocked: z.boolean() }),
    },
    async ({ services, grant, params }) => {
      refuseConfined(grant, 'tasks')
      const { tasks } = services.carillon
      const task = (await tasks.list()).find((one) => one.name === params.name)
      if (task === undefined) throw new ProblemError('NOT_FOUND', `no task is named "${params.name}"`)
      if (!task.withoutOverlapping)
        throw new ProblemError('INVALID_INPUT', `task "${params.name}" takes no lock`, { path: 'name' })
      return { unlocked: (await tasks.unlock(params.name)) !== undefined }
    },
  ),
]
