import { DatabaseSync, type StatementSync } from 'node:sqlite'
import {
  CLAIM,
  constantsOf,
  insertInto,
  onConflict,
  quoted,
  type Bare,
  type BareRow,
  type Bulk,
  type BulkWrite,
} from './bare.ts'

/** SQLite through `node:sqlite` alone, with the settings that Carillon uses. */
export class BareSqlite implements Bare {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly bulkWays: Readonly<Record<string, BulkWrite>> = {
    loop: async (bulk, rows) => this.#loop(bulk, rows),
    json_each: async (bulk, rows) => this.#jsonEach(bulk, rows),
  }

  constructor(file: string) {
    this.#database = new DatabaseSync(file)
    for (const setting of ['journal_mode = wal', 'synchronous = full', 'foreign_keys = on'])
      this.#database.exec(`pragma ${setting}`)
  }

  async query(sql: string): Promise<readonly Record<string, unknown>[]> {
    return this.#prepare(sql).all()
  }

  async read(sql: string): Promise<readonly Record<string, unknown>[]> {
    return this.query(sql)
  }

  async writeOne(bulk: Bulk, row: BareRow): Promise<void> {
    this.#prepare(valuesOf(bulk)).run(...row)
  }

  async claimDue(limit: number): Promise<number> {
    const now = Date.now()
    const key = quoted(CLAIM.key)
    const claimed = this.#database.prepare(`
      update carillon_occurrences set attempt = attempt + 1, ${CLAIM.set(now)}
      where (${key}) in (
        select ${key} from carillon_occurrences where ${CLAIM.where(now)} order by due_at limit ${limit})
      returning ${key}`)
    return claimed.all().length
  }

  async settle(): Promise<void> {
    this.#database.exec('pragma wal_checkpoint(truncate)')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close()
  }

  #loop(bulk: Bulk, rows: readonly BareRow[]): void {
    this.#database.exec('begin immediate')
    const insert = this.#prepare(valuesOf(bulk))
    for (const row of rows) insert.run(...row)
    this.#database.exec('commit')
  }

  /** All rows as one JSON parameter. */
  #jsonEach(bulk: Bulk, rows: readonly BareRow[]): void {
    const values = Object.keys(bulk.columns).map((_, i) => `value ->> ${i}`)
    const text = `${insertInto(bulk)}
      select ${values.join(', ')}${constantsOf(bulk)} from json_each(?) where true${onConflict(bulk)}`
    this.#database.exec('begin immediate')
    this.#prepare(text).run(JSON.stringify(rows))
    this.#database.exec('commit')
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)))
    return statement
  }
}

function valuesOf(bulk: Bulk): string {
  const values = Object.keys(bulk.columns).map(() => '?')
  return `${insertInto(bulk)} values (${values.join(', ')}${constantsOf(bulk)})${onConflict(bulk)}`
}
