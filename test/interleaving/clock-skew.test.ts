import { describe, expect, inject, it } from 'vitest'
import { Carillon, defineJob, type Role } from '../../src/index.ts'
import { MysqlSession } from '../support/mysql-session.ts'
import { PostgresSession } from '../support/postgres-session.ts'
import { createMariadbDatabase, dropMariadbDatabase } from '../support/servers/mariadb-database.ts'
import { createPostgresDatabase, dropPostgresDatabase } from '../support/servers/postgres-database.ts'
import { until } from '../support/until.ts'
import { SkewedProcess, type RunLine } from './support/skewed-process.ts'

const HOUR = 3_600_000
const AHEAD_MS = 20_000
const INTERVAL_MS = 3_000
const LEASE_MS = 2_000
/** How long all goes on after it has begun: several passes, and more than a lease. */
const WATCHED_MS = 8_000
/** How late a run may be on a machine that has much else to do; far less than an hour. */
const LATE_MS = 15_000
const BEHIND_MS = 5_000
/** How far a stamp may be off: the database's clock as a process carries it on, which lags by the time of an answer. */
const STAMP_MS = 500

const SERVERS = [
  {
    name: 'PostgreSQL',
    create: () => createPostgresDatabase(inject('postgresAddress')),
    drop: (address: string) => dropPostgresDatabase(inject('postgresAddress'), address),
    connect: (address: string) => PostgresSession.connect(address),
  },
  {
    name: 'MariaDB',
    create: () => createMariadbDatabase(inject('mariadbAddress')),
    drop: (address: string) => dropMariadbDatabase(inject('mariadbAddress'), address),
    connect: (address: string) => MysqlSession.connect(address),
  },
]
const SHIFTS = [
  { what: 'an hour ahead', shiftMs: HOUR },
  { what: 'an hour behind', shiftMs: -HOUR },
]
const BOTH: readonly Role[] = ['dispatch', 'work']
/** What the server with the wrong clock does, and what the one with the right clock does. */
const PARTS: readonly { what: string; wrong: readonly Role[]; right: readonly Role[] }[] = [
  { what: 'dispatches for another', wrong: ['dispatch'], right: ['work'] },
  { what: 'works for another', wrong: ['work'], right: ['dispatch'] },
  { what: 'dispatches and works beside another', wrong: BOTH, right: BOTH },
]

const jobs = ['tick', 'long', 'flaky'].map((name) => defineJob(name, { handle: () => undefined }))

interface Row {
  readonly name: string
  readonly nominal_at: number
  readonly due_at: number
  readonly state: string
  readonly reason: string | null
  readonly attempt: number
  readonly lost: number
  readonly started_at: number | null
  readonly missed_count: number | null
}

describe.each(SERVERS)('a server whose clock is wrong, on $name', ({ create, drop, connect }) => {
  async function watch(shiftMs: number, wrong: readonly Role[], right: readonly Role[]) {
    const database = await create()
    await using session = await connect(database)
    const sql = async (text: string, ...values: number[]) =>
      (await session.query(text, values)) as unknown as Row[]
    await using web = await Carillon.open({ database, jobs, ahead: AHEAD_MS, interval: INTERVAL_MS })

    const start = Date.now()
    for (const key of ['tick-1', 'tick-2']) await web.schedule({ key, every: '1s', job: 'tick' })
    await web.schedule({ key: 'long', at: start + 3_000, job: 'long' })
    const backoff = { initial: '1s', factor: 1 }
    await web.schedule({ key: 'flaky', at: start + 3_000, job: 'flaky', retries: 3, backoff })
    // As if nobody had dispatched for a while.
    await web.schedule({ key: 'skips', cron: '* * * * * *', job: 'tick', startsAt: start + HOUR })
    await web.schedule({
      key: 'catches',
      cron: '* * * * * *',
      job: 'tick',
      catchUp: '1m',
      startsAt: start + HOUR,
    })
    for (const key of ['skips', 'catches']) await web.patch(key, { startsAt: null, endsAt: start + 4_000 })
    await sql(
      `delete from carillon_occurrences where schedule_id in
       (select id from carillon_schedules where "key" in ('skips', 'catches'))`,
    )
    await sql(
      `update carillon_cursors set next_at = ?, planned = 0, last_at = 0 where schedule_id in
       (select id from carillon_schedules where "key" in ('skips', 'catches'))`,
      start - BEHIND_MS,
    )

    const settings = { database, aheadMs: AHEAD_MS, intervalMs: INTERVAL_MS, leaseMs: LEASE_MS }
    await using one = new SkewedProcess(shiftMs, { ...settings, name: 'wrong', roles: wrong })
    await using two = new SkewedProcess(0, { ...settings, name: 'right', roles: right })
    await Promise.all([one.started(), two.started()])

    const lines = () => [...one.lines, ...two.lines]
    const watchedUntil = Date.now() + WATCHED_MS
    await until(
      'all that was to run has run',
      () =>
        Date.now() > watchedUntil &&
        lines().some(({ key, event }) => key === 'long' && event === 'end') &&
        lines().some(({ key, event }) => key === 'flaky' && event === 'end') &&
        lines().some(({ key, dueAt }) => key === 'tick-1' && dueAt >= watchedUntil - 1_000),
      60_000,
    )
    const readAt = Date.now()
    const rows = await sql(
      `select s."key" as name, o.nominal_at, o.due_at, o.state, o.reason, o.attempt, o.lost, o.started_at, o.missed_count
       from carillon_occurrences o join carillon_schedules s on s.id = o.schedule_id order by o.nominal_at`,
    )
    await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()])
    return { start, readAt, rows, lines: lines(), end: () => drop(database) }
  }

  describe.each(SHIFTS)('by being $what', ({ shiftMs }) => {
    it.concurrent.each(PARTS)(
      '$what by the clock of the database',
      { timeout: 120_000 },
      async ({ wrong, right }) => {
        const { start, readAt, rows, lines, end } = await watch(shiftMs, wrong, right)
        const begun = lines.filter(({ event }) => event === 'begin')
        const of = (name: string, all: readonly RunLine[] = begun) => all.filter(({ key }) => key === name)

        // Nothing early by either clock, nothing twice, nothing an hour late.
        const ended = rows.filter(({ state }) => state === 'succeeded')
        expect(ended.filter(({ started_at, due_at }) => started_at! < due_at - STAMP_MS)).toEqual([])
        expect(begun.filter(({ at, dueAt }) => at < dueAt)).toEqual([])
        expect(
          begun.filter(({ at, dueAt, origin }) => origin !== 'catch-up' && at > dueAt + LATE_MS),
        ).toEqual([])
        expect(new Set(begun.map(({ id, attempt }) => `${id}#${attempt}`)).size).toBe(begun.length)

        // Planned as far ahead as it should be, and no further.
        const furthest = Math.max(...rows.map(({ nominal_at }) => nominal_at))
        expect(furthest).toBeGreaterThan(start + AHEAD_MS + INTERVAL_MS)
        expect(furthest).toBeLessThanOrEqual(readAt + AHEAD_MS)
        const ticks = rows.filter(({ name }) => name === 'tick-1').map(({ nominal_at }) => nominal_at)
        expect(ticks).toEqual(ticks.map((_, i) => ticks[0]! + i * 1_000))
        expect(ticks[0]).toBeLessThanOrEqual(start + 2_000)

        // A lease is as long as it is for the others, and a backoff as long as it should be.
        expect(rows.filter(({ lost }) => lost > 0)).toEqual([])
        expect(of('long')).toHaveLength(1)
        const attempts = of('flaky').toSorted((a, b) => a.attempt - b.attempt)
        expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
        for (const [i, { at, dueAt }] of attempts.slice(1).entries()) {
          const before = attempts[i]!.at
          expect(dueAt).toBeGreaterThanOrEqual(before + 1_000 - STAMP_MS)
          expect(at).toBeLessThanOrEqual(before + 1_000 + LATE_MS)
        }

        // What was missed is what nobody dispatched, not an hour of it.
        const missed = rows.filter(({ reason }) => reason === 'missed')
        expect(missed.map(({ name }) => name)).toEqual(['skips'])
        expect(missed[0]!.missed_count).toBeGreaterThanOrEqual(BEHIND_MS / 1_000)
        expect(missed[0]!.missed_count).toBeLessThanOrEqual((BEHIND_MS + LATE_MS) / 1_000)
        const caught = of('catches').filter(({ origin }) => origin === 'catch-up')
        expect(caught.length).toBeGreaterThanOrEqual(BEHIND_MS / 1_000)
        await end()
      },
    )
  })
})
