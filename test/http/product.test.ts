import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const ROOT = join(import.meta.dirname, '../..')
const PASSWORD = 'correct horse'
const REPORT = { cron: '0 9 * * *', job: 'send-report', payload: { topic: 'sales' } }

const folder = temporaryFolder()
let child: ChildProcess
let url: string
beforeAll(async () => {
  const env = {
    ...process.env,
    CARILLON_DATABASE: `sqlite:${folder.file('carillon.db')}`,
    PRODUCT_DATABASE: folder.file('product.db'),
    PORT: '0',
  }
  child = spawn(process.execPath, [join(ROOT, 'examples/product/main.ts')], { cwd: ROOT, env })
  let printed = ''
  child.stdout!.on('data', (data) => (printed += String(data)))
  url = await until('the product listens', () => {
    const port = /port: (\d+)/.exec(printed)?.[1]
    return port !== undefined && `http://127.0.0.1:${port}`
  })
})
afterAll(async () => {
  child.kill('SIGTERM')
  const [status] = (await once(child, 'close')) as [number]
  folder[Symbol.dispose]()
  expect(status).toBe(0)
})

/** A user of the product, in a browser of their own. */
async function loggedIn(name: string) {
  const post = (path: string) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, password: PASSWORD }),
    })
  expect((await post('/register')).status).toBe(201)
  const answer = await post('/login')
  const cookie = answer.headers.get('set-cookie')!.split(';')[0]!
  return {
    cookie,
    async ask(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
      const response = await fetch(url + path, {
        method,
        headers: { cookie, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    },
  }
}

it('users manage schedules of their own, and nobody else’s', async () => {
  const anna = await loggedIn('anna')
  const bert = await loggedIn('bert')
  const created = await anna.ask('POST', '/api/v1/schedules', REPORT)
  expect(created).toMatchObject({ status: 201, body: { job: 'send-report', namespace: 'user-1' } })
  const { key } = created.body as { key: string }

  const run = await anna.ask('POST', `/api/v1/schedules/${key}/trigger`, {})
  expect(run.status).toBe(202)
  await until('the report is there', async () => {
    const { body } = await anna.ask('GET', '/reports')
    return (body as unknown[]).length === 1
  })
  expect((await bert.ask('GET', '/reports')).body).toEqual([])
  expect((await anna.ask('GET', `/api/v1/schedules/${key}/changes`)).body).toMatchObject({
    items: [{ kind: 'created', by: 'anna' }],
  })

  expect((await bert.ask('GET', '/api/v1/schedules')).body).toEqual({ items: [] })
  expect((await bert.ask('GET', `/api/v1/schedules/${key}`)).status).toBe(404)
  expect((await bert.ask('GET', `/api/v1/schedules/${key}?namespace=user-1`)).status).toBe(403)
  expect((await bert.ask('GET', '/api/v1/schedules/clean-up?namespace=default')).status).toBe(403)
  const own = await bert.ask('POST', '/api/v1/schedules', { ...REPORT, job: 'clean-up' })
  expect(own).toMatchObject({ status: 422, body: { code: 'UNKNOWN_JOB' } })
  const often = await bert.ask('POST', '/api/v1/schedules', { ...REPORT, cron: '*/5 * * * * *' })
  expect(often).toMatchObject({ status: 422, body: { code: 'QUOTA_EXCEEDED', quota: 'shortestInterval' } })
  const payload = { user: 1, topic: 'sales' }
  const odd = await bert.ask('POST', '/api/v1/schedules', { ...REPORT, payload })
  expect(odd).toMatchObject({ status: 422, body: { code: 'INVALID_PAYLOAD' } })

  expect((await bert.ask('POST', '/logout')).status).toBe(204)
  expect((await bert.ask('GET', '/api/v1/schedules')).status).toBe(401)
  const strange = await fetch(`${url}/api/v1/schedules`, { headers: { cookie: 'session=odd' } })
  expect(strange.status).toBe(401)
})
