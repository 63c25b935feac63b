import type { Row, TestDatabase, TestDatabases, Value } from './test-database.ts'

/** A connection of the test's own to a database. */
export interface DatabaseSession extends AsyncDisposable {
  query(text: string, values: readonly Value[]): Promise<Row[]>
  /** An expression for the schema in which it makes tables. */
  readonly schema: string
}

/** How databases come and go on a server. */
export interface DatabaseServer {
  create(): Promise<string>
  drop(address: string): Promise<void>
  connect(address: string): Promise<DatabaseSession>
}

/** A database for all tests of a file, emptied between them: to make one takes longer than most tests. */
export class ServerDatabases implements TestDatabases {
  readonly #server: DatabaseServer
  #present: ServerTestDatabase | undefined

  constructor(server: DatabaseServer) {
    this.#server = server
  }

  async next(isNew: boolean): Promise<TestDatabase> {
    if (isNew) await this[Symbol.asyncDispose]()
    await this.#present?.clear()
    this.#present ??= await this.#create()
    return this.#present
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const present = this.#present
    if (present === undefined) return
    this.#present = undefined
    await present.session[Symbol.asyncDispose]()
    await this.#server.drop(present.address)
  }

  async #create(): Promise<ServerTestDatabase> {
    const address = await this.#server.create()
    return new ServerTestDatabase(address, await this.#server.connect(address))
  }
}

class ServerTestDatabase implements TestDatabase {
  readonly address: string
  readonly session: DatabaseSession

  constructor(address: string, session: DatabaseSession) {
    this.address = address
    this.session = session
  }

  async sql(text: string, ...values: readonly Value[]): Promise<Row[]> {
    return this.session.query(text, values)
  }

  async tables(): Promise<string[]> {
    const rows = await this.sql(
      `select table_name as name from information_schema.tables where table_schema = ${this.session.schema}`,
    )
    return rows.map(({ name }) => String(name)).toSorted()
  }

  /** Removes the rows of all tables but those that remember the migrations, and what those have put there. */
  async clear(): Promise<void> {
    for (const name of await this.tables())
      if (name.endsWith('pause_gate')) await this.sql(`update "${name}" set pauses = 0`)
      else if (!name.includes('migrations')) await this.sql(`delete from "${name}"`)
  }
}
