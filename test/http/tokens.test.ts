import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApi, signToken, type Api } from '../../src/http/index.ts'
import { Carillon, ConfigError, defineJob } from '../../src/index.ts'

const KEY = 'k'.repeat(32)
const SCHEDULE = { cron: '0 9 * * *', job: 'note' }

let cron: Carillon
let api: Api
let lines: string[]
beforeEach(async () => {
  lines = []
  const log = (...given: unknown[]) => void lines.push(JSON.stringify(given))
  const logger = { info: log, warn: log, error: log }
  const jobs = [defineJob('note', { handle: () => {} })]
  cron = await Carillon.open({ database: 'sqlite::memory:', jobs, logger })
  api = createApi(cron, { signingKeys: [KEY], logger })
})
afterEach(async () => {
  await cron.close()
})

async function ask(
  token: string | undefined,
  { method = 'GET', path = '/schedules', body, from = '192.0.2.1' }: Partial<Record<string, string>> = {},
): Promise<Response> {
  const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` })
  if (body !== undefined) headers.set('content-type', 'application/json')
  const request = new Request(`http://cron.example/api/v1${path}`, { method, headers, body: body ?? null })
  return api.fetch(request, { remoteAddress: from })
}

describe('a token', () => {
  it('opens what it is for, in the name of its label, until it is revoked', async () => {
    const { id, token } = await cron.tokens.create({ label: 'anna', scope: 'write', namespace: 'acme' })
    const put = { method: 'PUT', path: '/schedules/a', body: JSON.stringify(SCHEDULE) }
    expect((await ask(token, put)).status).toBe(200)
    const changes = await cron.namespace('acme').changes('a')
    expect(changes).toMatchObject([{ kind: 'created', by: 'anna' }])
    expect((await ask(token, { path: '/schedules?namespace=rival' })).status).toBe(403)
    expect((await ask(token, { path: '/tasks' })).status).toBe(403)

    expect(await cron.tokens.revoke(id)).toBe(true)
    // What was verified a moment ago is remembered for a second.
    const other = createApi(cron, { logger: { info() {}, warn() {}, error() {} } })
    const request = new Request('http://cron.example/api/v1/schedules', {
      headers: { authorization: `Bearer ${token}` },
    })
    expect((await other.fetch(request, { remoteAddress: '192.0.2.1' })).status).toBe(401)
  })

  it('that an application signed opens what that says', async () => {
    const token = await signToken(
      { subject: 'user-7', scope: 'read', namespace: 'acme', groups: ['blue'] },
      KEY,
    )
    expect((await ask(token)).status).toBe(200)
    const put = { method: 'PUT', path: '/schedules/a', body: JSON.stringify(SCHEDULE) }
    expect((await ask(token, put)).status).toBe(403)
    const forged = await signToken({ subject: 'x', scope: 'admin', namespace: 'acme' }, 'f'.repeat(32))
    expect((await ask(forged)).status).toBe(401)
  })

  it('that is missing, wrong, or in the address, opens nothing', async () => {
    const { token } = await cron.tokens.create({ label: 'anna', scope: 'admin' })
    const refused = await ask(undefined)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe('Bearer')
    expect((await ask(undefined, { path: `/schedules?token=${token}&access_token=${token}` })).status).toBe(
      401,
    )
    for (const wrong of ['', 'x', `${token}x`, token.slice(0, -1), 'crn_aaaaaaaaaaaa_bbbb'])
      expect((await ask(wrong)).status).toBe(401)
    expect((await ask(token)).status).toBe(200)
  })

  it('is in no log and in no answer, right or wrong', async () => {
    const { token } = await cron.tokens.create({ label: 'anna', scope: 'admin' })
    const secret = token.split('_')[2]!
    const texts = [await (await ask(token)).text()]
    for (let n = 0; n < 15; n++) texts.push(await (await ask(`${token}${n}`)).text())
    await cron.close()
    texts.push(await (await ask(token)).text())
    expect([...texts, ...lines].join('\n')).not.toContain(secret)
  })
})

it('guessing locks out the address that it comes from, and no other', async () => {
  const { token } = await cron.tokens.create({ label: 'anna', scope: 'admin' })
  const statuses: number[] = []
  for (let n = 0; n < 12; n++)
    statuses.push((await ask(`crn_aaaaaaaaaaaa_${'x'.repeat(42)}${n % 10}`)).status)
  expect(statuses.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => 401))
  expect(statuses.at(-1)).toBe(429)
  const locked = await ask(token)
  expect(locked.status).toBe(429)
  expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await ask(token, { from: '198.51.100.7' })).status).toBe(200)
})

it('options that contradict each other are refused', () => {
  const authenticate = () => undefined
  expect(() => createApi(cron, { authenticate, tokens: true })).toThrow(ConfigError)
  expect(() => createApi(cron, { authenticate, signingKeys: [KEY] })).toThrow(ConfigError)
  expect(() => createApi(cron, { signingKeys: ['short'] })).toThrow(ConfigError)
})
