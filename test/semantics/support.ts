import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { afterEach, beforeEach, expect, vi } from 'vitest'
import {
  Carillon,
  defineJob,
  type CarillonOptions,
  type Catalog,
  type JobContext,
  type Occurrence,
} from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'

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

/** A database file and a clock for each test, and the processes that share them. */
export class World {
  clock = new ManualClock(instant('10:00'))
  file = ''
  begun: Begun[] = []
  #opened: Carillon[] = []

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

  /** One more process on the same file. */
  async open(options: Partial<CarillonOptions> = {}): Promise<Carillon> {
    const cron = await Carillon.open({
      database: `sqlite:${this.file}`,
      clock: this.clock,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
      jobs: [this.note],
      ...options,
    })
    this.#opened.push(cron)
    return cron
  }

  /** Looks into the file, or tampers with it, behind Carillon's back. */
  sql(text: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    const database = new DatabaseSync(this.file)
    try {
      return database.prepare(text).all(...values)
    } finally {
      database.close()
    }
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

  /** Everything that the file holds, to show that a refused call wrote nothing. */
  dump(): unknown {
    const tables = this.sql(`select name from sqlite_schema where type = 'table' order by name`)
    return tables.map(({ name }) => [name, this.sql(`select * from "${String(name)}"`)])
  }

  /** Copies a schedule to other keys, faster than by calls; what it has planned is not copied. */
  copy(keys: readonly string[]): void {
    this.sql(
      `insert into carillon_schedules (namespace, key, "group", origin, state, generation, revision, job,
         definition, created_at, updated_at)
       select namespace, new.value, "group", origin, state, generation, revision, job, definition, created_at,
         updated_at
       from carillon_schedules, json_each(?) as new`,
      JSON.stringify(keys),
    )
    this.sql(
      `insert into carillon_cursors (schedule_id, next_at)
       select id, (select next_at from carillon_cursors) from carillon_schedules
       where id not in (select schedule_id from carillon_cursors)`,
    )
  }

  /** The server that holds the earliest occurrence that has not ended. */
  get holder(): unknown {
    return this.sql(
      `select owner from carillon_occurrences where finished_at is null order by due_at limit 1`,
    )[0]?.['owner']
  }

  begin(): void {
    this.file = join(mkdtempSync(join(tmpdir(), 'carillon-')), 'carillon.db')
    this.clock = new ManualClock(instant('10:00'))
    this.begun = []
  }

  async end(): Promise<void> {
    let isClosed = false
    const closing = Promise.all(this.#opened.map((cron) => cron.close())).then(() => (isClosed = true))
    this.#opened = []
    // Handlers that never end hold a stop up until the grace is over.
    await this.clock.advance('10m')
    try {
      await until(() => isClosed)
      await closing
      expect(this.clock.pending, 'nothing may wait for the clock when all is closed').toEqual([])
    } finally {
      rmSync(join(this.file, '..'), { recursive: true })
    }
  }
}

/** A new world for each test of the file. */
export function useWorld(): World {
  const world = new World()
  beforeEach(() => world.begin())
  afterEach(() => world.end())
  return world
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
 * when it takes too long.
 */
export async function until(isSo: () => boolean): Promise<void> {
  await vi.waitUntil(isSo, { timeout: 3_000, interval: 5 })
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
