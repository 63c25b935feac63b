import { createHmac } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { hang, status, useReceivers } from '../../test/support/receiver.ts'
import { ConfigError, InvalidInputError } from '../errors.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { Alert } from './alert.ts'
import { webhook, type WebhookOptions } from './webhook.ts'

const ALERT: Alert = {
  id: '5f0c5a52-6a52-4b9f-9c1e-0d6c1f7c2b11',
  kind: 'run-failed',
  at: new Date('2026-06-01T10:05:00Z'),
  server: 'me',
  namespace: 'default',
  key: 'backup',
  message: 'schedule "backup": it failed',
  details: { attempt: 3 },
}

const server = useReceivers()

/** Delivers one alert by a clock that goes on to the next wait as soon as there is one. */
async function deliver(url: string, options: WebhookOptions = {}, signal = new AbortController().signal) {
  const clock = new ManualClock('2026-06-01T10:05:00Z')
  const hook = webhook(url, { clock, ...options })
  let isOver = false
  const over = Promise.resolve(hook(ALERT, { signal })).finally(() => (isOver = true))
  const ended = over.then(
    () => undefined,
    (error: unknown) => error as Error,
  )
  const waits: number[] = []
  return {
    clock,
    waits,
    ended,
    /** Lets waits go by until it has ended; an answer takes as long as it takes. */
    async run() {
      await vi.waitUntil(
        async () => {
          const [next] = clock.pending
          // What waits for an answer waits ten seconds; what is shorter is a wait between attempts.
          if (next !== undefined && next - clock.now() < 10_000) {
            waits.push(next - clock.now())
            await clock.advanceTo(next)
          }
          return isOver
        },
        { timeout: 10_000, interval: 5 },
      )
      return ended
    },
  }
}

describe('a webhook', () => {
  it('posts the alert as JSON, with its headers', async () => {
    const { received, origin } = await server(status(204))
    const delivery = await deliver(`${origin}/hooks?to=ops`, { headers: { Authorization: 'Bearer x' } })
    expect(await delivery.run()).toBeUndefined()
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({ method: 'POST', url: '/hooks?to=ops' })
    expect(received[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'carillon',
      authorization: 'Bearer x',
    })
    expect(received[0]!.headers).not.toHaveProperty('carillon-signature')
    expect(JSON.parse(received[0]!.body)).toEqual({ ...ALERT, at: '2026-06-01T10:05:00.000Z' })
  })

  it('signs what it posts, with the instant, anew for each attempt', async () => {
    const { received, origin } = await server(status(503), status(200))
    const delivery = await deliver(origin, { secret: 'öffentlich' })
    expect(await delivery.run()).toBeUndefined()
    const [first, second] = received
    for (const [request, at] of [
      [first, Date.parse('2026-06-01T10:05:00Z') / 1_000],
      [second, Date.parse('2026-06-01T10:05:01Z') / 1_000],
    ] as const) {
      const signature = createHmac('sha256', 'öffentlich').update(`${at}.${request!.body}`).digest('hex')
      expect(request!.headers['carillon-signature']).toBe(`t=${at},v1=${signature}`)
    }
    expect(first!.body).toBe(second!.body)
  })

  it('posts the shape that a service wants', async () => {
    const { received, origin } = await server(status(200))
    const delivery = await deliver(origin, { body: ({ message }) => ({ text: message }) })
    await delivery.run()
    expect(received[0]!.body).toBe('{"text":"schedule \\"backup\\": it failed"}')
  })

  it('posts only the kinds that it is to', async () => {
    const { received, origin } = await server(status(200))
    await (await deliver(origin, { kinds: ['run-absent'] })).run()
    expect(received).toEqual([])
    await (await deliver(origin, { kinds: ['run-absent', 'run-failed'] })).run()
    expect(received).toHaveLength(1)
  })

  it.each([500, 502, 503, 429, 425, 408])(
    'tries %i again with waits that double, five times in all',
    async (code) => {
      const { received, origin } = await server(status(code))
      const delivery = await deliver(`${origin}/secret-path`)
      const error = await delivery.run()
      expect(received).toHaveLength(5)
      expect(delivery.waits).toEqual([1_000, 2_000, 4_000, 8_000])
      expect(error).toMatchObject({
        code: 'DRIVER',
        message: `the webhook at ${origin} answered ${code} 5 times`,
      })
      expect(String(error)).not.toContain('secret-path')
    },
  )

  it('waits as long as it is told to, within bounds', async () => {
    const { received, origin } = await server(
      status(429, { 'retry-after': '5' }),
      status(503, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }),
      status(200),
    )
    const delivery = await deliver(origin)
    expect(await delivery.run()).toBeUndefined()
    expect(delivery.waits).toEqual([5_000, 2_000])
    expect(received).toHaveLength(3)
  })

  it.each([400, 401, 404, 410, 422])('does not try %i again', async (code) => {
    const { received, origin } = await server(status(code))
    const error = await (await deliver(origin)).run()
    expect(received).toHaveLength(1)
    expect(error).toMatchObject({ code: 'DRIVER', retryable: false })
  })

  it.each([301, 302, 307, 308])('does not follow a redirect: %i', async (code) => {
    const elsewhere = await server(status(200))
    const { received, origin } = await server(status(code, { location: `${elsewhere.origin}/` }))
    const error = await (await deliver(origin, { secret: 's' })).run()
    expect(error?.message).toContain(`answered ${code}, and redirects are not followed`)
    expect(received).toHaveLength(1)
    expect(elsewhere.received).toEqual([])
  })

  it('tries again what broke off', async () => {
    const { received, origin } = await server((response) => response.destroy(), status(200))
    expect(await (await deliver(origin)).run()).toBeUndefined()
    expect(received).toHaveLength(2)
  })

  it('says that nobody is there, and how often it tried', async () => {
    const { origin, close } = await server(status(200))
    await close()
    const error = await (await deliver(origin)).run()
    expect(error?.message).toMatch(
      /^the webhook at http:\/\/127\.0\.0\.1:\d+ could not be reached: .*ECONNREFUSED.* 5 times$/,
    )
  })

  it('does not wait for an answer for longer than its timeout', async () => {
    const { received, origin } = await server(hang, status(200))
    const delivery = await deliver(origin, { timeout: '5s' })
    expect(await delivery.run()).toBeUndefined()
    expect(delivery.waits).toEqual([5_000, 1_000])
    expect(received).toHaveLength(2)
  })

  it.each([
    ['an answer', hang, false],
    ['the next attempt', status(500), true],
  ])('waits no longer for %s when its signal is aborted', async (_, answer, isAnswered) => {
    const abort = new AbortController()
    const { received, origin } = await server(answer)
    const delivery = await deliver(origin, {}, abort.signal)
    const waitsFor = (ms: number) => delivery.clock.pending[0] === delivery.clock.now() + ms
    await vi.waitUntil(() => received.length > 0 && waitsFor(isAnswered ? 1_000 : 10_000))
    abort.abort()
    expect(await delivery.ended).toMatchObject({ code: 'DRIVER' })
    expect(delivery.clock.pending).toEqual([])
  })

  it.each<[string, string, WebhookOptions, typeof ConfigError | typeof InvalidInputError, RegExp]>([
    ['no address', 'ops.example.com', {}, ConfigError, /http:\/\/ or https:\/\//],
    ['a file', 'file:///etc/passwd', {}, ConfigError, /http:\/\/ or https:\/\//],
    ['a password in the address', 'https://u:p@example.com', {}, ConfigError, /headers\.Authorization/],
    ['an empty secret', 'https://example.com', { secret: '' }, ConfigError, /secret/],
    [
      'an unknown kind',
      'https://example.com',
      { kinds: ['run-fialed' as 'run-failed'] },
      ConfigError,
      /did you mean "run-failed"/,
    ],
    ['no timeout', 'https://example.com', { timeout: 0 }, ConfigError, /timeout/],
    ['a timeout of an hour', 'https://example.com', { timeout: '1h' }, ConfigError, /20s/],
    [
      'a timeout that is no duration',
      'https://example.com',
      { timeout: 'soon' },
      InvalidInputError,
      /timeout/,
    ],
    ['a header of two lines', 'https://example.com', { headers: { a: 'b\nc: d' } }, ConfigError, /headers/],
  ])('refuses %s', (_, url, options, error, message) => {
    expect(() => webhook(url, options)).toThrow(error)
    expect(() => webhook(url, options)).toThrow(message)
  })
})
