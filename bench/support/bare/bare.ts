export type BareValue = number | string | null
export type BareRow = readonly BareValue[]

/** How rows are written: into which table, what varies from row to row, and what is the same in all of them. */
export interface Bulk {
  readonly table: string
  /** The columns that vary, in the order of a row's values. */
  readonly columns: Readonly<Record<string, 'integer' | 'text'>>
  /** The others, each as SQL. */
  readonly constants: Readonly<Record<string, string>>
  /** The unique key by which a row replaces one that is there; without it, all rows are new. */
  readonly key?: readonly string[]
}

/** Writes many rows in one transaction. */
export type BulkWrite = (bulk: Bulk, rows: readonly BareRow[]) => Promise<void>

/** A database with nothing between: the least that the same work could cost. Names are quoted by `"` everywhere. */
export interface Bare extends AsyncDisposable {
  /** Runs one statement, always on the same connection. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>

  /** Runs one query, on a pool of as many connections as Carillon has. */
  read(sql: string): Promise<readonly Record<string, unknown>[]>

  /** The plain ways to write many rows, by name; the fastest is the floor. */
  readonly bulkWays: Readonly<Record<string, BulkWrite>>

  /** Writes one row in a transaction of its own, on a pool of as many connections as Carillon has. */
  writeOne(bulk: Bulk, row: BareRow): Promise<void>

  /** Sets up to `limit` occurrences that are due to running, and answers how many there were. */
  claimDue(limit: number): Promise<number>

  /** What the database does by itself after much was written: statistics, where it keeps any, and writing it down. */
  settle(): Promise<void>
}

/** How many rows one statement takes. */
export const AT_ONCE = 1_000
/** How many connections Carillon opens by default. */
export const CONNECTIONS = 10

/** What a claim sets, and of which rows. */
export const CLAIM = {
  set: (now: number) =>
    `state = 'running', owner = 'bench', started_at = ${now}, lease_until = ${now + 30_000}`,
  where: (now: number) =>
    `queue = 'default' and state = 'planned' and lease_until is null and due_at <= ${now} and job = 'noop'`,
  key: ['schedule_id', 'nominal_at', 'generation'],
} as const

export function quoted(names: readonly string[], prefix = ''): string {
  return names.map((name) => `${prefix}"${name}"`).join(', ')
}

/** `insert into … (…)`, the varying columns before the constant ones. */
export function insertInto({ table, columns, constants }: Bulk): string {
  return `insert into ${table} (${quoted([...Object.keys(columns), ...Object.keys(constants)])})`
}

/** The constants as the end of a list of values. */
export function constantsOf({ constants }: Bulk): string {
  return Object.values(constants)
    .map((value) => `, ${value}`)
    .join('')
}

/** `on conflict … do update …`, as PostgreSQL and SQLite have it. */
export function onConflict({ columns, constants, key }: Bulk): string {
  if (key === undefined) return ''
  const others = [...Object.keys(columns), ...Object.keys(constants)].filter((name) => !key.includes(name))
  const set = others.map((name) => `"${name}" = excluded."${name}"`)
  return ` on conflict (${quoted(key)}) do update set ${set.join(', ')}`
}
