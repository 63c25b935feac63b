import { DatabaseSync } from 'node:sqlite'
import { temporaryFolder } from './temporary-folder.ts'
import type { Row, TestDatabase, TestDatabases, Value } from './test-database.ts'

/** A file for each test. */
export class SqliteDatabases implements TestDatabases {
  #folder: Disposable | undefined

  async next(): Promise<TestDatabase> {
    await this[Symbol.asyncDispose]()
    const folder = temporaryFolder()
    this.#folder = folder
    return new SqliteTestDatabase(folder.file('carillon.db'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#folder?.[Symbol.dispose]()
  }
}

class SqliteTestDatabase implements TestDatabase {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  get address(): string {
    return `sqlite:${this.#file}`
  }

  // Opened for each statement, so that nothing of it is left when a test looks at the file itself.
  async sql(text: string, ...values: readonly Value[]): Promise<Row[]> {
    using database = new DatabaseSync(this.#file)
    return database.prepare(text).all(...values)
  }

  async tables(): Promise<string[]> {
    const rows = await this.sql(`select name from sqlite_schema where type = 'table' order by name`)
    return rows.map(({ name }) => String(name))
  }
}
