import { afterAll, afterEach, beforeEach } from 'vitest'
import { ManualClock } from '../../../src/testing/index.ts'
import type { Row, TestDatabase, Value } from '../../support/test-database.ts'
import { databasesOn, type DatabaseKind } from '../../support/test-databases.ts'
import { until } from '../../support/until.ts'
import { Actor } from './actor.ts'

/** The databases that let several write at once, by the names that tests show. */
export const SERVERS: readonly DatabaseKind[] = ['postgres', 'mysql']
/** Those, and the one on which a second writer enters when the first has left. */
export const DATABASES: readonly DatabaseKind[] = ['sqlite', ...SERVERS]

const DAY = '2026-06-01'

/** A time of the day on which all scenes are set, in UTC. */
export function instant(time: string): number {
  return Date.parse(`${DAY}T${time}Z`)
}

/** One database, one clock, and any number of processes. */
export class Scene {
  readonly kind: DatabaseKind
  readonly clock = new ManualClock(instant('10:00'))
  readonly database: TestDatabase
  readonly #actors: Actor[] = []

  constructor(kind: DatabaseKind, database: TestDatabase) {
    this.kind = kind
    this.database = database
  }

  async actor(name = `actor-${this.#actors.length + 1}`): Promise<Actor> {
    const actor = await Actor.open(name, this.kind, this.database.address, this.clock)
    this.#actors.push(actor)
    return actor
  }

  async actors(): Promise<[Actor, Actor]> {
    return [await this.actor(), await this.actor()]
  }

  /** Looks into the database behind Carillon's back. */
  async sql(text: string, ...values: Value[]): Promise<Row[]> {
    return this.database.sql(text, ...values)
  }

  /** More schedules like one of which nothing is planned yet, under the keys `copy-1`, `copy-2` … */
  async copySchedule(key: string, count: number): Promise<void> {
    const columns = `namespace, "group", origin, state, generation, cause, valid_from, revision, job, definition, terms, created_at, updated_at`
    await this.sql(
      `insert into carillon_schedules ("key", ${columns})
       select 'copy-' || i, ${columns}
       from (select a.d + 10 * b.d + 100 * c.d + 1000 * e.d as i from ${['a', 'b', 'c', 'e'].map((name) => `${DIGITS} ${name}`).join(', ')}) n
       cross join carillon_schedules where "key" = ? and i < ?`,
      key,
      count,
    )
    await this.sql(
      `insert into carillon_cursors (schedule_id, generation, next_at, terms_key)
       select copy.id, c.generation, c.next_at, c.terms_key from carillon_schedules copy
       cross join (carillon_schedules s join carillon_cursors c on c.schedule_id = s.id)
       where s."key" = ? and copy."key" like 'copy-%'`,
      key,
    )
  }

  /**
   * The ledger: `10:05 g1 planned`, `10:05 g1 superseded`, `10:05 g2 running #1 by actor-1`. Schedules are told apart by
   * their keys when there are several.
   */
  async ledger(key?: string): Promise<string[]> {
    const rows = await this.sql(
      `select s."key" as name, o.nominal_at, o.generation, o.state, o.reason, o.attempt, o.owner, o.origin, o.missed_count
       from carillon_occurrences o join carillon_schedules s on s.id = o.schedule_id
       order by s."key", o.nominal_at, o.generation`,
    )
    const hasMany = new Set(rows.map(({ name }) => name)).size > 1
    return rows
      .filter(({ name }) => key === undefined || name === key)
      .map((row) => line(row, hasMany && !key))
  }

  /** Resolves when so many sessions wait for a lock, by the word of the server. */
  async blocked(count = 1): Promise<void> {
    const waits = new Waits(() => this.#waiting())
    await until(`${count} sessions wait for a lock`, async () => (await waits.look()).length >= count)
  }

  /** What the work answers; fails when it waits for a lock on its way. */
  async unhindered<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    const waits = new Waits(() => this.#waiting())
    const waiting = await until('it is done, or waits for a lock', async () => {
      const statements = await waits.look()
      return isDone ? [] : statements.length > 0 && statements
    })
    if (waiting.length === 0) return done
    done.catch(() => {})
    throw new Error(`it waits for a lock: ${waiting.join('; ')}`)
  }

  /** The statements that wait for a lock. */
  async #waiting(): Promise<string[]> {
    if (this.kind === 'mysql') return this.#waitingOnMysql()
    const rows = await this.sql(
      `select pid, query from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    )
    return rows.map(({ pid, query }) => `${String(query)} in session ${Number(pid)}`)
  }

  /** By the engine's own report: its tables of transactions show the past to who asks for them often. */
  async #waitingOnMysql(): Promise<string[]> {
    const sessions = await this.sql(
      `select id, info from information_schema.processlist where db = database()`,
    )
    const [row] = await this.sql(`show engine innodb status`)
    const waiting = String(row!['Status'])
      .split('---TRANSACTION')
      .filter((text) => text.includes('LOCK WAIT'))
    return sessions.flatMap(({ id, info }) => {
      const transaction = waiting.find((text) => Number(/thread id (\d+)/.exec(text)?.[1]) === Number(id))
      if (transaction === undefined) return []
      const [, lock = ''] = /TO BE GRANTED:\n(.*\n.*)/.exec(transaction) ?? []
      return `${String(info)} (${lock}) in session ${Number(id)}`
    })
  }

  async end(): Promise<void> {
    for (const { stage } of this.#actors) stage.clear()
    await Promise.all(this.#actors.map((actor) => actor[Symbol.asyncDispose]()))
  }
}

function line(row: Row, hasMany: boolean): string {
  const { nominal_at, generation, state, reason, attempt, owner, origin, missed_count } = row
  const time = new Date(Number(nominal_at))
    .toISOString()
    .slice(11, -1)
    .replace(/(:00)?\.000$/, '')
  return [
    ...(hasMany ? [String(row['name'])] : []),
    time,
    `g${Number(generation)}`,
    reason ?? state,
    ...(missed_count === null ? [] : [missed_count]),
    ...(attempt === 0 ? [] : [`#${Number(attempt)}`]),
    ...(owner === null ? [] : [`by ${owner as string}`]),
    ...(origin === 'schedule' ? [] : [origin]),
  ].join(' ')
}

/** How many looks in a row must find the same wait: MariaDB queues up also for a row that it then passes over at once. */
const LOOKS = 5

/** The waits for locks that last. */
class Waits {
  readonly #ask: () => Promise<string[]>
  readonly #seen = new Map<string, number>()

  constructor(ask: () => Promise<string[]>) {
    this.#ask = ask
  }

  /** @returns the statements that wait */
  async look(): Promise<string[]> {
    const waiting = new Set(await this.#ask())
    for (const statement of this.#seen.keys()) if (!waiting.has(statement)) this.#seen.delete(statement)
    for (const statement of waiting) this.#seen.set(statement, (this.#seen.get(statement) ?? 0) + 1)
    return [...this.#seen].filter(([, looks]) => looks >= LOOKS).map(([statement]) => statement)
  }
}

const DIGITS = `(${Array.from({ length: 10 }, (_, d) => `select ${d} as d`).join(' union all ')})`

/** A new scene for each test of a block. */
export function useScene(kind: DatabaseKind): () => Scene {
  const scenes = useScenes(kind)
  let scene: Scene | undefined
  beforeEach(async () => {
    scene = await scenes.next()
  })
  return () => scene!
}

/** Scenes for the tests of a block, each of which ends the one before. */
export function useScenes(kind: DatabaseKind): { next(): Promise<Scene> } {
  const databases = databasesOn(kind)
  let scene: Scene | undefined
  const end = async () => {
    await scene?.end()
    scene = undefined
  }
  afterEach(end)
  afterAll(() => databases[Symbol.asyncDispose]())
  return {
    async next() {
      await end()
      scene = new Scene(kind, await databases.next(false))
      return scene
    },
  }
}
