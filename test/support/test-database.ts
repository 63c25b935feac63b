export type Row = Record<string, unknown>
export type Value = string | number | null

/** A database that a test looks into, or tampers with, behind Carillon's back. */
export interface TestDatabase {
  readonly address: string

  /** Runs one statement, with `?` for each of its values and `"…"` around names that are words of SQL. */
  sql(text: string, ...values: readonly Value[]): Promise<Row[]>

  /** The names of its tables, in order. */
  tables(): Promise<string[]>
}

/** Where the tests of one file get their databases from. */
export interface TestDatabases extends AsyncDisposable {
  /**
   * A database in which nothing is stored. The one before it must not be used any more.
   *
   * @param isNew whether it must not even have tables
   */
  next(isNew: boolean): Promise<TestDatabase>
}
