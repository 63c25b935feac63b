import { DatabaseSync } from 'node:sqlite'
import type { CompiledQuery } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { migrate } from '../sql/migrate.ts'
import { SqlDatabase } from '../sql/sql-database.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { Tables } from './store.ts'

const folder = temporaryFolder()
const file = folder.file('plans.db')
const queries: CompiledQuery[] = []
const now = new ManualClock().now()
let database: SqlDatabase
let explainer: DatabaseSync

beforeAll(async () => {
  database = new SqlDatabase(`sqlite:${file}`)
  await database.prepare()
  await migrate(database)
  explainer = new DatabaseSync(file, { readOnly: true })
})
afterAll(async () => {
  explainer.close()
  await database.close()
  folder[Symbol.dispose]()
})

/** How the database would carry out each query that `work` runs. */
async function plansOf(work: (tables: Tables) => Promise<unknown>): Promise<string[]> {
  queries.length = 0
  const listened = database.kysely.withPlugin({
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
  await work(new Tables(listened, now))
  return queries.flatMap(({ sql, parameters }) =>
    explainer
      .prepare(`explain query plan ${sql}`)
      .all(...(parameters as (string | number | null)[]))
      .map((row) => String(row.detail)),
  )
}

const ref = { scheduleId: 1, generation: 1, nominalAt: now }
const claim = { queue: 'default', jobs: ['a', 'b'], owner: 'me', aheadMs: 1_000, holdMs: 1_000, limit: 10 }

describe('no hot query scans a table', () => {
  it.each<[string, (tables: Tables) => Promise<unknown>, RegExp]>([
    ['the idle probe', (t) => t.schedules.earliestCursor(), /carillon_cursors_due/],
    ['reading what is due', (t) => t.schedules.due(now, 100), /carillon_cursors_due/],
    ['looking for broken ones', (t) => t.schedules.broken(now, 100), /carillon_schedules_broken/],
    ['finding by key', (t) => t.schedules.find('default', 'k'), /namespace=\? AND key=\?/],
    [
      'paging',
      (t) => t.schedules.list({ namespace: 'default', afterKey: 'k', limit: 10 }),
      /namespace=\? AND key>\?/,
    ],
    ['the next due instant', (t) => t.runs.nextDue('default', ['a']), /carillon_occurrences_claimable/],
    ['claiming', (t) => t.runs.claim(claim, now), /carillon_occurrences_claimable/],
    ['beginning', (t) => t.runs.begin([ref], 'me', now, 1_000), /PRIMARY KEY/],
    ['heartbeats', (t) => t.runs.heartbeat('me', now, 1_000), /carillon_occurrences_leased/],
    ['the next expiry', (t) => t.runs.nextExpiry(), /carillon_occurrences_leased/],
    ['reaping', (t) => t.runs.reap(now, 10), /carillon_occurrences_leased/],
    ['withdrawing', (t) => t.ledger.withdraw(1, 'deleted', now), /carillon_occurrences_open/],
    ['pruning', (t) => t.ledger.prune(now, 10), /carillon_occurrences_finished/],
    ['pruning the deleted', (t) => t.schedules.prune(now, 10), /carillon_schedules_deleted/],
  ])('%s', async (_, work, index) => {
    const plans = await plansOf(work)

    expect(plans.join('\n')).toMatch(index)
    // What a statement brings along itself (a row list, a subquery's few rows) may be scanned.
    const scans = plans.filter((plan) => /^SCAN (o|s|carillon_\w+)\b(?!.*USING)/.test(plan))
    expect(scans).toEqual([])
  })
})
