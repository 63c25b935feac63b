import { termsKey } from '../../src/store/stored-terms.ts'
import { afterAll, afterEach, beforeEach, expect, inject, vi } from 'vitest'
import {
  Carillon,
  defineJob,
  type CarillonOptions,
  type Catalog,
  type JobContext,
  type Occurrence,
} from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'
import type { Row, TestDatabase, Value } from '../support/test-database.ts'
import { testDatabases, type DatabaseKind } from '../support/test-databases.ts'

const DAY = '2026-06-01'

/** A time of the day on which all these tests begin, a Monday, in UTC: `instant('10:05')`, `instant('10:05:30')`. */
export function instant(time: string): number {
  return Date.parse(`${DAY}T${time}Z`)
}

/** The reverse of `instant`, as short as it can be; other days are written in full. */
export function time(when: Date | number): string {
  const iso = new Date(when).toISOString()
  const short = iso.replace(/(:00)?\.000Z$/, '').replace(/Z$/, '')
  return short.startsWith(DAY) ? short.slice(11) : short
}

/** One beginning of a handler. */
export interface Begun {
  readonly at: string
  readonly key: string
  readonly attempt: number
  readonly context: JobContext
}

/** A definition as it is stored: in full, and what passes plan from. */
export interface Stored {
  readonly definition: string
  readonly terms: string
}

/** A database and a clock for each test, and the processes that share them. */
export class World {
  clock = new ManualClock(instant('10:00'))
  begun: Begun[] = []
  #database: TestDatabase | undefined
  #opened: Carillon[] = []

  get database(): TestDatabase {
    if (this.#database === undefined) throw new Error('there is a database only while a test runs')
    return this.#database
  }

  /** A job that only writes down that it began. */
  get note() {
    return defineJob('note', { handle: (context) => this.record(context) })
  }

  record(context: JobContext): void {
    const { key, attempt } = context.occurrence
    this.begun.push({ at: time(this.clock.now()), key, attempt, context })
  }

  /** What began so far, as `10:05 a`, with `#2` for a second attempt. */
  get beginnings(): string[] {
    return this.begun.map(({ at, key, attempt }) => `${at} ${key}${attempt === 1 ? '' : ` #${attempt}`}`)
  }

  /** One more process on the same database. */
  async open(options: Partial<CarillonOptions> = {}): Promise<Carillon> {
    const cron = await Carillon.open({
      database: this.database.address,
      clock: this.clock,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
      jobs: [this.note],
      ...options,
    })
    this.#opened.push(cron)
    return cron
  }

  /** Looks into the database, or tampers with it, behind Carillon's back; as `TestDatabase.sql`. */
  async sql(text: string, ...values: Value[]): Promise<Row[]> {
    return this.database.sql(text, ...values)
  }

  /** A job whose beginnings are recorded. */
  job(name: string, handle: (context: JobContext) => unknown) {
    return defineJob(name, {
      handle: (context) => {
        this.record(context)
        return handle(context)
      },
    })
  }

  /** Everything that the database holds, to show that a refused call wrote nothing. */
  async dump(): Promise<unknown> {
    const content: [string, Row[]][] = []
    for (const name of await this.database.tables())
      content.push([name, await this.sql(`select * from "${name}"`)])
    return content
  }

  /** What is stored of when a schedule runs and what it does. */
  async stored(key: string): Promise<Stored> {
    const [row] = await this.sql(`select definition, terms from carillon_schedules where "key" = ?`, key)
    return { definition: String(row?.['definition']), terms: String(row?.['terms']) }
  }

  /** Changes that behind Carillon's back. */
  async tamper(key: string, change: (stored: Stored) => Stored): Promise<void> {
    const { definition, terms } = change(await this.stored(key))
    await this.sql(
      `update carillon_cursors set terms_key = ?
       where schedule_id = (select id from carillon_schedules where "key" = ?)`,
      termsKey(terms),
      key,
    )
    await this.sql(
      `update carillon_schedules set definition = ?, terms = ? where "key" = ?`,
      definition,
      terms,
      key,
    )
  }

  /** The server that holds the earliest occurrence that has not ended. */
  async holder(): Promise<unknown> {
    const [first] = await this.sql(
      `select owner from carillon_occurrences where finished_at is null order by due_at limit 1`,
    )
    return first?.['owner']
  }

  begin(database: TestDatabase): void {
    this.#database = database
    this.clock = new ManualClock(instant('10:00'))
    this.begun = []
  }

  async end(): Promise<void> {
    let isClosed = false
    const closing = Promise.all(this.#opened.map((cron) => cron.close())).then(() => (isClosed = true))
    this.#opened = []
    // Handlers that never end hold a stop up until the grace is over.
    await this.clock.advance('10m')
    await until(() => isClosed)
    await closing
    expect(this.clock.pending, 'nothing may wait for the clock when all is closed').toEqual([])
  }
}

/**
 * A new world for each test of the file.
 *
 * @param isNew whether the database must not have been used by an earlier test, and has no tables
 */
export function useWorld({ isNew = false } = {}): World {
  const world = new World()
  const databases = testDatabases()
  beforeEach(async () => world.begin(await databases.next(isNew)))
  afterEach(() => world.end())
  afterAll(() => databases[Symbol.asyncDispose]())
  return world
}

/** Whether the tests run on one of these kinds of databases. */
export function isOn(...kinds: readonly DatabaseKind[]): boolean {
  return kinds.includes(inject('database'))
}

/** The whole ledger of a schedule, planned ones included, oldest first. */
export async function occurrences(catalog: Catalog, key: string): Promise<Occurrence[]> {
  const history = await catalog.history(key, { limit: 1_000, until: '2190-01-01T00:00:00Z' })
  return history.toSorted(
    (a, b) => a.nominalAt.getTime() - b.nominalAt.getTime() || a.generation - b.generation,
  )
}

/**
 * The ledger in a form to compare: `10:05 planned`, `10:06 planned catch-up`, `10:07 superseded`,
 * `10:02..10:05 missed 4`.
 */
export async function ledger(catalog: Catalog, key: string): Promise<string[]> {
  return (await occurrences(catalog, key)).map(line)
}

function line({ nominalAt, state, reason, origin, missed }: Occurrence): string {
  const range = missed !== undefined && missed.count > 1 ? `..${time(missed.until)}` : ''
  const parts = [`${time(nominalAt)}${range}`, reason ?? state]
  if (range !== '') parts.push(String(missed?.count))
  if (origin !== 'schedule' && reason !== 'missed') parts.push(origin)
  return parts.join(' ')
}

/** Everything that an iteration yields. */
export async function collect<T>(iteration: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of iteration) all.push(item)
  return all
}

/**
 * Waits for what does not hang on the test's clock, such as that one process notices what another one wrote. Fails
 * when it takes too long; MySQL sends no signals, so there a process looks every five seconds.
 */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const timeout = isOn('mysql') ? 12_000 : 3_000
  await vi.waitUntil(isSo, { timeout, interval: 5 })
}

/** A promise that is settled from outside. */
export function gate(): PromiseWithResolvers<void> {
  return Promise.withResolvers<void>()
}

/** Rejects with the signal's reason once it is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
