import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ManualClock } from '../../src/testing/index.ts'
import { ENDPOINTS } from '../../src/http/api.ts'
import { ALL, HttpWorld, type Answer } from './support.ts'

const DAILY = { cron: '0 9 * * *', job: 'note' }
const clock = new ManualClock(Date.parse('2026-06-01T10:00:00Z'))

let world: HttpWorld
beforeEach(async () => {
  world = await HttpWorld.open({ clock })
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

const create = (key: string, body: object = DAILY, token = 'all') =>
  world.call('POST', '/schedules', { body, headers: { 'idempotency-key': key }, token })
const isReplayed = ({ headers }: Answer) => headers.get('idempotency-replayed') === 'true'
const stored = async () => (await world.call('GET', '/schedules')).body.items.length as number

describe('a request with an idempotency key', () => {
  it('is done once, and answered alike each time', async () => {
    const first = await create('one')
    const again = await create('one')
    expect([isReplayed(first), isReplayed(again)]).toEqual([false, true])
    expect(again).toMatchObject({ status: 201, text: first.text })
    expect(again.headers.get('etag')).toBe('"1"')
    expect(again.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await stored()).toBe(1)
    expect((await create('two')).body.key).not.toBe(first.body.key)
  })

  it('is answered alike also after what it did was changed, or when it found nothing', async () => {
    await world.call('PUT', '/schedules/a', { body: DAILY })
    const remove = () => world.call('DELETE', '/schedules/a', { headers: { 'idempotency-key': 'remove a' } })
    expect((await remove()).status).toBe(204)
    await world.call('PUT', '/schedules/a', { body: DAILY })
    expect((await remove()).status).toBe(204)
    expect((await world.call('GET', '/schedules/a')).status).toBe(200)

    const absent = () => world.call('DELETE', '/schedules/b', { headers: { 'idempotency-key': 'remove b' } })
    expect((await absent()).status).toBe(404)
    await world.call('PUT', '/schedules/b', { body: DAILY })
    expect(await absent()).toMatchObject({ status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } })
  })

  it('runs what it triggers once', async () => {
    await world.call('PUT', '/schedules/a', { body: DAILY })
    const trigger = () =>
      world.call('POST', '/schedules/a/trigger', { body: {}, headers: { 'idempotency-key': 'now' } })
    const first = await trigger()
    await clock.advance('5s')
    expect((await trigger()).body).toEqual(first.body)
    expect((await world.call('GET', '/schedules/a/history')).body.items).toHaveLength(1)
  })

  it('may be sent many times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('many')))
    const made = answers.filter(({ status }) => status === 201)
    const others = answers.filter(({ status }) => status !== 201)
    expect(made.filter((answer) => !isReplayed(answer))).toHaveLength(1)
    for (const other of others)
      expect(other).toMatchObject({ status: 409, body: { code: 'REQUEST_UNDER_WAY' } })
    expect(await stored()).toBe(1)
    expect(isReplayed(await create('many'))).toBe(true)
  })

  it('is refused when the key was used for something else', async () => {
    await create('one')
    const other = await create('one', { ...DAILY, cron: '0 10 * * *' })
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } })
    const elsewhere = await world.call('PUT', '/schedules/a', {
      body: DAILY,
      headers: { 'idempotency-key': 'one' },
    })
    expect(elsewhere.body.code).toBe('IDEMPOTENCY_KEY_REUSED')
    expect(await stored()).toBe(1)
  })

  it('leaves the key free when it was refused', async () => {
    expect((await create('one', { ...DAILY, cron: '99 * * * *' })).status).toBe(422)
    expect((await create('one')).status).toBe(201)
  })

  it('has a key of its own for each who asks', async () => {
    world.grants.set('ann', { ...ALL, scope: 'write', namespace: 'acme', actor: 'ann' })
    world.grants.set('bob', { ...ALL, scope: 'write', namespace: 'acme', actor: 'bob' })
    world.grants.set('few', { ...ALL, scope: 'write', namespace: 'acme', actor: 'ann', groups: ['x'] })
    const answers = await Promise.all(['ann', 'bob', 'few'].map((token) => create('one', DAILY, token)))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(new Set(answers.map(({ body }) => body.key)).size).toBe(3)
    expect(isReplayed(await create('one', DAILY, 'few'))).toBe(true)
  })

  it('is not done again when its answer could not be kept', async () => {
    vi.spyOn(world.cron.requests, 'keep').mockRejectedValueOnce(new Error('the database is gone'))
    expect((await create('one')).status).toBe(201)
    const soon = await create('one')
    expect(soon).toMatchObject({ status: 409, body: { code: 'REQUEST_UNDER_WAY' } })
    expect(soon.headers.get('retry-after')).toBe('1')
    await clock.advance('60s')
    expect(await create('one')).toMatchObject({ status: 409, body: { code: 'ANSWER_LOST' } })
    expect(await stored()).toBe(1)
  })

  it('has a key of a length that can be kept', async () => {
    expect((await create('x'.repeat(255))).status).toBe(201)
    expect(await create('x'.repeat(256))).toMatchObject({ status: 422, body: { code: 'INVALID_INPUT' } })
  })
})

it('is what each endpoint takes that may change something, and no other', () => {
  const takes = ENDPOINTS.filter(({ route }) => 'idempotency-key' in (headersOf(route)?.shape ?? {}))
  const changes = ENDPOINTS.filter(
    // That which answers a secret has an answer that must not be kept.
    ({ definition: { method, access, id } }) =>
      method !== 'get' && access !== 'nobody' && id !== 'createToken',
  )
  expect(takes).toEqual(changes)
})

function headersOf(route: unknown) {
  return (route as { request: { headers?: { shape: object } } }).request.headers
}

describe('a revision', () => {
  it('is insisted on when a schedule is replaced or deleted', async () => {
    await world.call('PUT', '/schedules/a', { body: DAILY })
    const put = (headers: Record<string, string>, note: string) =>
      world.call('PUT', '/schedules/a', { body: { ...DAILY, note }, headers })
    const mismatch = { status: 412, body: { code: 'REVISION_MISMATCH' } }
    expect((await put({ 'if-match': '"1"' }, 'x')).status).toBe(200)
    expect(await put({ 'if-match': '"1"' }, 'y')).toMatchObject(mismatch)
    expect(await put({ 'if-none-match': '*' }, 'y')).toMatchObject(mismatch)
    const both = await put({ 'if-none-match': '*', 'if-match': '"2"' }, 'y')
    expect(both).toMatchObject({ status: 400, body: { code: 'MALFORMED', path: 'If-None-Match' } })

    const remove = (revision: string) =>
      world.call('DELETE', '/schedules/a', { headers: { 'if-match': revision } })
    expect(await remove('"1"')).toMatchObject(mismatch)
    expect((await remove('"2"')).status).toBe(204)
    expect(await put({ 'if-match': '"2"' }, 'y')).toMatchObject(mismatch)
    expect((await put({ 'if-none-match': '*' }, 'y')).status).toBe(200)
  })

  it('lets one of many create a key by POST', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        world.call('POST', '/schedules', { body: { ...DAILY, key: 'a', note: `${i}` } }),
      ),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.code === 'SCHEDULE_CONFLICT')).toHaveLength(7)
  })
})
