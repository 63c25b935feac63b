import type { Backend } from './backend.ts'
import { DEFAULT_TABLE_PREFIX } from './schema.ts'

/** What a column holds. */
export type ColumnKind =
  /** A number that the database gives, which identifies the row. */
  | 'id'
  /** A whole number up to 2^53: an instant, an id. */
  | 'big'
  /** A small whole number. */
  | 'count'
  /** Text of at most 255 characters, compared by code point. */
  | 'name'
  /** A word of ours: at most 20 plain letters. */
  | 'word'
  /** What stands for a longer text: 27 characters of base64url. */
  | 'digest'
  /** Text of any length. */
  | 'text'

export interface TableDefinition {
  /** The name without its prefix. */
  readonly name: string
  /** `name: kind`, `name: kind?` for one that may be null, `name: kind = 0` with a default. */
  readonly columns: Readonly<Record<string, `${ColumnKind}${'' | '?' | ' = 0'}`>>
  /** Left out when one column is an `id`. */
  readonly primaryKey?: readonly string[]
  /** The columns that no two rows have the same, as the index `…_key`. */
  readonly unique?: readonly string[]
  readonly indexes?: readonly IndexDefinition[]
}

export interface IndexDefinition {
  /** The name without the table's. */
  readonly name: string
  readonly columns: readonly string[]
  /** The rows that it covers, where the database can leave some out. */
  readonly where?: string
  /** The columns of the index where it cannot; none when another index serves there, since it ends with the primary key. */
  readonly wholeColumns?: readonly string[]
}

/** The languages differ in their types, and MySQL has no partial indexes and no transactions around DDL. */
interface Language {
  readonly types: Readonly<Record<ColumnKind, string>>
  readonly quote: string
  readonly end: (table: TableDefinition) => string
  /** Whether indexes are part of the table's own statement, so that a table is there whole or not at all. */
  readonly indexesInside: boolean
}

/** The statements that create a table with its indexes, in the language of a database. */
export function createTable(table: TableDefinition, { flavor, schema, tablePrefix }: Place): string[] {
  const language = languageOf(flavor)
  const quoted = (name: string) => `${language.quote}${name}${language.quote}`
  const list = (names: readonly string[]) => names.map(quoted).join(', ')
  const full = (name: string) =>
    (schema === undefined ? '' : `${quoted(schema)}.`) + quoted(tablePrefix + name)
  // Where an index belongs to its table alone, its name need not tell whose it is.
  const prefix = language.indexesInside ? DEFAULT_TABLE_PREFIX : tablePrefix
  const indexName = (name: string) => quoted(`${prefix}${table.name}_${name}`)

  const lines = Object.entries(table.columns).map(
    ([name, column]) => `${quoted(name)} ${columnType(column, language)}`,
  )
  if (table.primaryKey !== undefined) lines.push(`primary key (${list(table.primaryKey)})`)
  if (table.unique !== undefined) lines.push(`constraint ${indexName('key')} unique (${list(table.unique)})`)
  const indexes = table.indexes ?? []
  if (language.indexesInside) {
    const whole = indexes.filter(({ wholeColumns }) => wholeColumns?.length !== 0)
    lines.push(
      ...whole.map(
        (index) => `index ${indexName(index.name)} (${list(index.wholeColumns ?? index.columns)})`,
      ),
    )
  }

  const exists = language.indexesInside ? 'if not exists ' : ''
  const create = `create table ${exists}${full(table.name)} (\n  ${lines.join(',\n  ')}\n)${language.end(table)}`
  if (language.indexesInside) return [create]

  return [
    create,
    ...indexes.flatMap((index) => createIndex(table.name, index, { flavor, schema, tablePrefix })),
  ]
}

/** The statement that adds an index to a table that is there; none where another index serves in its place. */
export function createIndex(
  table: string,
  { name, columns, where, wholeColumns }: IndexDefinition,
  { flavor, schema, tablePrefix }: Place,
): string[] {
  const { quote, indexesInside } = languageOf(flavor)
  if (indexesInside && wholeColumns?.length === 0) return []
  const quoted = (text: string) => `${quote}${text}${quote}`
  const prefix = indexesInside ? DEFAULT_TABLE_PREFIX : tablePrefix
  const full = (schema === undefined ? '' : `${quoted(schema)}.`) + quoted(tablePrefix + table)
  const rows = where === undefined || indexesInside ? '' : ` where ${where}`
  const list = (indexesInside ? (wholeColumns ?? columns) : columns).map(quoted).join(', ')
  return [`create index ${quoted(`${prefix}${table}_${name}`)} on ${full} (${list})${rows}`]
}

/** The statement that adds a column, which may be null, to a table that is there. */
export function addColumn(table: string, name: string, kind: ColumnKind, place: Place): string {
  const { types, quote } = languageOf(place.flavor)
  const quoted = (text: string) => `${quote}${text}${quote}`
  const schema = place.schema === undefined ? '' : `${quoted(place.schema)}.`
  return `alter table ${schema}${quoted(place.tablePrefix + table)} add column ${quoted(name)} ${types[kind]}`
}

/** The statement that adds a column of whole numbers, 0 at first, to a table that is there. */
export function addNumber(table: string, name: string, place: Place, kind: 'big' | 'count' = 'big'): string {
  return `${addColumn(table, name, kind, place)} not null default 0`
}

/** The statement that puts a row of numbers into a table, unless it is there. */
export function insertRow(table: string, row: Readonly<Record<string, number>>, place: Place): string {
  const { quote, indexesInside } = languageOf(place.flavor)
  const quoted = (text: string) => `${quote}${text}${quote}`
  const schema = place.schema === undefined ? '' : `${quoted(place.schema)}.`
  const ignore = indexesInside ? ' ignore' : ''
  const into = `${schema}${quoted(place.tablePrefix + table)} (${Object.keys(row).map(quoted).join(', ')})`
  return `insert${ignore} into ${into} values (${Object.values(row).join(', ')})`
}

export type Place = Pick<Backend, 'flavor' | 'schema' | 'tablePrefix'>

function columnType(column: string, { types }: Language): string {
  const { kind, isNull, value } = /^(?<kind>\w+)(?<isNull>\?)?(?: = (?<value>\d+))?$/.exec(column)!.groups!
  if (kind === 'id') return types.id
  const given = value === undefined ? '' : ` default ${value}`
  return types[kind as ColumnKind] + (isNull === undefined ? ' not null' : '') + given
}

function languageOf(flavor: Place['flavor']): Language {
  switch (flavor.kind) {
    case 'sqlite':
      return {
        types: {
          id: 'integer primary key autoincrement',
          big: 'integer',
          count: 'integer',
          name: 'text',
          word: 'text',
          digest: 'text',
          text: 'text',
        },
        quote: '"',
        end: ({ columns, primaryKey }) =>
          hasOwnRowid(columns, primaryKey) ? ' strict' : ' strict, without rowid',
        indexesInside: false,
      }
    case 'postgres':
      return {
        types: {
          id: 'bigint generated by default as identity primary key',
          big: 'bigint',
          count: 'integer',
          // By code point in any locale, as everywhere else.
          name: 'varchar(255) collate "C"',
          word: 'varchar(20) collate "C"',
          digest: 'varchar(27) collate "C"',
          text: 'text',
        },
        quote: '"',
        end: () => '',
        indexesInside: false,
      }
    case 'mysql': {
      const text = `character set utf8mb4 collate ${flavor.collation}`
      return {
        types: {
          id: 'bigint auto_increment primary key',
          big: 'bigint',
          count: 'int',
          name: `varchar(255) ${text}`,
          word: 'varchar(20) character set ascii collate ascii_bin',
          digest: 'varchar(27) character set ascii collate ascii_bin',
          text: `longtext ${text}`,
        },
        quote: '`',
        end: () => ' engine = innodb',
        indexesInside: true,
      }
    }
  }
}

/** A table whose key is one whole number is its own index by it; any other is clustered by its key. */
function hasOwnRowid(
  columns: TableDefinition['columns'],
  primaryKey: TableDefinition['primaryKey'],
): boolean {
  if (primaryKey === undefined) return true
  return primaryKey.length === 1 && columns[primaryKey[0]!]!.startsWith('big')
}
