import { StatementSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENDPOINTS } from '../../src/http/api.ts'
import type { Grant } from '../../src/http/access/grant.ts'
import type { Endpoint } from '../../src/http/endpoint.ts'
import { ALL, HttpWorld, type Answer } from './support.ts'

const DAILY = { cron: '0 9 * * *', job: 'note' }
/** Bodies that do something, by endpoint; `{}` for all others. */
const BODIES: Readonly<Record<string, unknown>> = {
  createSchedule: { ...DAILY },
  putSchedule: DAILY,
  putSchedules: { schedules: [{ key: 'other-group', ...DAILY }] },
  patchSchedule: { note: 'mine now' },
  backfillSchedule: { from: '2026-11-01T00:00:00Z', dryRun: false },
  rollbackSchedule: { revision: 1 },
  createToken: { label: 'mine', scope: 'read' },
  previewRecurrence: { recurrence: { cron: DAILY.cron } },
}
const QUERIES: Readonly<Record<string, string>> = {
  explain: 'at=2026-11-20T09:00:00Z',
  diffRevisions: 'before=1&after=1',
  listHistory: 'until=2100-01-01T00:00:00Z',
  listRuns: 'until=2100-01-01T00:00:00Z',
}
/** What tells nothing of schedules, and is refused to tokens that reach only some. */
const GLOBAL = new Set([
  'getOwed',
  'listQueues',
  'getHealth',
  'listServers',
  'getMetrics',
  'listTasks',
  'unlockTask',
])

const acme: Grant = { scope: 'admin', namespace: 'acme', groups: null, jobs: null, actor: 'acme' }
const LIMITED: Readonly<Record<string, Grant>> = {
  'a namespace': acme,
  'a group': { ...acme, groups: ['blue'] },
  'a job': { ...acme, jobs: ['note'] },
  'a group and a job': { ...acme, groups: ['blue'], jobs: ['note'] },
}

let world: HttpWorld
/** By what they are: a run of each foreign schedule. */
const runs = new Map<string, string>()

beforeAll(async () => {
  world = await HttpWorld.open()
  for (const [name, grant] of Object.entries(LIMITED)) world.grants.set(name, grant)
  for (const scope of ['read', 'write'] as const) world.grants.set(scope, { ...ALL, scope })
  const acmes = world.cron.namespace('acme')
  await acmes.schedule({ key: 'mine', ...DAILY, group: 'blue' })
  await acmes.schedule({ key: 'other-group', ...DAILY, group: 'red' })
  await acmes.schedule({ key: 'no-group', ...DAILY })
  await acmes.schedule({ key: 'other-job', ...DAILY, job: 'secret', group: 'blue' })
  await world.cron.namespace('rival').schedule({ key: 'other-namespace', ...DAILY, group: 'blue' })
  for (const key of ['mine', 'other-group', 'no-group', 'other-job'])
    runs.set(key, (await acmes.trigger(key)).id)
  runs.set('other-namespace', (await world.cron.namespace('rival').trigger('other-namespace')).id)
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

/** What each kind of token must not learn of. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  'a namespace': ['other-namespace'],
  'a group': ['other-namespace', 'other-group', 'no-group'],
  'a job': ['other-namespace', 'other-job'],
  'a group and a job': ['other-namespace', 'other-group', 'no-group', 'other-job'],
}

async function ask(endpoint: Endpoint, token: string, key: string, namespace?: string): Promise<Answer> {
  const { id, method, path, body } = endpoint.definition
  const run = runs.get(key) ?? '999999-1-1795000000000'
  const query = new URLSearchParams(QUERIES[id])
  if (namespace !== undefined) query.set('namespace', namespace)
  const filled = path.replace('{key}', encodeURIComponent(key)).replace('{id}', run).replace('{name}', 'none')
  return world.call(method.toUpperCase(), `${filled}?${query.toString()}`, {
    token,
    ...(body !== undefined && { body: BODIES[id] ?? {} }),
  })
}

/** What an answer tells, with the key and the run that were asked for taken out. */
function told({ status, headers, text }: Answer, key: string): unknown {
  const own = text.replaceAll(key, 'KEY').replaceAll(runs.get(key) ?? '999999-1-1795000000000', 'RUN')
  return { status, text: own, headers: [...headers].filter(([name]) => name !== 'content-length') }
}

const KEYED = ENDPOINTS.filter(({ definition }) => /\{(key|id)\}/.test(definition.path))
const OTHERS = ENDPOINTS.filter((one) => !KEYED.includes(one) && one.definition.access !== 'nobody')

describe.each(Object.keys(LIMITED))('a token of %s', (token) => {
  it.each(KEYED.map((one) => [one.definition.id, one] as const))(
    'cannot tell what is out of its reach from what is missing: %s',
    async (_, endpoint) => {
      // It creates what is missing, in its own namespace.
      if (endpoint.definition.id === 'putSchedule' && token === 'a namespace') return
      const [answer, work] = await traced(() => ask(endpoint, token, 'missing'))
      const missing = told(answer, 'missing')
      if (answer.status === 404) expect(work).not.toEqual([])
      for (const key of FOREIGN[token]!) {
        const before = await snapshot()
        const [own, ownWork] = await traced(() => ask(endpoint, token, key))
        expect(told(own, key)).toEqual(missing)
        // What takes the same work takes the same time.
        expect(ownWork).toEqual(work)
        expect(await snapshot()).toEqual(before)
      }
    },
  )

  it.each(ENDPOINTS.map((one) => [one.definition.id, one] as const))(
    'is refused in another namespace, whether that exists or not: %s',
    async (id, endpoint) => {
      if (endpoint.definition.query?.shape['namespace'] === undefined) {
        expect(GLOBAL.has(id) || endpoint.definition.access === 'nobody').toBe(true)
        return
      }
      const before = await snapshot()
      const [there, nowhere] = [
        await ask(endpoint, token, 'other-namespace', 'rival'),
        await ask(endpoint, token, 'other-namespace', 'nowhere'),
      ]
      expect(there).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
      expect(told(there, '')).toEqual(told(nowhere, ''))
      expect(await snapshot()).toEqual(before)
    },
  )

  it.each(OTHERS.map((one) => [one.definition.id, one] as const))(
    'is told nothing of what is out of its reach: %s',
    async (id, endpoint) => {
      const answer = await ask(endpoint, token, '')
      if (GLOBAL.has(id)) expect(answer.status).toBe(403)
      for (const key of FOREIGN[token]!) {
        expect(answer.text).not.toContain(key)
        expect(answer.text).not.toContain(runs.get(key)!)
      }
      if (token.includes('job')) expect(answer.text).not.toContain('"secret"')
    },
  )
})

/** The scope that each needs is asked for, and no other. */
describe('a token of too small a scope is refused', () => {
  it.each(ENDPOINTS.map((one) => [one.definition.id, one] as const))('%s', async (_, endpoint) => {
    const { access } = endpoint.definition
    const before = await snapshot()
    const none = await ask(endpoint, 'nobody', 'mine', 'acme')
    expect(none.status === 401).toBe(access !== 'nobody')
    if (access === 'nobody' || access === 'read') return
    const small = await ask(endpoint, access === 'admin' ? 'write' : 'read', 'mine', 'acme')
    expect(small).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
    expect(await snapshot()).toEqual(before)
  })
})

it('a partial token creates without choosing a key, and cannot store many', async () => {
  const token = 'a group'
  const created = await world.call('POST', '/schedules', { token, body: DAILY })
  expect(created).toMatchObject({ status: 201, body: { group: 'blue', namespace: 'acme' } })
  for (const key of ['other-group', 'missing-too', 'mine'])
    expect((await world.call('POST', '/schedules', { token, body: { key, ...DAILY } })).status).toBe(403)
  const replaced = await world.call('PUT', `/schedules/${created.body.key}`, { token, body: DAILY })
  expect(replaced.status).toBe(200)
  expect((await world.call('DELETE', `/schedules/${created.body.key}`, { token })).status).toBe(204)
})

/** What the database was asked for meanwhile, and how many rows it answered to each statement. */
async function traced<T>(work: () => Promise<T>): Promise<[T, string[]]> {
  const asked: string[] = []
  const statements = StatementSync.prototype as unknown as Record<string, (...values: unknown[]) => unknown>
  const originals = ['all', 'get', 'run'].map((method) => [method, statements[method]!] as const)
  for (const [method, original] of originals)
    statements[method] = function (this: StatementSync, ...values) {
      const answer = original.apply(this, values)
      asked.push(`${this.sourceSQL}: ${Array.isArray(answer) ? answer.length : ''}`)
      return answer
    }
  try {
    return [await work(), asked]
  } finally {
    for (const [method, original] of originals) statements[method] = original
  }
}

/** All schedules of all namespaces that are there, with their revisions. */
async function snapshot(): Promise<unknown> {
  const names = ['default', 'acme', 'rival', 'nowhere']
  const all = await Promise.all(
    names.map((name) => Array.fromAsync(world.cron.namespace(name).describeAll())),
  )
  return all.flat().map(({ namespace, key, revision, state }) => `${namespace} ${key} ${revision} ${state}`)
}
