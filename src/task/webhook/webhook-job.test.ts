import { describe, expect, it, vi } from 'vitest'
import { callWebhook as call, jobIn } from '../../../test/support/call-webhook.ts'
import { status, useReceivers } from '../../../test/support/receiver.ts'
import { ConfigError, InvalidInputError } from '../../errors.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { verifySignature } from '../../webhook/signature.ts'
import { webhookJob, type WebhookJobOptions } from './webhook-job.ts'
import type { WebhookPayload } from './webhook-payload.ts'

const server = useReceivers()

describe('the request', () => {
  it('is what the payload says, with headers that tell of the occurrence', async () => {
    const { received, origin } = await server(status(204))
    const body = { name: 'Zoë', list: [1, null] }
    expect(await call({ url: `${origin}/a%20b?c=d#e`, body })).toEqual({ status: 204 })
    expect(received).toHaveLength(1)
    const [{ headers, ...request }] = received as [(typeof received)[0]]
    expect(request).toEqual({ method: 'POST', url: '/a%20b?c=d', body: JSON.stringify(body) })
    expect(headers).toEqual({
      host: new URL(origin).host,
      connection: 'close',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(JSON.stringify(body))),
      'user-agent': 'carillon',
      'accept-encoding': 'identity',
      'idempotency-key': '17-3-1780308300000',
      'carillon-occurrence': '17-3-1780308300000',
      'carillon-schedule': 'report:42',
      'carillon-namespace': 'default',
      'carillon-nominal-at': '2026-06-01T10:05:00.000Z',
      'carillon-attempt': '2',
    })
  })

  it.each<[Partial<WebhookPayload>, string, string, string | undefined]>([
    [{}, 'POST', '', '0'],
    [{ body: null }, 'POST', 'null', '4'],
    [{ body: '' }, 'POST', '""', '2'],
    [{ method: 'PUT', body: { n: 1 } }, 'PUT', '{"n":1}', '7'],
    [{ method: 'PATCH', body: [] }, 'PATCH', '[]', '2'],
    [{ method: 'DELETE', body: 7 }, 'DELETE', '7', '1'],
    [{ method: 'DELETE' }, 'DELETE', '', undefined],
    [{ method: 'GET' }, 'GET', '', undefined],
    [{ method: 'HEAD' }, 'HEAD', '', undefined],
  ])('of %j is a %s with the body %j', async (payload, method, body, length) => {
    const { received, origin } = await server(status(200))
    expect(await call({ url: origin, ...payload })).toEqual({ status: 200 })
    expect(received).toMatchObject([{ method, body }])
    expect(received[0]!.headers['content-length']).toBe(length)
    expect(received[0]!.headers['content-type']).toBe(body === '' ? undefined : 'application/json')
    expect(received[0]!.headers).not.toHaveProperty('transfer-encoding')
  })

  it.each([
    'report:42',
    'täglich',
    'a b%20c',
    '朝の報告',
    'line\nbreak',
    'é%',
    'a👋🏽b',
    "~!$&'()*+,-./:;<=>?@[]^_`{|}",
  ])('names the schedule %j so that it can be read again', async (key) => {
    const { received, origin } = await server(status(200))
    await call({ url: origin }, { occurrence: { key, namespace: `in ${key}` } })
    const [schedule, namespace] = ['carillon-schedule', 'carillon-namespace'].map((name) =>
      String(received[0]!.headers[name]),
    )
    expect(schedule).toMatch(/^[\x21-\x7e]+$/)
    expect(decodeURIComponent(schedule!)).toBe(key)
    expect(decodeURIComponent(namespace!)).toBe(`in ${key}`)
  })

  it('has the headers of the payload, and those of the job above all', async () => {
    const { received, origin } = await server(status(200))
    const headers = { 'Content-Type': 'application/merge-patch+json', authorization: 'mine', 'X-Own': 'a' }
    const options = { headers: { Authorization: 'Bearer t', 'User-Agent': 'acme' } }
    await call({ url: origin, method: 'PATCH', headers, body: {} }, { options })
    expect(received[0]!.headers).toMatchObject({
      'content-type': 'application/merge-patch+json',
      authorization: 'Bearer t',
      'user-agent': 'acme',
      'x-own': 'a',
    })
  })

  it.each<[string, Partial<WebhookPayload>, string | string[], string]>([
    ['its secret', { body: { to: 'Zoë' } }, 'öffentlich', 'öffentlich'],
    ['the old one of its secrets', { body: 1 }, ['new', 'old'], 'old'],
    ['the new one of its secrets', { body: 1 }, ['new', 'old'], 'new'],
    ['its secret when it has no body', { method: 'GET' }, 's', 's'],
  ])('is signed with %s', async (_, payload, secret, verifying) => {
    const clock = new ManualClock('2026-06-01T10:05:30Z')
    const { received, origin } = await server(status(200))
    await call({ url: origin, ...payload }, { clock, options: { secret } })
    const [{ headers, body }] = received as [(typeof received)[0]]
    expect(headers['carillon-signature']).toMatch(/^t=1780308330,v1=/)
    expect(verifySignature(body, headers['carillon-signature'], verifying, { clock })).toBe(true)
    expect(verifySignature(`${body} `, headers['carillon-signature'], verifying, { clock })).toBe(false)
  })

  it('has a connection of its own, which is closed', async () => {
    const { received, origin, connections } = await server(status(200))
    await call({ url: origin })
    await call({ url: origin })
    expect(received.map(({ headers }) => headers.connection)).toEqual(['close', 'close'])
    await vi.waitUntil(async () => (await connections()) === 0)
  })
})

describe('the payload', () => {
  const check = async (payload: unknown, options: Partial<WebhookJobOptions> = {}) => {
    const schema = jobIn({
      options: { allow: ['api.example.com', 'http://localhost:3000'], ...options },
    }).payload!
    const result = await schema['~standard'].validate(payload)
    return result.issues?.map(({ message, path = [] }) => `${path.map(String).join('.')}: ${message}`)
  }
  const URL_IN = 'https://api.example.com/hooks'

  it.each<WebhookPayload>([
    { url: URL_IN },
    { url: 'HTTPS://API.example.com.:443/x' },
    { url: 'http://localhost:3000', method: 'GET' },
    { url: URL_IN, method: 'PUT', headers: { 'X-Own': 'a', Authorization: 'b' }, body: { deep: [null] } },
    { url: URL_IN, method: 'DELETE', body: null },
  ])('may be %j', async (payload) => {
    expect(await check(payload)).toBeUndefined()
  })

  it.each<[unknown, RegExp]>([
    [{}, /^url: /],
    [{ url: 'api.example.com' }, /^url: begins with http:\/\/ or https:\/\/$/],
    [{ url: 'ftp://api.example.com' }, /^url: begins with http/],
    [{ url: 'https://u:p@api.example.com' }, /^url: has no user and no password/],
    [
      { url: 'https://evil.example/secret' },
      /^url: requests may not go to https:\/\/evil\.example: allow lists no/,
    ],
    [{ url: 'http://api.example.com' }, /^url: requests may not go to http:\/\/api\.example\.com/],
    [
      { url: 'https://api.example.com:8443' },
      /^url: requests may not go to https:\/\/api\.example\.com:8443/,
    ],
    [{ url: 'http://localhost:3001' }, /^url: requests may not go to/],
    [{ url: URL_IN, method: 'TRACE' }, /^method: /],
    [{ url: URL_IN, method: 'post' }, /^method: /],
    [{ url: URL_IN, method: 'GET', body: 1 }, /^body: GET and HEAD have none$/],
    [{ url: URL_IN, method: 'HEAD', body: null }, /^body: GET and HEAD have none$/],
    [{ url: URL_IN, headers: { Host: 'evil.example' } }, /^headers\.Host: is set by Carillon$/],
    [{ url: URL_IN, headers: { 'content-LENGTH': '1' } }, /^headers\.content-LENGTH: is set by Carillon$/],
    [{ url: URL_IN, headers: { 'Transfer-Encoding': 'chunked' } }, /is set by Carillon$/],
    [{ url: URL_IN, headers: { 'Carillon-Signature': 'x' } }, /is set by Carillon$/],
    [{ url: URL_IN, headers: { 'Idempotency-Key': 'x' } }, /is set by Carillon$/],
    [{ url: URL_IN, headers: { 'a b': 'x' } }, /^headers\.a b: is no name of a header$/],
    [{ url: URL_IN, headers: { a: 'b\r\nc: d' } }, /^headers\.a: has a value that HTTP cannot carry/],
    [{ url: URL_IN, headers: { a: '✓' } }, /^headers\.a: has a value that HTTP cannot carry/],
    [{ url: URL_IN, headers: { a: 1 } }, /^headers\.a: /],
    [{ url: URL_IN, boddy: 1 }, /boddy/],
    ['https://api.example.com', /./],
  ])('may not be %j', async (payload, message) => {
    const issues = await check(payload)
    expect(issues).toHaveLength(1)
    expect(issues![0]).toMatch(message)
    expect(issues![0]).not.toContain('secret')
  })

  it.each(
    [
      'Connection',
      'Content-Length',
      'Expect',
      'Host',
      'Idempotency-Key',
      'Keep-Alive',
      'Proxy-Authorization',
    ].concat(['Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Carillon-Attempt']),
  )('may not have the header %s', async (name) => {
    expect(await check({ url: URL_IN, headers: { [name]: 'x' } })).toEqual([
      `headers.${name}: is set by Carillon`,
    ])
  })

  it('may not name an address that leads to this machine', async () => {
    const issues = await check({ url: 'https://0x7f.1/' }, { allow: 'public' })
    expect(issues).toEqual([
      expect.stringContaining('url: https://127.0.0.1 leads to an address that is not public'),
    ])
  })
})

describe('the job', () => {
  it('is named webhook, or as it is said', () => {
    expect(webhookJob({ allow: 'public' }).name).toBe('webhook')
    expect(webhookJob({ allow: 'public', name: 'partner' }).name).toBe('partner')
  })

  it.each<[string, object, RegExp, typeof ConfigError | typeof InvalidInputError]>([
    ['without a list', { allow: undefined }, /allow has the entry undefined/, ConfigError],
    ['with an empty list', { allow: [] }, /allow is empty/, ConfigError],
    ['with a wildcard for all', { allow: ['*'] }, /allow has the entry "\*"/, ConfigError],
    ['with an empty secret', { secret: '' }, /the secret of a webhook job is empty/, ConfigError],
    ['with a variable that is not set for a secret', { secret: undefined }, /is empty/, ConfigError],
    ['with no secret among none', { secret: [] }, /a webhook job needs a secret/, ConfigError],
    [
      'with a header of two lines',
      { headers: { a: 'b\nc' } },
      /the header "a" of a webhook job has a value/,
      ConfigError,
    ],
    [
      'with a host of its own',
      { headers: { Host: 'x' } },
      /the header "Host" of a webhook job is set/,
      ConfigError,
    ],
    ['without time', { timeout: 0 }, /timeout/, ConfigError],
    ['with a timeout that is none', { timeout: 'soon' }, /timeout/, InvalidInputError],
    ['with half a byte', { maxResponseBytes: 0.5 }, /maxResponseBytes/, ConfigError],
    ['with less than no byte', { maxResponseBytes: -1 }, /maxResponseBytes/, ConfigError],
  ])('is refused %s', (_, options, message, error) => {
    const make = () => webhookJob({ allow: 'public', ...options })
    expect(make).toThrow(error)
    expect(make).toThrow(message)
  })
})
