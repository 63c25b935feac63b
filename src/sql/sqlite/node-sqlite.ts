import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import type { SqliteDatabase, SqliteStatement } from 'kysely'

const CACHED_STATEMENTS = 200

/** Node's own SQLite in the shape that Kysely's SQLite driver expects, with prepared statements kept for reuse. */
export class NodeSqlite implements SqliteDatabase {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(file: string) {
    this.#database = new DatabaseSync(file)
  }

  exec(sql: string): void {
    this.#database.exec(sql)
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known

    const statement = adapt(this.#database.prepare(sql))
    if (this.#statements.size >= CACHED_STATEMENTS) this.#statements.clear()
    this.#statements.set(sql, statement)
    return statement
  }

  close(): void {
    this.#statements.clear()
    if (this.#database.isOpen) this.#database.close()
  }
}

function adapt(statement: StatementSync): SqliteStatement {
  let columns = statement.columns().map(({ name }) => name)
  // As arrays: the row objects that node:sqlite makes are slow to make and slow to read.
  statement.setReturnArrays(true)
  return {
    reader: columns.length > 0,
    all: (parameters) => {
      const rows = statement.all(...parameters.map(scalar)) as unknown as SQLOutputValue[][]
      // `select *` has grown, since another process has migrated the table.
      if (rows.length > 0 && rows[0]!.length !== columns.length)
        columns = statement.columns().map(({ name }) => name)
      return rows.map((values) => toRow(columns, values))
    },
    run: (parameters) => statement.run(...parameters.map(scalar)),
    iterate: (parameters) => iterate(statement, columns, parameters.map(scalar)),
  }
}

function* iterate(
  statement: StatementSync,
  columns: readonly string[],
  parameters: SQLInputValue[],
): IterableIterator<never> {
  for (const values of statement.iterate(...parameters) as Iterable<unknown>) {
    yield toRow(columns, values as SQLOutputValue[]) as never
  }
}

function toRow(
  columns: readonly string[],
  values: readonly SQLOutputValue[],
): Record<string, SQLOutputValue> {
  const row: Record<string, SQLOutputValue> = {}
  for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[i]!
  return row
}

/** `node:sqlite` takes an object in first place for named parameters and shifts the rest in silence, so none passes. */
function scalar(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint')
    return value

  throw new TypeError(`a ${typeof value} cannot be bound as an SQL parameter`)
}
