import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
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
    this.#database.close()
  }
}

function adapt(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(scalar)),
    run: (parameters) => statement.run(...parameters.map(scalar)),
    iterate: (parameters) => statement.iterate(...parameters.map(scalar)) as IterableIterator<never>,
  }
}

/** `node:sqlite` takes an object in first place for named parameters and shifts the rest in silence, so none passes. */
function scalar(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint')
    return value

  throw new TypeError(`a ${typeof value} cannot be bound as an SQL parameter`)
}
