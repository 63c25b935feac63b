import { sql, type Selectable } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor, Piece, RowColumns } from '../sql/flavor.ts'
import type { RunDetailsTable } from '../sql/schema.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { RunError } from './ledger.ts'
import { IS_REF, refList, toRef } from './occurrence-refs.ts'
import { pieces, type RunRef } from './run-end.ts'
import type { KeptLog, KeptProgress, ToldDetails } from './told-details.ts'

/** What was told of an attempt, to be written. */
export interface RunDetailsWrite {
  readonly run: RunRef
  readonly told: ToldDetails
  /** What the attempt ended with, if it failed. */
  readonly error?: RunError | undefined
}

/** What is kept of an attempt. */
export interface AttemptRecord {
  readonly attempt: number
  readonly server: string
  readonly startedAt: Instant
  readonly log: KeptLog | null
  readonly progress: KeptProgress | null
  readonly error: RunError | null
}

/** Of how many attempts at an occurrence, the last ones, details are kept. */
const KEPT_ATTEMPTS = 5

const TABLE = 'carillon_run_details'
const COLUMNS = {
  attempt: 'integer',
  version: 'integer',
  server: 'text',
  started_at: 'integer',
  written_at: 'integer',
  log: 'text',
  progress: 'text',
  error: 'text',
} as const satisfies RowColumns
const KEY = ['schedule_id', 'nominal_at', 'generation'] as const

/**
 * What handlers have told of their runs, in rows of its own: a run that tells nothing has none. The attempt is part of
 * the key, so a server that lost its lease cannot write over what its successor told.
 *
 * @see docs/design/run-details.md
 */
export class RunDetails {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** Writes what was told of attempts whose occurrences are there, unless something newer is. */
  async write(details: readonly RunDetailsWrite[], server: string, now: Instant): Promise<void> {
    const rows = details.map(({ told, run, error }) => [
      run.attempt,
      told.version,
      server,
      told.startedAt,
      now,
      textOf(told.log),
      textOf(told.progress),
      textOf(error),
    ])
    for (const [from, to] of pieces(rows)) {
      const piece = details.slice(from, to)
      await this.#insert(this.#list(piece, rows.slice(from, to)))
      const again = [...piece.keys()].filter((i) => piece[i]!.told.mayBeKept)
      if (again.length > 0)
        await this.#update(
          this.#list(
            again.map((i) => piece[i]!),
            again.map((i) => rows[from + i]!),
          ),
        )
    }
    await this.#forgetEarly(details.map(({ run }) => run))
  }

  #list(details: readonly RunDetailsWrite[], rows: readonly (readonly (number | string | null)[])[]): Piece {
    const refs = details.map(({ run }) => run)
    return refList(this.#flavor, refs, COLUMNS, (i) => rows[i]!)
  }

  async #insert(list: Piece): Promise<void> {
    const columns = [...KEY, ...Object.keys(COLUMNS)]
    const values = sql.join(columns.map((name) => sql.ref(`r.${name}`)))
    // What is pruned already gets no rows that nobody would ever find.
    const there = this.#flavor.lookUp('carillon_occurrences', 'o', 'primary')
    await this.#flavor
      .insertMissing(
        TABLE,
        columns,
        sql`select ${values} from ${list} as r ${there} on ${IS_REF} where 1 = 1`,
      )
      .execute(this.#sql)
  }

  async #update(rows: Piece): Promise<void> {
    const set = Object.fromEntries(
      ['version', 'written_at', 'log', 'progress', 'error'].map((name) => [name, sql.ref(`r.${name}`)]),
    )
    const where = sql`${IS_REF} and o.attempt = r.attempt and o.version < r.version`
    await this.#flavor.update({ table: TABLE, rows, where, set }).execute(this.#sql)
  }

  /** Removes what was told of attempts that are long past. */
  async #forgetEarly(runs: readonly RunRef[]): Promise<void> {
    const late = runs.filter(({ attempt }) => attempt > KEPT_ATTEMPTS)
    if (late.length === 0) return

    const list = refList(this.#flavor, late, { last: 'integer' }, (i) => [late[i]!.attempt - KEPT_ATTEMPTS])
    const { rows } = await sql<KeyColumns>`
      select o.schedule_id, o.generation, o.nominal_at, o.attempt
      from ${list} as r ${this.#flavor.lookUp(TABLE, 'o', 'primary')} on ${IS_REF}
      where o.attempt <= r.last`.execute(this.#sql)
    if (rows.length === 0) return
    const early = refList(this.#flavor, rows.map(toRef), { attempt: 'integer' }, (i) => [rows[i]!.attempt])
    await this.#flavor
      .delete({ table: TABLE, primaryKey: [...KEY, 'attempt'], rows: early })
      .execute(this.#sql)
  }

  /** What was told of an occurrence, by attempt: of the last ones. */
  async of({ scheduleId, generation, nominalAt }: OccurrenceRef): Promise<AttemptRecord[]> {
    const rows = await this.#sql
      .selectFrom(TABLE)
      .selectAll()
      .where('schedule_id', '=', scheduleId)
      .where('nominal_at', '=', nominalAt)
      .where('generation', '=', generation)
      .orderBy('attempt', 'desc')
      .limit(KEPT_ATTEMPTS)
      .execute()
    return rows.toReversed().map(toAttempt)
  }
}

type KeyColumns = Pick<RunDetailsTable, 'schedule_id' | 'generation' | 'nominal_at' | 'attempt'>

function textOf(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value)
}

function toAttempt(row: Selectable<RunDetailsTable>): AttemptRecord {
  return {
    attempt: row.attempt,
    server: row.server,
    startedAt: row.started_at,
    log: row.log === null ? null : (JSON.parse(row.log) as KeptLog),
    progress: row.progress === null ? null : (JSON.parse(row.progress) as KeptProgress),
    error: row.error === null ? null : (JSON.parse(row.error) as RunError),
  }
}
