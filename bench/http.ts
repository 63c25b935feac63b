/**
 * The HTTP API over 100,000 schedules: how long a page of 50 takes, the first and a deep one, and how many requests a
 * second are answered by 32 clients that ask again as soon as they have an answer. The floor is a bare Hono handler on the
 * same server of Node's, with the same query, which answers the rows as they are.
 */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import autocannon from 'autocannon'
import { Hono } from 'hono'
import { Carillon } from '../src/carillon/carillon.ts'
import { createApi } from '../src/http/create-api.ts'
import { serveApi } from '../src/http/serve.ts'
import { dailyAt, nextFullHour } from './support/daily.ts'
import { Databases, type BenchDatabase, type DatabaseKind } from './support/databases.ts'
import { interleave, timed } from './support/interleave.ts'
import { median } from './support/median.ts'
import { noop } from './support/noop.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'

const PAGE = 50
const CLIENTS = 32
const ROUNDS = 5
/** How many requests one round of a latency takes, one after the other. */
const ASKED = 20

/** Something to ask for, and how many schedules come before it. */
const PAGES = { 'first page': 0, 'page near the end': 0.99 }

export async function bench({ quick, kinds }: BenchOptions): Promise<BenchReport> {
  await using databases = new Databases()
  const rows: BenchRow[] = []
  for (const kind of kinds)
    rows.push(...(await on(databases, kind, quick ? 10_000 : 100_000, quick ? 2 : 10)))
  return { bench: 'http', rows }
}

async function on(
  databases: Databases,
  kind: DatabaseKind,
  count: number,
  seconds: number,
): Promise<BenchRow[]> {
  await using database = await databases.create(kind)
  await using cron = await Carillon.open({ database: database.address, jobs: [noop()] })
  const daily = dailyAt(nextFullHour() + 12 * 3_600_000)
  const keyOf = (i: number) => `bench-${String(i).padStart(7, '0')}`
  await cron.scheduleMany(
    Array.from({ length: count }, (_, i) => ({ ...daily, key: keyOf(i), job: 'noop', payload: { user: i } })),
  )
  await database.bare.settle()

  const { token } = await cron.tokens.create({ label: 'bench', scope: 'write' })
  await using served = await serveApi(createApi(cron, { rate: false }))
  await using bare = await serveBare(database)
  const ours = (path: string) => ({
    url: `${served.url}/api/v1${path}`,
    headers: { authorization: `Bearer ${token}` },
  })

  const rows: BenchRow[] = []
  for (const [name, depth] of Object.entries(PAGES)) {
    const after = depth === 0 ? undefined : keyOf(Math.floor(count * depth))
    const cursor = after === undefined ? '' : `&cursor=${Buffer.from(after).toString('base64url')}`
    const list = ours(`/schedules?limit=${PAGE}${cursor}`)
    const floor = { url: `${bare.url}/?after=${after ?? ''}`, headers: {} }
    const times = await interleave(ROUNDS, { ours: () => each(list), floor: () => each(floor) })
    const what = `${kind}, ${count.toLocaleString('en')} schedules, ${name}`
    rows.push(row(what, 'ms', median(times.ours), median(times.floor)))
    rows.push(...loaded(what, await load(list, seconds), await load(floor, seconds)))
  }
  const one = ours(`/schedules/${keyOf(Math.floor(count / 2))}`)
  rows.push(...loaded(`${kind}, one schedule`, await load(one, seconds)))
  const create = {
    ...ours('/schedules'),
    method: 'POST',
    body: JSON.stringify({ ...daily, job: 'noop' }),
  } as const
  rows.push(...loaded(`${kind}, create one`, await load(create, seconds)))
  return rows
}

interface Asked {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly method?: 'GET' | 'POST'
  readonly body?: string
}

/** How long one of several requests takes, one after the other, in milliseconds. */
async function each({ url, headers }: Asked): Promise<number> {
  const ms = await timed(async () => {
    for (let i = 0; i < ASKED; i++) {
      const answer = await fetch(url, { headers })
      const body = (await answer.json()) as { items: unknown[] }
      if (body.items.length !== PAGE) throw new Error(`a page of ${body.items.length}`)
    }
  })
  return ms / ASKED
}

/** From a thread of its own, so that the server has its processor to itself. */
async function load({ url, headers, method = 'GET', body }: Asked, seconds: number) {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const result = await autocannon({
    url,
    method,
    headers: { ...headers, ...json },
    ...(body !== undefined && { body }),
    connections: CLIENTS,
    duration: seconds,
    workers: 1,
  })
  if (result.non2xx + result.errors > 0) throw new Error(`${result.non2xx} refused, ${result.errors} failed`)
  return { perSecond: result.requests.average, p99: result.latency.p99 }
}

type Load = Awaited<ReturnType<typeof load>>

function loaded(what: string, ours: Load, floor?: Load): BenchRow[] {
  return [
    row(`${what}, ${CLIENTS} clients`, '1/s', ours.perSecond, floor?.perSecond ?? null),
    row(`${what}, ${CLIENTS} clients, p99`, 'ms', ours.p99, floor?.p99 ?? null),
  ]
}

async function serveBare({ bare }: BenchDatabase): Promise<{ url: string } & AsyncDisposable> {
  const app = new Hono().get('/', async (context) => {
    const after = context.req.query('after') ?? ''
    // The only one who asks is this bench.
    const items = await bare.read(`
      select s.id, s.namespace, s."key", s."group", s.origin, s.state, s.generation, s.valid_from, s.revision, s.definition,
        s.reason, s.pause, s.paused_until, s.created_at, s.updated_at, c.next_at, c.last_at, c.planned
      from carillon_schedules as s join carillon_cursors as c on c.schedule_id = s.id
      where s.namespace = 'default' and s.deleted_at = 0 and s."key" > '${after.replaceAll(`'`, '')}'
      order by s."key" limit ${PAGE}`)
    return context.json({ items })
  })
  const listen = getRequestListener(app.fetch)
  const server = createServer((request, response) => void listen(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
