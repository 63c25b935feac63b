import { sql, type CompiledQuery } from 'kysely'
import { EVERYTHING } from '../../src/store/reach.ts'
import { TableSet } from '../../src/store/store.ts'
import type { Flavor } from '../../src/sql/flavor.ts'
import type { Sql, SqlDatabase } from '../../src/sql/sql-database.ts'

/** How the database carries out one statement, in its own words and in what we look at. */
export interface StatementPlan {
  readonly sql: string
  readonly text: string
  /** Our tables that it reads from one end to the other. */
  readonly scanned: readonly string[]
  /** The indexes that it goes by. */
  readonly indexes: readonly string[]
}

/**
 * Runs `work` in a transaction that is undone, and explains each statement that it sent, as the database would carry it
 * out with these very values.
 */
export async function plansOf(
  database: SqlDatabase,
  work: (tables: TableSet) => Promise<unknown>,
): Promise<StatementPlan[]> {
  const plans: StatementPlan[] = []
  const undo = new Error('undo')
  try {
    await database.kysely.transaction().execute(async (transaction) => {
      const queries: CompiledQuery[] = []
      const listened = transaction.withPlugin({
        transformQuery: ({ node }) => node,
        transformResult: async ({ result }) => result,
      })
      const executor = listened.getExecutor()
      const compile = executor.compileQuery.bind(executor)
      executor.compileQuery = (node, id) => {
        const query = compile(node, id)
        queries.push(query)
        return query
      }
      await work(new TableSet(listened, database, { senders: new Map(), reach: EVERYTHING }))
      for (const query of queries) plans.push(await explain(transaction, database.flavor, query))
      throw undo
    })
  } catch (error) {
    if (error !== undo) throw error
  }
  return plans
}

async function explain(kysely: Sql, flavor: Flavor, query: CompiledQuery): Promise<StatementPlan> {
  const prefix = {
    sqlite: 'explain query plan ',
    postgres: 'explain (format json) ',
    mysql: 'explain format=traditional ',
  }[flavor.kind]
  const { rows } = await kysely.executeQuery<Record<string, unknown>>({ ...query, sql: prefix + query.sql })
  switch (flavor.kind) {
    case 'sqlite':
      return { sql: query.sql, ...readSqlite(rows as { detail: string }[]) }
    case 'postgres':
      return { sql: query.sql, ...readPostgres(rows[0]!['QUERY PLAN']) }
    case 'mysql':
      return { sql: query.sql, ...readMysql(rows) }
  }
}

function readSqlite(rows: readonly { detail: string }[]) {
  const details = rows.map(({ detail }) => detail)
  return {
    text: details.join('\n'),
    // What a statement brings along itself, a row list or a subquery's few rows, may be scanned.
    scanned: details.filter((detail) => /^SCAN (o|s|c|t|g|e|carillon_\w+)\b(?!.*USING)/.test(detail)),
    indexes: details.flatMap((detail) => /INDEX (\w+)|PRIMARY KEY/.exec(detail)?.slice(0, 2).at(-1) ?? []),
  }
}

interface PostgresNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly Plans?: readonly PostgresNode[]
}

function readPostgres(plan: unknown) {
  const text = typeof plan === 'string' ? plan : JSON.stringify(plan)
  const nodes: PostgresNode[] = []
  const walk = (node: PostgresNode) => {
    nodes.push(node)
    node.Plans?.forEach(walk)
  }
  for (const { Plan } of JSON.parse(text) as { Plan: PostgresNode }[]) walk(Plan)
  return {
    text,
    scanned: nodes
      .filter((node) => node['Node Type'] === 'Seq Scan')
      .map((node) => node['Relation Name'] ?? '?'),
    indexes: nodes.flatMap((node) => node['Index Name'] ?? []),
  }
}

function readMysql(rows: readonly Record<string, unknown>[]) {
  const ours = rows.filter(({ table }) => /^(o|s|c|t|g|e|carillon_\w+)$/.test(String(table)))
  return {
    text: rows.map((row) => JSON.stringify(row)).join('\n'),
    scanned: ours.filter(({ type }) => type === 'ALL' || type === 'index').map(({ table }) => String(table)),
    indexes: ours.map(({ key }) => String(key)),
  }
}

/** Lets the database know what it holds, as it does by itself after a while. */
export async function analyze({ kysely, flavor }: SqlDatabase): Promise<void> {
  const tables = [
    'schedules',
    'cursors',
    'occurrences',
    'guards',
    'turns',
    'removals',
    'changes',
    'pauses',
    'expectations',
    'run_details',
  ].map((name) => `carillon_${name}`)
  const statement = flavor.kind === 'mysql' ? 'analyze table' : 'analyze'
  for (const table of tables) await sql`${sql.raw(statement)} ${sql.table(table)}`.execute(kysely)
}
