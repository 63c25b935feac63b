import { sql, type RawBuilder } from 'kysely'

/** A value of a row list. */
export type RowValue = number | string | null

/**
 * The columns of a row list, by name, in the order of the values. A `name` can be compared with a column of names, a `digest`
 * with one of digests.
 */
export type RowColumns = Readonly<Record<string, 'integer' | 'name' | 'digest' | 'text'>>

/** A condition or another piece of SQL. */
export type Piece = RawBuilder<unknown>

/** An update of many rows, each with values of its own. */
export interface RowUpdate {
  /** The table that is updated; the pieces call it `o`. */
  readonly table: string
  /** The rows; the pieces call them `r`. */
  readonly rows: Piece
  /** Which rows belong together, and whatever else must be true. */
  readonly where: Piece
  /**
   * What the columns are set to. An expression may read the column that it sets, and no other one that is set: the
   * databases don't agree on the order.
   */
  readonly set: Readonly<Record<string, Piece>>
  /**
   * What to answer of the rows as they are after it, told how a column of theirs is named there; only where the flavor
   * `returns`.
   */
  readonly returning?: (column: (name: string) => Piece) => Piece
  /** Whether a crash of the server may undo it although it was committed; so it need not wait for the disk. */
  readonly isRelaxed?: boolean
}

/** A removal of many rows. */
export interface RowDelete {
  readonly table: string
  readonly primaryKey: readonly string[]
  /** The values of the primary key, in columns of the same names. */
  readonly rows: Piece
}

/**
 * How one kind of database says what all of them can do. Statements of the store are written once, with these pieces
 * in the places where the languages differ.
 */
export interface Flavor {
  readonly kind: 'sqlite' | 'postgres' | 'mysql'
  /** The collation of text columns that compares by code point and does not pad with blanks, where it must be named. */
  readonly collation?: string
  /** Whether an update can answer the rows that it has changed. */
  readonly returns: boolean
  /** Asks for the clock of the database, in epoch milliseconds. */
  readonly clockQuery: RawBuilder<{ now: number }>
  /** Appended to a SELECT, waits for its rows and holds them to the end of the transaction. */
  readonly forUpdate: Piece
  /** The same, with the rows left out that somebody else holds. */
  readonly forUpdateSkipLocked: Piece
  /** Appended to a SELECT, keeps others from changing its rows until the end of the transaction. */
  readonly forShare: Piece
  /** The same, with the rows left out that somebody else holds. */
  readonly forShareSkipLocked: Piece

  /** Answers a row when there is such a table. */
  findTable(schema: string | undefined, name: string): RawBuilder<unknown>

  /**
   * A condition on rows that are looked up by their keys, kept from the planner: it would take the rows for so few by it
   * that it finds them first, all of them, for each key anew.
   */
  afterwards(condition: Piece): Piece

  /**
   * Joins a row list to a table so that the list leads: each of its rows is looked up in an index, and no other row is
   * touched. The condition is to follow.
   *
   * @param index its name, or `primary`
   * @param partial the one that is to be used where there are partial indexes
   */
  lookUp(table: string, alias: string, index: string, partial?: string): Piece

  /**
   * Put behind the name of the table, makes a statement go by an index, where the database might not see that it should.
   *
   * @param partial the name of the index, where there are partial ones
   * @param whole the one that serves in its place where there are none
   */
  byIndex(partial: string, whole: string): Piece

  /** A number in a place that says nothing of its type. */
  integer(value: number | null): RawBuilder<number>

  /** A text in such a place. */
  text(value: string): RawBuilder<string>

  /** The larger of two numbers. */
  greater(a: Piece, b: Piece): RawBuilder<number>

  /** Whether a column has this text in it; the letters A to Z in either case. */
  contains(column: Piece, text: string): RawBuilder<boolean>

  /**
   * Rows of values as a table that a query can select from, passed in a handful of parameters however many they are:
   * neither the text of the statement nor the number of its parameters grows with them.
   */
  rowList(columns: RowColumns, rows: readonly (readonly RowValue[])[]): Piece

  /**
   * Adds rows to a table, and leaves those alone that are there.
   *
   * @param rows selects them, in the order of the columns
   */
  insertMissing(table: string, columns: readonly string[], rows: Piece): Piece

  update(update: RowUpdate): Piece

  delete(removal: RowDelete): Piece
}

/** Which rows of a table `o` and of a list `r` have the same primary key. */
export function isSameKey(primaryKey: readonly string[]): Piece {
  const pairs = primaryKey.map((name) => sql`${sql.ref(`o.${name}`)} = ${sql.ref(`r.${name}`)}`)
  return sql.join(pairs, sql` and `)
}

/** `set` as SQL, for a database that takes bare column names there. */
export function assignments(set: RowUpdate['set'], prefix = ''): Piece {
  return sql.join(
    Object.entries(set).map(([column, value]) => sql`${sql.raw(prefix)}${sql.ref(column)} = ${value}`),
  )
}
