import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DriverError } from '../../src/index.ts'
import { ENDPOINTS } from '../../src/http/api.ts'
import { ALL, HttpWorld } from './support.ts'

const DAILY = { cron: '0 9 * * MON-FRI', timezone: 'Europe/Berlin', job: 'note' }

let world: HttpWorld
beforeEach(async () => {
  world = await HttpWorld.open()
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

describe('schedules', () => {
  it('are created, read, replaced, changed and deleted', async () => {
    const created = await world.call('POST', '/schedules', { body: { key: 'a/b', ...DAILY } })
    expect(created).toMatchObject({ status: 201, body: { key: 'a/b', cron: DAILY.cron, revision: 1 } })
    expect(created.headers.get('etag')).toBe('"1"')

    const path = `/schedules/${encodeURIComponent('a/b')}`
    const put = await world.call('PUT', path, { body: { ...DAILY, cron: '0 10 * * *' } })
    expect(put).toMatchObject({ status: 200, body: { cron: '0 10 * * *', revision: 2 } })
    const patched = await world.call('PATCH', path, { body: { note: 'x', catchUp: '1h' } })
    expect(patched.body).toMatchObject({ note: 'x', catchUp: { withinMs: 3_600_000 }, revision: 3 })
    expect((await world.call('GET', path)).body).toEqual(patched.body)
    expect(await world.call('DELETE', path)).toMatchObject({ status: 204, text: '' })
    expect(await world.call('GET', path)).toMatchObject({ status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } })
  })

  it('get a key where none is given, and never replace one by POST', async () => {
    const { body } = await world.call('POST', '/schedules', { body: DAILY })
    expect(body.key).toMatch(/^[\da-f-]{36}$/)
    const again = await world.call('POST', '/schedules', { body: { ...DAILY, key: body.key } })
    expect(again).toMatchObject({ status: 409, body: { code: 'SCHEDULE_CONFLICT' } })
  })

  it('are changed at one revision only, where If-Match insists on it', async () => {
    await world.call('PUT', '/schedules/a', { body: DAILY })
    const patch = (revision: string) =>
      world.call('PATCH', '/schedules/a', { body: { note: revision }, headers: { 'if-match': revision } })
    expect((await patch('"1"')).status).toBe(200)
    expect(await patch('"1"')).toMatchObject({ status: 412, body: { code: 'REVISION_MISMATCH' } })
    expect(await patch('1')).toMatchObject({ status: 400, body: { code: 'MALFORMED', path: 'If-Match' } })
    expect((await patch('*')).status).toBe(200)
  })

  it('are listed by key, page by page, through filters', async () => {
    const all = Array.from({ length: 7 }, (_, n) => ({
      ...DAILY,
      key: `k${n}`,
      group: n < 4 ? 'low' : 'high',
    }))
    const bulk = await world.call('POST', '/schedules/bulk', { body: { schedules: all } })
    expect(bulk.body).toEqual({ created: 7, changed: 0, unchanged: 0 })

    const keys: string[] = []
    let next: string | undefined
    do {
      const cursor = next === undefined ? '' : `&cursor=${next}`
      const page = await world.call('GET', `/schedules?limit=3${cursor}`)
      keys.push(...page.body.items.map(({ key }: { key: string }) => key))
      next = page.body.next
    } while (next !== undefined)
    expect(keys).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6'])

    const low = await world.call('GET', '/schedules?group=low&states=active,broken&text=K')
    expect(low.body.items).toHaveLength(4)
    expect(low.body.next).toBeUndefined()
    expect((await world.call('GET', '/schedules?states=paused')).body.items).toEqual([])
    for (const query of ['limit=0', 'limit=x', 'states=odd', 'cursor=%00', 'cursor=%C3%28'])
      expect((await world.call('GET', `/schedules?${query}`)).status).toBe(422)
  })

  it('are stored all or none in bulk', async () => {
    const schedules = [
      { ...DAILY, key: 'fine' },
      { ...DAILY, key: 'odd', cron: '61 * * * *' },
    ]
    const refused = await world.call('POST', '/schedules/bulk', { body: { schedules } })
    expect(refused).toMatchObject({ status: 422, body: { code: 'CRON_SYNTAX' } })
    expect(refused.body.detail).toContain('schedule 1 (odd)')
    expect((await world.call('GET', '/schedules')).body.items).toEqual([])
  })

  it('live in the namespace that is asked for', async () => {
    await world.call('PUT', '/schedules/a?namespace=acme', { body: DAILY })
    expect((await world.call('GET', '/schedules/a')).status).toBe(404)
    expect((await world.call('GET', '/schedules/a?namespace=acme')).body.namespace).toBe('acme')
    expect((await world.call('GET', '/schedules/a?namespace=')).status).toBe(422)
  })
})

describe('what is wrong is said at its place', () => {
  it.each([
    [
      { ...DAILY, cron: '61 9 * * *' },
      { code: 'CRON_SYNTAX', path: 'cron', position: 0 },
    ],
    [
      { ...DAILY, cron: 5 },
      { code: 'INVALID_INPUT', path: 'cron' },
    ],
    [
      { ...DAILY, timezone: 'Europe/Berlyn' },
      { code: 'UNKNOWN_ZONE', path: 'timezone' },
    ],
    [
      { ...DAILY, job: 'nota' },
      { code: 'UNKNOWN_JOB', path: 'job' },
    ],
    [
      { ...DAILY, payload: { user: 'x' } },
      { code: 'INVALID_PAYLOAD', path: 'payload' },
    ],
    [{ ...DAILY, catchUp: { within: '1h', polity: 'all' } }, { code: 'INVALID_INPUT' }],
    [
      { ...DAILY, catchUp: 'soon' },
      { code: 'INVALID_INPUT', path: 'catchUp' },
    ],
    [
      { ...DAILY, retries: -1 },
      { code: 'INVALID_INPUT', path: 'retries' },
    ],
    [{ ...DAILY, surprise: 1 }, { code: 'INVALID_INPUT' }],
    [{ cron: DAILY.cron }, { code: 'INVALID_INPUT', path: 'job' }],
    [[], { code: 'INVALID_INPUT' }],
    [null, { code: 'INVALID_INPUT' }],
  ])('%j', async (body, problem) => {
    const answer = await world.call('PUT', '/schedules/a', { body: JSON.stringify(body) })
    expect(answer).toMatchObject({ status: 422, body: problem })
    expect(await world.cron.describe('a')).toBeUndefined()
  })

  it('of a body that is no JSON, too deep, too large, or of another type', async () => {
    const put = (body: string, headers = {}) => world.call('PUT', '/schedules/a', { body, headers })
    expect(await put('{"a":')).toMatchObject({ status: 400, body: { code: 'MALFORMED' } })
    const deep = `{"job":"note","payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect(await put(deep)).toMatchObject({ status: 400, body: { code: 'MALFORMED' } })
    expect(await put(`"${'x'.repeat(2 ** 20)}"`)).toMatchObject({ status: 413, body: { code: 'TOO_LARGE' } })
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', ''])
      expect(await put('{}', { 'content-type': type })).toMatchObject({ status: 415 })
    expect((await put('{}', { 'content-type': 'application/json; charset=utf-8' })).status).toBe(422)
  })

  it('of a path or a method that is not there', async () => {
    expect(await world.call('GET', '/nothing')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
    const answer = await world.call('POST', '/jobs')
    expect(answer).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } })
    expect(answer.headers.get('allow')).toBe('GET')
  })
})

it('more requests than the rate has are put off, those of others are not', async () => {
  await using own = await HttpWorld.open({}, { rate: { perMinute: 2 } })
  own.grants.set('other', { ...ALL, actor: 'other' })
  const statuses = []
  for (let n = 0; n < 3; n++) statuses.push((await own.call('GET', '/jobs')).status)
  expect(statuses).toEqual([200, 200, 429])
  const answer = await own.call('GET', '/jobs')
  expect(answer.body.code).toBe('TOO_MANY_REQUESTS')
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await own.call('GET', '/jobs', { token: 'other' })).status).toBe(200)
  expect((await own.call('GET', '/live')).status).toBe(200)
})

describe('acts', () => {
  beforeEach(async () => {
    await world.call('PUT', '/schedules/a', { body: DAILY })
  })

  it('pause, resume, trigger, and tell who did it', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString()
    const paused = await world.call('POST', '/schedules/a/pause', { body: { until, note: 'holidays' } })
    expect(paused.body).toMatchObject({ state: 'paused', pause: { by: 'tester', note: 'holidays', until } })
    expect((await world.call('POST', '/schedules/a/resume', { body: {} })).body.state).toBe('active')
    const run = await world.call('POST', '/schedules/a/trigger', { body: {} })
    expect(run).toMatchObject({ status: 202, body: { state: 'planned', origin: 'manual' } })

    const { items } = (await world.call('GET', '/schedules/a/changes')).body
    expect(items.map(({ kind, by }: { kind: string; by: string }) => `${kind} ${by}`)).toEqual([
      'resumed tester',
      'paused tester',
      'created tester',
    ])
    const history = await world.call('GET', '/schedules/a/history')
    expect(history.body.items).toMatchObject([{ id: run.body.id }])
    expect((await world.call('GET', `/runs/${run.body.id}`)).body).toMatchObject({ key: 'a', log: [] })
    expect((await world.call('GET', '/runs?states=planned')).body.items).toHaveLength(1)
    expect((await world.call('GET', '/runs/1-1-1')).status).toBe(404)
    expect((await world.call('GET', '/runs/odd')).status).toBe(422)
  })

  it('a backfill only tells what it would do, until it is told to', async () => {
    const [from, until] = [new Date(Date.now() - 14 * 86_400_000).toISOString(), new Date().toISOString()]
    const dry = await world.call('POST', '/schedules/a/backfill', { body: { from, until } })
    expect(dry.body).toMatchObject({ dryRun: true, present: 0, overlap: 'allow' })
    expect(dry.body.planned).toBeGreaterThanOrEqual(9)
    expect((await world.call('GET', '/schedules/a/history')).body.items).toEqual([])
    const body = { from, until, overlap: 'queue-all', dryRun: false }
    const done = await world.call('POST', '/schedules/a/backfill', { body })
    const policy = { overlap: 'queue-all', maxRunning: 1 }
    expect(done.body).toMatchObject({ dryRun: false, planned: dry.body.planned, ...policy })
    expect((await world.call('GET', '/schedules/a/history')).body.items).toHaveLength(dry.body.planned)
  })

  it('roll back, and tell what differs', async () => {
    await world.call('PATCH', '/schedules/a', { body: { cron: '0 10 * * *' } })
    const diff = await world.call('GET', '/schedules/a/diff?before=1&after=2')
    expect(diff.body.fields).toEqual([{ path: 'cron', before: DAILY.cron, after: '0 10 * * *' }])
    const back = await world.call('POST', '/schedules/a/rollback', { body: { revision: 1 } })
    expect(back.body.schedule).toMatchObject({ cron: DAILY.cron, revision: 3 })
  })

  it('many are paused and resumed', async () => {
    const body = { note: 'maintenance' }
    expect((await world.call('POST', '/pauses', { body: { ...body, dryRun: true } })).body).toEqual({
      schedules: 1,
    })
    expect((await world.call('POST', '/pauses', { body })).body).toEqual({ schedules: 1 })
    expect((await world.call('GET', '/pauses')).body.items).toMatchObject([
      { note: 'maintenance', by: 'tester' },
    ])
    expect((await world.call('POST', '/pauses/end', { body: {} })).body).toEqual({ schedules: 1 })
  })
})

describe('what is to come', () => {
  it('a recurrence as it is typed: its instants, its meaning, and what may surprise', async () => {
    const { body } = await world.call('POST', '/preview', {
      body: {
        recurrence: { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
        count: 2,
        after: '2027-03-27T12:00:00Z',
      },
    })
    expect(body.instants).toEqual([
      { at: '2027-03-28T01:30:00.000Z', shiftedMs: 3_600_000, secondPass: false },
      { at: '2027-03-29T00:30:00.000Z', shiftedMs: 0, secondPass: false },
    ])
    expect(body.descriptions).toEqual(['At 02:30'])
    expect(body.findings.map(({ code }: { code: string }) => code)).toContain('skipped-time')
    const every = await world.call('POST', '/preview', { body: { recurrence: { every: '1h' }, count: 1 } })
    expect(every.body).toMatchObject({ descriptions: [], findings: [] })
  })

  it('the next instants, the forecast, the explanation', async () => {
    await world.call('PUT', '/schedules/a', { body: DAILY })
    const after = encodeURIComponent('2027-01-01T00:00:00+01:00')
    const next = await world.call('GET', `/schedules/a/next?count=2&after=${after}`)
    expect(next.body.instants).toEqual(['2027-01-01T08:00:00.000Z', '2027-01-04T08:00:00.000Z'])
    const explained = await world.call('GET', `/schedules/a/explain?at=2099-01-01T08:00:00Z`)
    expect(explained.body).toMatchObject({ verdict: 'will-run', code: 'to-be-planned' })
    const span = 'from=2027-01-01T00:00:00Z&until=2027-01-08T00:00:00Z&bucket=1d'
    expect((await world.call('GET', `/forecast?${span}`)).body).toMatchObject({ schedules: 1, total: 5 })
  })

  it('the jobs with the schemas of their payloads', async () => {
    const { items } = (await world.call('GET', '/jobs')).body
    expect(items).toMatchObject([
      { name: 'note', payload: { anyOf: [{ properties: { user: { type: 'number' } } }, { type: 'null' }] } },
      { name: 'secret' },
    ])
    expect(items[1].payload).toBeUndefined()
  })
})

describe('operators', () => {
  it('see health, queues, tasks and what is owed', async () => {
    expect((await world.call('GET', '/health')).body).toMatchObject({ isReady: true })
    expect((await world.call('GET', '/queues')).body.items).toMatchObject([{ name: 'default' }])
    expect((await world.call('GET', '/tasks')).body).toEqual({ items: [] })
    expect((await world.call('GET', '/owed')).body).toEqual({ runs: 0, held: 0, namespaces: [] })
    expect((await world.call('GET', '/absent')).body).toEqual({ items: [] })
    expect((await world.call('POST', '/tasks/none/unlock')).status).toBe(404)
    expect((await world.call('GET', '/live', { token: '' })).body).toEqual({ isLive: true })
    expect((await world.call('GET', '/ready', { token: '' })).body).toEqual({ isReady: true })
  })

  it('are told that the database does not answer, and nobody is told why', async () => {
    const down = new DriverError('postgres://admin@10.0.0.7 refused', { retryable: true })
    const namespace = vi.spyOn(world.cron, 'namespace').mockImplementation(() => {
      throw down
    })
    const answer = await world.call('GET', '/schedules')
    expect(answer).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } })
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(answer.text).not.toContain('10.0.0.7')
    namespace.mockImplementation(() => {
      throw new TypeError('x is not a function')
    })
    const failed = await world.call('GET', '/schedules')
    expect(failed).toMatchObject({ status: 500, body: { code: 'INTERNAL' } })
    expect(failed.text).not.toContain('function')
    const health = await world.cron.health()
    vi.spyOn(world.cron, 'health').mockResolvedValue({ ...health, isReady: false })
    expect((await world.call('GET', '/ready')).status).toBe(503)
  })
})

/** `/schedules/../pause` is `/pause` to whatever reads it, and must not be something that exists. */
it('no act on a schedule becomes one on all of them when its key is two dots', async () => {
  await world.call('PUT', '/schedules/a', { body: DAILY })
  for (const { definition } of ENDPOINTS) {
    if (!definition.path.includes('{key}/')) continue
    const path = definition.path.replace('{key}', '..')
    const body = definition.body === undefined ? {} : { body: {} }
    expect((await world.call(definition.method.toUpperCase(), path, body)).status).toBe(404)
  }
  for (const key of ['.', '..'])
    expect((await world.call('POST', '/schedules', { body: { ...DAILY, key } })).body.path).toBe('key')
  expect(await world.cron.describe('a')).toMatchObject({ state: 'active', revision: 1 })
})

it('the document is there for all, and names each path', async () => {
  const { body } = await world.call('GET', '/openapi.json', { token: '' })
  expect(body.openapi).toBe('3.1.0')
  expect(Object.keys(body.paths)).toContain('/api/v1/schedules/{key}/explain')
  expect(body.components.securitySchemes.token).toMatchObject({ type: 'http', scheme: 'bearer' })
})
