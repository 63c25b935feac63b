import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { LookupAddress } from 'node:dns'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { callWebhook as call, failureOf, OCCURRENCE } from '../../../test/support/call-webhook.ts'
import { status, useReceivers, useSecureReceivers, type Answer } from '../../../test/support/receiver.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import type { JobContext } from '../job.ts'
import { webhookJob } from './webhook-job.ts'
import type { WebhookPayload } from './webhook-payload.ts'

const server = useReceivers()
const secureServer = useSecureReceivers()

describe('the answer', () => {
  it.each([200, 201, 202, 204, 299])('%i is a success', async (code) => {
    const { origin } = await server(status(code))
    expect(await call({ url: origin })).toEqual({ status: code })
  })

  it.each([
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [503, true],
    [400, false],
    [401, false],
    [404, false],
    [410, false],
    [422, false],
  ])('%i is a failure, to be tried again: %s', async (code, retryable) => {
    const { received, origin } = await server(status(code, { 'content-type': 'text/plain' }))
    const error = await failureOf(call({ url: `${origin}/secret-path?token=x`, body: 1 }))
    expect(error).toMatchObject({ status: code, retryable, retryAfterMs: 0 })
    expect(error.message).toBe(`${origin} answered ${code}`)
    expect(error.result).toEqual({ status: code, body: 'said so' })
    expect(received).toHaveLength(1)
  })

  it.each([301, 302, 303, 307, 308])('%i is not followed', async (code) => {
    const elsewhere = await server(status(200))
    const { received, origin } = await server(status(code, { location: `${elsewhere.origin}/` }))
    const error = await failureOf(call({ url: origin }, { options: { secret: 's' } }))
    expect(error).toMatchObject({ status: code, retryable: false })
    expect(error.message).toContain(`answered ${code}, and redirects are not followed`)
    expect(received).toHaveLength(1)
    expect(elsewhere.received).toEqual([])
  })

  it('may say when to come again', async () => {
    const { origin } = await server(status(429, { 'retry-after': '120' }))
    expect(await failureOf(call({ url: origin }))).toMatchObject({ retryable: true, retryAfterMs: 120_000 })
  })

  const says =
    (body: string | Buffer, headers: Record<string, string>): Answer =>
    (response) =>
      void response.writeHead(200, headers).end(body)
  const type = (text: string) => ({ 'content-type': text })

  it.each<[string, Answer, string | undefined]>([
    ['JSON', says('{"id":7}', type('application/json; charset=utf-8')), '{"id":7}'],
    ['JSON of some kind', says('{}', type('application/problem+json')), '{}'],
    ['text', says('Zoë 👋', type('Text/Plain')), 'Zoë 👋'],
    [
      'text that is not compressed',
      says('so', { ...type('text/html'), 'content-encoding': 'identity' }),
      'so',
    ],
    ['the beginning of much', says('ö'.repeat(99_999), type('text/plain')), 'ö'.repeat(1_000)],
    ['no half of a character', says('👋'.repeat(999), type('text/plain')), '👋'.repeat(500)],
    [
      'no half of the last character',
      says(`x${'👋'.repeat(999)}`, type('text/plain')),
      `x${'👋'.repeat(499)}\ufffd`,
    ],
    ['nothing of a picture', says('PNG', type('image/png')), undefined],
    ['nothing of what names text elsewhere', says('x', type('image/x; a=text/plain')), undefined],
    ['nothing of what only looks like JSON', says('x', type('application/jsonnet')), undefined],
    ['nothing of what has no type', says('x', {}), undefined],
    [
      'nothing of what is compressed',
      says(gzipSync('x'), { ...type('text/html'), 'content-encoding': 'gzip' }),
      undefined,
    ],
    ['nothing where nothing was said', says('', type('text/plain')), undefined],
  ])('is kept as %s', async (_, answer, body) => {
    const { origin } = await server(answer)
    expect(await call({ url: origin })).toStrictEqual(
      body === undefined ? { status: 200 } : { status: 200, body },
    )
  })

  it('is cut when it is too long, and its connection closed', async () => {
    const endless: Answer = (response) => {
      response.writeHead(200, type('text/plain'))
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(100)));
      }
      response.on('drain', more)
      more()
    }
    const { origin, connections } = await server(endless)
    const cut = await call({ url: origin }, { options: { maxResponseBytes: 500 } })
    expect(cut).toEqual({ status: 200, body: 'x'.repeat(500) })
    expect(await call({ url: origin })).toEqual({ status: 200, body: 'x'.repeat(1_000) })
    expect(await call({ url: origin }, { options: { maxResponseBytes: 0 } })).toEqual({ status: 200 })
    await vi.waitUntil(async () => (await connections()) === 0)
  })

  const beginsWith =
    (code: number, then: (response: Parameters<Answer>[0]) => void): Answer =>
    (response) => {
      response.writeHead(code, type('text/plain'))
      response.write('so far ⌛', () => then(response))
    }

  it('is cut as soon as there is enough of it, and in front of a character that is not whole', async () => {
    const { origin } = await server(beginsWith(200, () => {}))
    expect(await call({ url: origin }, { options: { maxResponseBytes: 10 } })).toEqual({
      status: 200,
      body: 'so far ⌛',
    })
    expect(await call({ url: origin }, { options: { maxResponseBytes: 9 } })).toEqual({
      status: 200,
      body: 'so far ',
    })
  })

  it('is kept as all that comes, one part after the other', async () => {
    const parts = beginsWith(200, (response) => void setImmediate(() => response.end(', and on')))
    const { origin } = await server(parts)
    expect(await call({ url: origin })).toEqual({ status: 200, body: 'so far ⌛, and on' })
  })

  it('is cut where it breaks off', async () => {
    const { origin } = await server(beginsWith(200, (response) => response.destroy()))
    expect(await call({ url: origin })).toEqual({ status: 200, body: 'so far ⌛' })
  })

  it.each([200, 503])('is cut when it is too slow, and its status %i counts', async (code) => {
    const clock = new ManualClock()
    const { origin } = await server(beginsWith(code, () => {}))
    // Time goes on once the status is there; what was sent with it is there a moment later.
    const goOn = () => void setImmediate(() => void clock.advance('30s'))
    subscribe('http.client.response.finish', goOn)
    try {
      const run = call({ url: origin }, { clock })
      const result = { status: code, body: 'so far ⌛' }
      if (code === 200) expect(await run).toEqual(result)
      else expect(await failureOf(run)).toMatchObject({ message: `${origin} answered 503`, result })
    } finally {
      unsubscribe('http.client.response.finish', goOn)
    }
  })

  it('that does not come in time is a failure for now', async () => {
    const clock = new ManualClock()
    const { origin, connections } = await server(() => {
      void clock.advance('5s')
    })
    const error = await failureOf(
      call({ url: `${origin}/secret-path` }, { clock, options: { timeout: '5s' } }),
    )
    expect(error.message).toBe(`${origin} did not answer within 5s`)
    expect(error).toMatchObject({ retryable: true, status: undefined, result: undefined })
    await vi.waitUntil(async () => (await connections()) === 0)
  })

  it('is no longer waited for when the run is aborted', async () => {
    const abort = new AbortController()
    const reason = new Error('the server stops')
    const clock = new ManualClock()
    const { origin, connections } = await server(() => abort.abort(reason))
    await expect(call({ url: origin }, { clock, signal: abort.signal })).rejects.toBe(reason)
    await vi.waitUntil(async () => (await connections()) === 0)
    expect(clock.pending).toEqual([])
  })

  it('is not waited for when the run is aborted already', async () => {
    const { received, origin } = await server(status(200))
    const reason = new Error('the server stops')
    await expect(call({ url: origin }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(received).toEqual([])
  })

  it('that never begins is a failure for now', async () => {
    const { origin, close } = await server(status(200))
    await close()
    const error = await failureOf(call({ url: `${origin}/secret-path` }))
    expect(error.retryable).toBe(true)
    expect(error.message).toMatch(/^http:\/\/127\.0\.0\.1:\d+ could not be reached: .*ECONNREFUSED/)
    expect(error.message).not.toContain('secret-path')
  })

  it('that breaks off before its status is a failure for now', async () => {
    const { origin } = await server((response) => response.destroy())
    const error = await failureOf(call({ url: origin }))
    expect(error).toMatchObject({
      retryable: true,
      message: `${origin} could not be reached: socket hang up`,
    })
  })
})

describe('the host', () => {
  /** A name that leads to these addresses, the first time to the first ones, and in the end to the last ones. */
  const leadsTo = (...answers: string[][]) =>
    vi.fn<(hostname: string) => Promise<LookupAddress[]>>(() => {
      const addresses = answers.length > 1 ? answers.shift()! : answers[0]!
      return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))
    })

  it('is looked up once for each request, and leads nowhere else', async () => {
    const { received, port } = await server(status(200))
    const url = `http://rebind.example:${port}/secret-path`
    const options = { allow: ['http://rebind.example:*', 'http://127.0.0.1:*'] }
    const lookup = leadsTo(['127.0.0.1'], ['169.254.169.254'])
    expect(await call({ url }, { lookup, options })).toEqual({ status: 200 })
    expect(lookup.mock.calls).toEqual([['rebind.example']])
    expect(received).toHaveLength(1)
    expect(received[0]!.headers.host).toBe(`rebind.example:${port}`)

    const error = await failureOf(call({ url }, { lookup, options }))
    expect(error.message).toBe(
      `http://rebind.example:${port} leads to an address that is not public (cloud metadata), and that allow does not list`,
    )
    expect(error).toMatchObject({ retryable: false, status: undefined })
    expect(lookup).toHaveBeenCalledTimes(2)
    expect(received).toHaveLength(1)
  })

  it.each<[string, string[], string[]]>([
    ['a name that is listed', ['http://rebind.example:*'], ['127.0.0.1']],
    ['any public host', ['http://public:*'], ['127.0.0.1']],
    ['a name with several addresses', ['http://public:*', 'http://127.0.0.1:*'], ['127.0.0.1', '10.0.0.7']],
    ['one that is carried by IPv6', ['http://public:*'], ['::ffff:127.0.0.1']],
    ['another port', ['http://public:*', 'http://127.0.0.1'], ['127.0.0.1']],
  ])('is refused where %s leads to a private address', async (_, allow, addresses) => {
    const { received, port, connections } = await server(status(200))
    const url = `http://rebind.example:${port}`
    const error = await failureOf(call({ url }, { lookup: leadsTo(addresses), options: { allow } }))
    expect(error.message).toContain('leads to an address that is not public')
    expect(received).toEqual([])
    expect(await connections()).toBe(0)
  })

  it('may be on this machine, if that is listed', async () => {
    const { received, port } = await server(status(200))
    const options = { allow: [`http://localhost:${port}`] }
    const lookup = leadsTo(['127.0.0.1'])
    expect(await call({ url: `http://localhost:${port}` }, { lookup, options })).toEqual({ status: 200 })
    expect(received).toHaveLength(1)
  })

  it.each(['http://2130706433', 'http://0x7f.1', 'http://[::ffff:127.0.0.1]', 'http://127.0.0.1'])(
    'that is an address is refused without a look: %s',
    async (host) => {
      const { received, port } = await server(status(200))
      const lookup = leadsTo(['127.0.0.1'])
      const error = await failureOf(
        call({ url: `${host}:${port}/x` }, { lookup, options: { allow: ['http://public:*'] } }),
      )
      expect(error).toMatchObject({ retryable: false })
      expect(error.message).toContain('not public (loopback)')
      expect(lookup).not.toHaveBeenCalled()
      expect(received).toEqual([])
    },
  )

  it('that is not listed is refused by the handler too', async () => {
    const { received, origin } = await server(status(200))
    const error = await failureOf(call({ url: origin }, { options: { allow: ['api.example.com'] } }))
    expect(error.message).toContain(`requests may not go to ${origin}`)
    expect(error.retryable).toBe(false)
    expect(received).toEqual([])
  })

  it('that nobody knows is a failure for now', async () => {
    const options = { allow: ['http://gone.example'] }
    const error = await failureOf(call({ url: 'http://gone.example/secret-path' }, { options }))
    expect(error.message).toBe('http://gone.example could not be reached: nobody knows this name')
    expect(error.retryable).toBe(true)
  })

  it('is looked up by this machine', async () => {
    const { received, port } = await server(status(200))
    const job = webhookJob({ allow: [`http://localhost:${port}`] })
    const context = {
      payload: { url: `http://localhost:${port}` },
      occurrence: OCCURRENCE,
    } as JobContext<WebhookPayload>
    expect(await job.handle({ ...context, signal: new AbortController().signal })).toEqual({ status: 200 })
    expect(received).toHaveLength(1)
  })

  const fixture = (name: string) =>
    readFileSync(join(import.meta.dirname, '../../../test/fixtures/tls', name), 'utf8')
  const tls = { key: fixture('receiver-key.pem'), cert: fixture('receiver-certificate.pem') }

  it('shows by its certificate that it is the one that the URL names', async () => {
    const { received, port } = await secureServer(tls, status(200))
    const lookup = leadsTo(['127.0.0.1'])
    const options = { allow: ['receiver.example:*', 'other.example:*', '127.0.0.1:*'] }
    const known = { lookup, options, ca: tls.cert }
    expect(await call({ url: `https://receiver.example:${port}`, body: 1 }, known)).toEqual({ status: 200 })
    expect(received).toHaveLength(1)

    for (const [url, world] of [
      [`https://other.example:${port}`, known],
      [`https://127.0.0.1:${port}`, known],
      [`https://receiver.example:${port}`, { lookup, options }],
    ] as const) {
      const error = await failureOf(call({ url }, world))
      expect(error).toMatchObject({ retryable: true })
      expect(error.message).toContain(`${url} could not be reached: `)
    }
    expect(received).toHaveLength(1)
  })
})
