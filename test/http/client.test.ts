import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Carillon, defineJob } from '../../src/index.ts'
import {
  CarillonApiError,
  createClient,
  NoAnswerError,
  type Client,
  type ClientOptions,
} from '../../src/client/index.ts'
import { createApi, serveApi, type ServedApi } from '../../src/http/index.ts'
import { prometheusMetrics } from '../../src/telemetry/prometheus.ts'
import { UnreliableFront } from './unreliable-front.ts'

const SILENT = { info: () => {}, warn: () => {}, error: () => {} }
const NOTE = defineJob('note', { payload: z.object({ user: z.number() }).nullable(), handle: () => {} })
const DAILY = { cron: '0 9 * * *', job: 'note' }

let carillon: Carillon
let served: ServedApi
let front: UnreliableFront
let token: string
/** How long the client was to wait between attempts, each time. */
let waits: number[]
let cron: Client

beforeEach(async () => {
  carillon = await Carillon.open({ database: 'sqlite::memory:', jobs: [NOTE], logger: SILENT })
  served = await serveApi(createApi(carillon, { logger: SILENT }))
  front = await UnreliableFront.open(served.url)
  token = (await carillon.tokens.create({ label: 'test', scope: 'admin' })).token
  waits = []
  cron = clientOf()
})
afterEach(async () => {
  await front[Symbol.asyncDispose]()
  await served[Symbol.asyncDispose]()
  await carillon.close()
})

function clientOf(options: Partial<ClientOptions> = {}): Client {
  return createClient({
    url: `${front.url}/api/v1/`,
    token,
    wait: async (ms, signal) => {
      signal?.throwIfAborted()
      waits.push(ms)
    },
    ...options,
  })
}

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it was answered'),
    (error: unknown) => error,
  )
}

async function problemOf(promise: Promise<unknown>): Promise<CarillonApiError> {
  const error = await caught(promise)
  expect(error).toBeInstanceOf(CarillonApiError)
  return error as CarillonApiError
}

const stored = async () => Array.fromAsync(cron.allSchedules(), ({ key }) => key)

it('reads an answer that is text as it is', async () => {
  await carillon.close()
  carillon = await Carillon.open({
    database: 'sqlite::memory:',
    logger: SILENT,
    telemetry: await prometheusMetrics(),
  })
  await using own = await serveApi(createApi(carillon, { logger: SILENT }))
  const { token: reader } = await carillon.tokens.create({ label: 'prometheus', scope: 'read' })
  const text: string = await createClient({ url: `${own.url}/api/v1`, token: reader }).getMetrics()
  expect(text).toMatch(/^carillon_database_up 1$/m)
})

describe('requests', () => {
  it('create, read, change and delete', async () => {
    const created = await cron.createSchedule({ body: { ...DAILY, key: 'a', payload: { user: 1 } } })
    expect(created).toMatchObject({ key: 'a', revision: 1, payload: { user: 1 } })
    const patched = await cron.patchSchedule({ path: { key: 'a' }, body: { note: 'ours' }, revision: 1 })
    expect(patched).toMatchObject({ revision: 2, note: 'ours' })
    expect(await cron.getSchedule({ path: { key: 'a' } })).toEqual(patched)
    expect(await cron.pauseSchedule({ path: { key: 'a' } })).toMatchObject({ state: 'paused' })
    expect(await cron.deleteSchedule({ path: { key: 'a' } })).toBeUndefined()
    expect(await stored()).toEqual([])
  })

  it.each(['reports/42', 'a b', 'ä%2F?#', '100%', 'x+y&z=1', '...'])('reach the key %j', async (key) => {
    await cron.putSchedule({ path: { key }, body: DAILY })
    expect(await cron.getSchedule({ path: { key } })).toMatchObject({ key })
    expect(await cron.explain({ path: { key }, query: { at: '2030-01-01T09:00:00+00:00' } })).toMatchObject({
      key,
    })
  })

  it.each(['', '.', '..'])('do not go astray with the key %j', async (key) => {
    expect(await caught(cron.deleteSchedule({ path: { key } }))).toBeInstanceOf(TypeError)
    expect(front.seen).toEqual([])
  })

  it('name the namespace, and leave out what is undefined', async () => {
    const query = { namespace: 'acme', ...({ text: undefined } as object) }
    await cron.putSchedule({ path: { key: 'a' }, query: { namespace: 'acme' }, body: DAILY })
    expect((await cron.listSchedules({ query })).items).toHaveLength(1)
    expect((await cron.listSchedules()).items).toHaveLength(0)
  })

  it('insist on a revision, or on there being none', async () => {
    const put = (revision: number) => cron.putSchedule({ path: { key: 'a' }, body: DAILY, revision })
    await put(0)
    expect(await problemOf(put(0))).toMatchObject({ status: 412, code: 'REVISION_MISMATCH' })
    expect(await problemOf(put(7))).toMatchObject({ code: 'REVISION_MISMATCH' })
    expect(await problemOf(cron.deleteSchedule({ path: { key: 'a' }, revision: 7 }))).toMatchObject({
      status: 412,
    })
    await cron.deleteSchedule({ path: { key: 'a' }, revision: 1 })
  })

  it('bring further headers, and a token that is asked for each time', async () => {
    const tokens = [token, 'another', token]
    const own = clientOf({ token: async () => tokens.shift()! })
    await own.listJobs({ headers: { traceparent: '00-1-2-03' } })
    expect(await problemOf(own.listJobs())).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    await own.listJobs()
    expect(front.header('traceparent')[0]).toBe('00-1-2-03')
  })

  it('read all pages', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await cron.putSchedule({ path: { key }, body: DAILY })
    front.seen.length = 0
    const keys = await Array.fromAsync(cron.allSchedules({ query: { limit: 2 } }), ({ key }) => key)
    expect(keys).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(front.seen).toHaveLength(3)
    for await (const { key } of cron.allSchedules({ query: { limit: 2 } })) if (key === 'a') break
    expect(front.seen).toHaveLength(4)
    await cron.triggerSchedule({ path: { key: 'a' } })
    expect(await Array.fromAsync(cron.allRuns())).toHaveLength(1)
    expect(await Array.fromAsync(cron.allHistory({ path: { key: 'a' } }))).toHaveLength(1)
    expect(await Array.fromAsync(cron.allChanges({ path: { key: 'a' }, query: { limit: 1 } }))).toHaveLength(
      1,
    )
  })

  it('follow what happens', async () => {
    const direct = clientOf({ url: `${served.url}/api/v1` })
    const events: unknown[] = []
    for await (const event of direct.followEvents()) {
      events.push(event)
      if (event.type === 'ready') await cron.putSchedule({ path: { key: 'ö' }, body: DAILY })
      else break
    }
    expect(events).toMatchObject([
      { type: 'ready' },
      { type: 'schedule', key: 'ö', job: 'note', state: 'active' },
    ])
    const stranger = clientOf({ token: 'another' })
    expect(await problemOf(Array.fromAsync(stranger.followEvents()))).toMatchObject({ status: 401 })
  })
})

describe('a stream of events', () => {
  it('ends when it is told to', async () => {
    const stop = new AbortController()
    const reason = new Error('no more')
    const follow = async () => {
      const direct = clientOf({ url: `${served.url}/api/v1` })
      for await (const { type } of direct.followEvents({ signal: stop.signal }))
        if (type === 'ready') stop.abort(reason)
    }
    expect(await caught(follow())).toBe(reason)
  })

  it('says when it breaks off', async () => {
    const breaks: typeof fetch = async () =>
      new Response(
        new ReadableStream({
          start: (stream) => {
            stream.error(new TypeError('terminated'))
          },
        }),
      )
    const broken = Array.fromAsync(clientOf({ fetch: breaks }).followEvents())
    expect(await caught(broken)).toMatchObject({ code: 'NO_ANSWER', cause: { message: 'terminated' } })
  })
})

describe('what is wrong', () => {
  it('comes as an error with a code and the problem', async () => {
    const error = await problemOf(cron.createSchedule({ body: { cron: '61 9 * * *', job: 'note' } }))
    expect(error).toMatchObject({ status: 422, code: 'CRON_SYNTAX', problem: { path: 'cron', position: 0 } })
    expect(error.message).toMatch(/^createSchedule was answered with 422 CRON_SYNTAX: minute "61"/)
    expect(await problemOf(cron.getSchedule({ path: { key: 'b' } }))).toMatchObject({
      code: 'SCHEDULE_NOT_FOUND',
    })
    expect(front.seen).toHaveLength(2)
  })

  it('is UNKNOWN when a proxy or another server answers', async () => {
    front.faults.push({ status: 413, body: '<html>' }, { status: 200, body: '<html>' })
    front.faults.push({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })
    for (const status of [413, 200, 302])
      expect(await problemOf(cron.listJobs())).toMatchObject({ status, code: 'UNKNOWN', problem: undefined })
    expect(waits).toEqual([])
  })

  it('never has the token in it', async () => {
    const errors: unknown[] = [await caught(clientOf({ token: 'secret1' }).listJobs())]
    for (const odd of ['secret2\n', 'secret3 x', 'secret4ä', ''])
      errors.push(await caught(clientOf({ token: odd }).listJobs()))
    front.faults.push('cut')
    errors.push(await caught(clientOf({ token: 'secret5' }).listJobs({ retries: 0 })))
    for (const error of errors) {
      const { message, stack, cause } = error as Error
      expect(`${message} ${stack} ${String(cause)} ${JSON.stringify(error)}`).not.toContain('secret')
    }
    expect(front.seen.map(({ line }) => line).join()).not.toContain('secret')
  })

  it.each([
    'cron.example',
    'ftp://cron.example',
    '//cron.example',
    'https://me:secret@cron.example',
    'https://cron.example?a=b',
  ])('may be the URL: %s', (url) => {
    expect(() => createClient({ url })).toThrow(TypeError)
    expect(() => createClient({ url })).not.toThrow(/secret/)
  })
})

describe('a request that has no answer', () => {
  it('is sent again under its key, and done once', async () => {
    front.faults.push('cut', 'cut')
    const schedule = await cron.createSchedule({ body: DAILY })
    expect(await stored()).toEqual([schedule.key])
    const keys = front.header('idempotency-key').slice(0, 3)
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[\da-f-]{36}$/)
  })

  it('has a key of its own for each call, or the one that is given', async () => {
    await cron.createSchedule({ body: DAILY })
    await cron.createSchedule({ body: DAILY })
    const given = () => cron.createSchedule({ body: DAILY, idempotencyKey: 'mine' })
    expect(await given()).toEqual(await given())
    const keys = front.header('idempotency-key')
    expect(new Set(keys).size).toBe(3)
    expect(keys.slice(2)).toEqual(['mine', 'mine'])
    await cron.listJobs()
    expect(front.header('idempotency-key').at(-1)).toBeUndefined()
  })

  it('is not sent again where it would be done twice', async () => {
    front.faults.push('cut')
    const body = { label: 'another', scope: 'read' } as const
    expect(await caught(cron.createToken({ body, retries: 3 }))).toMatchObject({
      code: 'NO_ANSWER',
      attempts: 1,
    })
    expect(front.header('idempotency-key')).toEqual([undefined])
    expect((await cron.listTokens()).items).toHaveLength(2)
  })

  it('is sent after longer and longer waits, so many times', async () => {
    front.faults.push('cut', 'cut', 'cut', 'cut')
    const error = await caught(cron.listJobs())
    expect(error).toBeInstanceOf(NoAnswerError)
    expect(error).toMatchObject({ code: 'NO_ANSWER', attempts: 4, cause: expect.any(Error) })
    expect(front.seen).toHaveLength(4)
    for (const [n, full] of [250, 500, 1_000].entries()) {
      expect(waits[n]).toBeGreaterThanOrEqual(full / 2)
      expect(waits[n]).toBeLessThanOrEqual(full)
    }
  })

  it('is given up when the time is up', async () => {
    const never: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) =>
        init!.signal!.addEventListener('abort', () => reject(init!.signal!.reason as Error)),
      )
    const error = await caught(clientOf({ fetch: never, timeoutMs: 5, retries: 1 }).listJobs())
    expect(error).toMatchObject({ attempts: 2, cause: { name: 'TimeoutError' } })
  })
})

describe('a server that says "not now"', () => {
  const notNow = (status: number, seconds: string) => ({ status, headers: { 'retry-after': seconds } })

  it('is asked again when it wants to be', async () => {
    front.faults.push(notNow(429, '2'), notNow(503, '7'))
    await cron.createSchedule({ body: DAILY })
    expect(waits).toHaveLength(2)
    expect(waits[0]).toBeGreaterThanOrEqual(2_000)
    expect(waits[1]).toBeGreaterThanOrEqual(7_000)
    expect(Math.max(...waits)).toBeLessThanOrEqual(7_250)
    expect(new Set(front.header('idempotency-key')).size).toBe(1)
  })

  it('is not waited for longer than is wanted', async () => {
    front.faults.push(notNow(429, '31'))
    expect(await problemOf(cron.listJobs())).toMatchObject({ status: 429, retryAfterMs: 31_000 })
    expect(waits).toEqual([])
  })

  it('is asked again while the same request is under way', async () => {
    const body = JSON.stringify({ code: 'REQUEST_UNDER_WAY', status: 409, detail: 'wait' })
    const headers = { 'retry-after': '1', 'content-type': 'application/problem+json' }
    front.faults.push({ status: 409, headers, body })
    await cron.createSchedule({ body: DAILY })
    expect(waits[0]).toBeGreaterThanOrEqual(1_000)
    expect(await stored()).toHaveLength(1)
  })

  it('is asked once where that is said', async () => {
    front.faults.push(notNow(503, '0'))
    expect(await problemOf(cron.isReady({ retries: 0 }))).toMatchObject({ status: 503 })
  })
})

describe('a call that is taken back', () => {
  const reason = new Error('no more')

  it('sends nothing, or no more', async () => {
    expect(await caught(cron.listJobs({ signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(front.seen).toHaveLength(0)

    const stop = new AbortController()
    const hasty = clientOf({ wait: async () => stop.abort(reason) })
    front.faults.push('cut')
    expect(await caught(hasty.listJobs({ signal: stop.signal }))).toBe(reason)
    expect(front.seen).toHaveLength(1)
  })

  it('ends while it is being answered, and while it waits', async () => {
    const stop = new AbortController()
    const slow: typeof fetch = async (input, init) => {
      queueMicrotask(() => stop.abort(reason))
      return fetch(input, init)
    }
    expect(await caught(clientOf({ fetch: slow }).listJobs({ signal: stop.signal }))).toBe(reason)

    const later = new AbortController()
    const cut: typeof fetch = () => {
      setTimeout(() => later.abort(reason))
      return Promise.reject(new TypeError('cut'))
    }
    const waiting = clientOf({ fetch: cut, wait: undefined }).listJobs({ signal: later.signal })
    expect(await caught(waiting)).toBe(reason)
  })
})
