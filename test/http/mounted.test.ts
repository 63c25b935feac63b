import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Carillon } from '../../src/index.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const BODY = JSON.stringify({ cron: '0 9 * * *', job: 'send-report', note: 'grüße 💥' })

let folder: ReturnType<typeof temporaryFolder>
let address: string
let token: string
let child: ChildProcess | undefined
beforeEach(async () => {
  folder = temporaryFolder()
  address = `sqlite:${folder.file('carillon.db')}`
  await using cron = await Carillon.open({ database: address })
  token = (await cron.tokens.create({ label: 'me', scope: 'write' })).token
})
afterEach(async () => {
  if (child !== undefined && child.exitCode === null) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  child = undefined
  folder[Symbol.dispose]()
})

/** Starts an example, and answers where it listens. */
async function listening(name: string): Promise<string> {
  const env = { ...process.env, CARILLON_DATABASE: address, PORT: '0' }
  child = spawn(process.execPath, [join(ROOT, 'examples/http', name)], { cwd: ROOT, env })
  let printed = ''
  let failed = ''
  child.stderr!.on('data', (data) => (failed += String(data)))
  for await (const data of child.stdout!) {
    printed += String(data)
    const port = /port: (\d+)/.exec(printed)?.[1]
    if (port !== undefined) return `http://127.0.0.1:${port}`
  }
  throw new Error(`${name} did not listen: ${failed}`)
}

type Ask = (path: string, init?: { method?: string; body?: string }) => Promise<Response>

/** What must hold however it is mounted. */
async function holds(ask: Ask): Promise<void> {
  const created = await ask('/api/v1/schedules/a%2Fb', { method: 'PUT', body: BODY })
  expect(created.status).toBe(200)
  expect(await created.json()).toMatchObject({ key: 'a/b', note: 'grüße 💥' })
  expect((await ask('/api/v1/schedules/a%2Fb')).headers.get('etag')).toBe('"1"')
  const listed = (await (await ask('/api/v1/schedules?limit=5')).json()) as { items: unknown[] }
  expect(listed.items).toHaveLength(1)
  expect((await ask('/api/v1/schedules/a%2Fb', { method: 'PUT', body: '{"cron":' })).status).toBe(400)
  expect((await ask('/api/v1/nothing')).status).toBe(404)
  expect((await ask('/api/v1/schedules/a%2Fb', { method: 'DELETE' })).status).toBe(204)
}

describe('the API is mounted', () => {
  it.each(['node.ts', 'express.ts', 'fastify.ts', 'hono.ts'])(
    'in %s, beside pages of its own',
    async (name) => {
      const url = await listening(name)
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      await holds((path, init) => fetch(url + path, { ...init, headers }))
      expect(await (await fetch(url)).text()).toBe('a page of your own')
      expect((await fetch(`${url}/api/v1/schedules`)).status).toBe(401)
    },
  )

  it('and asked by the client', async () => {
    const env = {
      ...process.env,
      CARILLON_URL: `${await listening('node.ts')}/api/v1`,
      CARILLON_TOKEN: token,
    }
    const program = [join(ROOT, 'examples/http/client.ts')]
    const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: ROOT, env })
    expect(stdout).toMatch(/^minute "61" is out of range 0-59 .*\nreport\/42 \d{4}-\d\d-\d\dT\S+Z\n$/)
  })

  it('in a framework of web-standard handlers, as Next.js', async () => {
    process.env['CARILLON_DATABASE'] = address
    const route = await import('../../examples/http/next-route.ts')
    const { cron } = await import('../../examples/http/carillon.ts')
    try {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      await holds((path, init) => {
        const method = (init?.method ?? 'GET') as 'GET' | 'PUT' | 'DELETE'
        return route[method](new Request(`http://next.example${path}`, { ...init, headers }))
      })
    } finally {
      await cron.close()
    }
  })
})
