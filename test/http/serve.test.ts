import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Carillon } from '../../src/index.ts'
import { createApi, serveApi, type ServedApi } from '../../src/http/index.ts'
import { until } from '../support/until.ts'
import { ConfigError } from '../../src/errors.ts'

const SILENT = { info: () => {}, warn: () => {}, error: () => {} }

let cron: Carillon
let served: ServedApi
let sockets: Socket[]
beforeEach(async () => {
  sockets = []
  cron = await Carillon.open({ database: 'sqlite::memory:', logger: SILENT })
  served = await serveApi(createApi(cron, { tokens: false, logger: SILENT }))
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await served[Symbol.asyncDispose]()
  await cron.close()
})

async function dial(): Promise<Socket> {
  const { hostname, port } = new URL(served.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** All that a connection answers until it is closed. */
async function answerOf(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (data) => (text += String(data)))
  await once(socket, 'close')
  return text
}

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${served.url}/api/v1${path}`, { headers })
}

describe('without tokens', () => {
  it('this machine may do all, and each answer says so', async () => {
    const answer = await get('/schedules')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('carillon-access')).toBe('without tokens, for this machine only')
    expect((await get('/nothing')).headers.get('carillon-access')).not.toBeNull()
  })

  it('a page of somebody else in a browser on this machine may not', async () => {
    expect((await get('/schedules', { origin: 'https://evil.example' })).status).toBe(403)
    expect((await get('/schedules', { origin: served.url })).status).toBe(200)
    const rebound = await dial()
    rebound.write('GET /api/v1/schedules HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
    expect(await answerOf(rebound)).toMatch(/^HTTP\/1\.1 403/)
  })

  it('a page of another origin gets no leave to read what it asks for', async () => {
    for (const method of ['OPTIONS', 'GET']) {
      const answer = await fetch(`${served.url}/api/v1/schedules`, {
        method,
        headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'GET' },
      })
      expect(answer.ok).toBe(false)
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  it('nobody else may, and nobody whose address is not known', async () => {
    const api = createApi(cron, { tokens: false, logger: SILENT })
    const request = () => new Request('http://localhost/api/v1/schedules')
    for (const remoteAddress of ['192.0.2.1', '10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', 'odd'])
      expect((await api.fetch(request(), { remoteAddress })).status).toBe(403)
    expect((await api.fetch(request())).status).toBe(403)
    for (const remoteAddress of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
      expect((await api.fetch(request(), { remoteAddress })).status).toBe(200)
  })
})

describe('clients that mean no good', () => {
  it('a thousand idle connections keep nobody waiting', async () => {
    for (let n = 0; n < 1_000; n++) await dial()
    for (const socket of sockets.slice(0, 500)) socket.write('GET /api/v1/schedules HTTP/1.1\r\nHost: loc')
    expect((await get('/schedules')).status).toBe(200)
  })

  it('a flood of headers is refused', async () => {
    const long = await dial()
    long.write(`GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nX-A: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(await answerOf(long)).toMatch(/^HTTP\/1\.1 431/)
  })

  it('a body that says it is huge is refused before it comes', async () => {
    const socket = await dial()
    socket.write(
      'PUT /api/v1/schedules/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\nConnection: close\r\n\r\n{',
    )
    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 413/)
  })

  it('a body without end is cut off at its limit', async () => {
    const socket = await dial()
    const answered = answerOf(socket)
    socket.write(
      'PUT /api/v1/schedules/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
    )
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    for (let sent = 0; sent < 40 && !socket.destroyed; sent++) socket.write(chunk)
    socket.write('0\r\n\r\n')
    expect(await answered).toMatch(/^HTTP\/1\.1 413/)
    expect((await get('/live')).status).toBe(200)
  })

  it('a client that is slow to send its headers, or its body, is cut off', async () => {
    await using hasty = await serveApi(createApi(cron, { tokens: false, logger: SILENT }), {
      headersTimeout: '1s',
      requestTimeout: '1s',
    })
    const { hostname, port } = new URL(hasty.url)
    const slow = (text: string) => {
      const socket = connect(Number(port), hostname, () => socket.write(text))
      sockets.push(socket)
      return answerOf(socket)
    }
    const head = `POST /api/v1/schedules HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
    const answers = [slow(head), slow(`${head}Content-Length: 100\r\n\r\n{"cron":`)]
    expect((await fetch(`${hasty.url}/api/v1/live`)).status).toBe(200)
    for (const answer of await Promise.all(answers)) expect(answer).toContain('408')
  })

  it('many bodies that never end take no more memory than there is for them', async () => {
    const MIB = 1024 * 1024
    const head = `POST /api/v1/schedules HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${MIB}\r\n\r\n`
    const flood = await Promise.all(Array.from({ length: 60 }, dial))
    const answers: string[] = []
    for (const socket of flood) {
      socket.on('data', (data) => answers.push(String(data)))
      socket.write(`${head}"${'x'.repeat(MIB - 2)}`)
    }
    // A quarter of 64 MiB is what one sender may have.
    await until('the others are refused', () => answers.length === 44)
    for (const answer of answers) expect(answer).toContain('429')
    expect((await get('/schedules')).status).toBe(200)
  })

  it('what is no HTTP is refused', async () => {
    const socket = await dial()
    socket.write('\u0016\u0003\u0001 hello\r\n\r\n')
    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 400/)
  })
})

it('says where it cannot listen', async () => {
  const api = createApi(cron)
  const port = Number(new URL(served.url).port)
  await expect(serveApi(api, { port })).rejects.toThrow(ConfigError)
})
