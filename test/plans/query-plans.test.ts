import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { migrate } from '../../src/sql/migrate.ts'
import { SqlDatabase } from '../../src/sql/sql-database.ts'
import { NOBODY } from '../../src/store/pause.ts'
import type { TableSet } from '../../src/store/store.ts'
import { createMariadbDatabase } from '../support/servers/mariadb-database.ts'
import { createPostgresDatabase } from '../support/servers/postgres-database.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { analyze, plansOf } from './explain.ts'
import { seed } from './seed.ts'

/**
 * No statement that runs all the time reads a table from end to end, on any database.
 *
 * `CARILLON_PLAN_DIGITS=6 npx vitest run test/plans` is the long form: a million schedules and a million occurrences.
 */
const DIGITS = Number(process.env.CARILLON_PLAN_DIGITS ?? 5)
const NOW = Date.parse('2026-06-01T10:00:00Z')

const ref = { scheduleId: 7, generation: 1, nominalAt: NOW }
const run = { ...ref, attempt: 7 }
const active = {
  validFrom: NOW,
  nextAt: NOW,
  lastAt: null,
  planned: 0,
  termsKey: '',
  flow: 0,
  group: null,
  namespace: '',
  id: 1,
  key: '',
}
/** One that has an overlap policy, and is claimed; and one that runs. */
const claimed = { ...ref, nominalAt: NOW - 60 * 600 }
const running = { scheduleId: 1_007, generation: 1, nominalAt: NOW - 10_060 * 600 }
/** One that has ended, and the filter that lets all through. */
const ended = { scheduleId: 5_007, generation: 1, nominalAt: NOW - 50_060 * 600 }
const everyRun = { namespace: 'default', until: NOW }
/** Of a late attempt, so that what was told of early ones is looked for. */
const told = { version: 3, startedAt: NOW, log: undefined, progress: { at: NOW }, mayBeKept: true }
const beginner = { owner: 'somebody', jobs: ['job-1'], leaseMs: 1_000 }
const keys = ['key-1', 'key-2', 'key-3']
const claim = {
  queue: 'default',
  jobs: ['job-1', 'job-2'],
  owner: 'me',
  aheadMs: 1_000,
  holdMs: 1_000,
  limit: 100,
}
const GROUP = { namespace: 'default', group: 'group-5' }
const PLACE = { namespace: 'default', key: 'key-5' }
const turn = {
  id: 7,
  state: 'paused',
  generation: 2,
  opened: { cause: 'paused', validFrom: NOW },
  pause: { actor: 'me', note: null, at: NOW, until: NOW, scope: GROUP, isInactive: false },
} as const
const OVERLAP = { policy: 'skip', maxRunning: 1, mutex: 'm', minimumBreakMs: 0 } as const
const OVERDUE = { dueBy: NOW - 60_000, withKnown: false, limit: 500 }
const ANSWER = { status: 200, headers: {}, body: '' }
const moves = [{ id: 7, nextAt: NOW, lastAt: NOW, planned: 1 }]

/** What runs all the time, and the index that it must go by. A primary key has no name of ours everywhere. */
const HOT: readonly [string, (tables: TableSet) => Promise<unknown>, RegExp?][] = [
  ['what happened to schedules', (t) => t.news.schedules(NOW, 100), /schedules_updated/],
  ['what has begun', (t) => t.news.begun(NOW, 100), /occurrences_leased/],
  ['what has ended', (t) => t.news.ended(NOW, 100), /occurrences_finished/],
  ['claiming a request', (t) => t.requests.claim({ id: 'x', fingerprint: 'y', claim: 'z' }, NOW)],
  ['keeping an answer', (t) => t.requests.keep({ id: 'x', fingerprint: 'y', claim: 'z' }, ANSWER)],
  ['forgetting requests', (t) => t.requests.prune(NOW, 100), /requests_claimed/],
  ['the idle probe', (t) => t.cursors.earliest(), /cursors_due/],
  ['what wakes a dispatcher', (t) => t.pauses.probe(), /(?=.*cursors_due)(?=.*schedules_paused)/],
  ['pauses that have ended', (t) => t.operating.ended(NOW, 100), /schedules_paused/],
  ['pauses that cover a group', (t) => t.pauses.cover('default', ['group-5'], NOW)],
  ['holding some that are free', (t) => t.operating.lockFree([7, 8])],
  [
    'who is to be paused of a group',
    (t) => t.operating.members({ scope: GROUP, which: 'to-pause', endsAt: null }, PLACE, 100),
    /schedules_(group|key)/,
  ],
  ['who is paused of a group', (t) => t.operating.members({ scope: GROUP, which: 'paused' }, PLACE, 100)],
  ['pausing some', (t) => t.operating.turn([turn, { ...turn, id: 8 }], NOBODY, NOW)],
  ['keeping generations', (t) => t.generations.keep([7, 8])],
  ['forgetting what was planned', (t) => t.cursors.forgetPlanned([{ id: 7, withdrawn: 1, lastAt: NOW }])],
  [
    'withdrawing from many',
    (t) => t.ledger.withdraw([7, 8, 9], 'paused', NOW),
    /occurrences_(open|finished)/,
  ],
  ['the last that was kept of many', (t) => t.ledger.lastKept([7, 8, 9])],
  ['a page of changes', (t) => t.changes.list(7, 100, 10)],
  ['what came after a change', (t) => t.changes.after(7, 3)],
  ['reading what is due', (t) => t.cursors.due(NOW, 100), /cursors_due/],
  ['moving cursors', (t) => t.cursors.move(moves)],
  ['locking one cursor', (t) => t.cursors.lock(7)],
  ['looking for broken ones', (t) => t.schedules.broken(NOW + 1, 100), /schedules_broken/],
  ['finding by key', (t) => t.schedules.find('default', 'key-5')],
  ['locking many by key', (t) => t.schedules.lockMany('default', keys)],
  ['paging', (t) => t.schedules.list({ namespace: 'default', afterKey: 'key-5', limit: 10 })],
  [
    'paging through a group',
    (t) => t.schedules.list({ namespace: 'default', group: 'group-5', afterKey: 'key-5', limit: 10 }),
    /schedules_group/,
  ],
  ['paging through all', (t) => t.pages.active(undefined, { ...active, id: 500 }, 10)],
  ['paging through the active', (t) => t.pages.active('default', { ...active, key: 'key-5' }, 10)],
  ['the next due instant', (t) => t.runs.nextDue('default', ['job-1']), /occurrences_claimable/],
  ['claiming', (t) => t.runs.claim(claim, NOW), /occurrences_claimable/],
  ['claiming in turn', (t) => t.runs.overdueInTurn(claim, 3, NOW), /occurrences_flows/],
  ['claiming what was found', (t) => t.runs.claimThese([ref], claim, NOW)],
  ['giving back', (t) => t.runs.release([ref], 'somebody')],
  ['beginning', (t) => t.fence.begin([ref], 'somebody', NOW, 1_000)],
  [
    'beginning what was sent',
    (t) => t.fence.beginSent([{ ...ref, attempt: 0 }], ['job-1'], 'somebody', NOW, 1_000),
  ],
  ['taking up to send', (t) => t.outbox.take('default', 'somebody', NOW, 10), /occurrences_claimable/],
  ['confirming', (t) => t.outbox.confirm([{ ...ref, attempt: 0, dueAt: NOW, job: '' }], 'somebody', NOW)],
  ['what falls due of what was sent', (t) => t.outbox.nextDue('mail', NOW), /occurrences_(leased|claimable)/],
  ['all of it', (t) => t.outbox.dueBetween('mail', NOW, NOW + 2_000, 100), /occurrences_(leased|claimable)/],
  ['what a queue has lost', (t) => t.outbox.forget('mail', 10), /occurrences_(leased|claimable)/],
  ['what is to be withdrawn', (t) => t.outbox.withdrawals('mail', 10), /withdrawals_queue/],
  ['heartbeats', (t) => t.runs.heartbeat([run], 'somebody', NOW, 1_000)],
  [
    'finishing',
    (t) =>
      t.runs.finish(
        [{ run, isGuarded: true, outcome: { kind: 'succeeded', result: null } }],
        'somebody',
        NOW,
      ),
  ],
  ['how the last runs ended', (t) => t.runs.lastEnds({ id: 7, generation: 1 }, 3)],
  ['what is to have ended', (t) => t.expectations.due(NOW, 500), /expectations_due/],
  ['what was told to be absent', (t) => t.expectations.told(500), /expectations_(told|due)/],
  ['telling', (t) => t.expectations.tell([{ ...ref, expectedAt: NOW }], 'me', NOW)],
  ['expectations that were met', (t) => t.expectations.forget([ref])],
  ['another expectation', (t) => t.expectations.renew(7, 1_000), /occurrences_(open|finished)/],
  ['forgetting what was told', (t) => t.expectations.prune(NOW - 99_000, 100), /expectations_(told|due)/],
  ['what waits for too long', (t) => t.overdue.waiting(OVERDUE), /occurrences_claimable/],
  ['what was sent and never came', (t) => t.overdue.sent(OVERDUE), /occurrences_(sent|claimable)/],
  ['what nobody planned', (t) => t.overdue.cursors(OVERDUE), /cursors_due/],
  ['what of it is open', (t) => t.overdue.open([ref])],
  ['keeping what a run told', (t) => t.details.write([{ run, told }], 'somebody', NOW)],
  ['reading what a run told', (t) => t.details.of(ref)],
  ['reading one run', (t) => t.listing.find('default', ref)],
  ['the next expiry', (t) => t.runs.nextExpiry(), /occurrences_leased/],
  [
    'deciding whose turn it is',
    (t) => t.turns.begin([claimed], beginner, async () => NOW),
    /(?=.*turns_guard)(?=.*occurrences_(open|finished))/,
  ],
  ['ending a turn', async (t) => t.turns.end(await t.turns.holdOf([running]), [running], NOW), /turns_guard/],
  ['on which runs guards have left marks', (t) => t.turns.markedAmong([ref])],
  [
    'another overlap policy',
    (t) => t.turnMoves.move({ ...PLACE, id: 7 }, OVERLAP),
    /occurrences_(open|finished)/,
  ],
  ['reaping', (t) => t.runs.reap(NOW, 10), /occurrences_leased/],
  ['withdrawing', (t) => t.ledger.withdraw([7], 'deleted', NOW), /occurrences_(open|finished)/],
  ['a page of history', (t) => t.ledger.history({ scheduleIds: [7], until: NOW, limit: 50 })],
  [
    'a page of the history with filters',
    (t) =>
      t.ledger.history({
        scheduleIds: [7],
        from: NOW - 86_400_000,
        until: NOW,
        limit: 50,
        states: ['failed'],
        origins: ['schedule'],
        errorCodes: ['RUN_TIMEOUT'],
      }),
  ],
  [
    'a page of all runs',
    (t) => t.listing.step({ namespace: 'default', until: NOW }, undefined, 50),
    /(?=.*occurrences_listed)(?=.*occurrences_(open|finished))/,
  ],
  [
    'a later page of the failed ones',
    (t) => t.listing.step({ ...everyRun, states: ['failed'] }, ended, 50),
    /occurrences_listed/,
  ],
  [
    'the runs of a job in a large group',
    (t) => t.listing.step({ ...everyRun, group: 'group-5', job: 'job-1' }, ended, 50),
    /occurrences_listed/,
  ],
  ['the runs of a small group', (t) => t.listing.step({ ...everyRun, group: 'few' }, ended, 50)],
  ['the last that was kept', (t) => t.ledger.lastKept([7])],
  ['whether anything is open', (t) => t.ledger.hasOpen(7), /occurrences_(open|finished)/],
  ['what may be removed', (t) => t.removals.page(500, 10)],
  ['writing down what may be removed', (t) => t.removals.add([7, 8])],
  ['finding a token', (t) => t.tokens.find('token-7')],
  ['writing down its use', (t) => t.tokens.use('token-7', NOW, NOW - 60_000)],
  ['pruning', (t) => t.ledger.prune(NOW - 500_000 * 600, 100), /occurrences_finished/],
  ['pruning the deleted', (t) => t.schedules.prune(NOW, 100), /schedules_deleted/],
]

const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())

describe.each([
  ['SQLite', async () => `sqlite:${folder.file('plans.db')}`],
  ['PostgreSQL', () => createPostgresDatabase(inject('postgresAddress'))],
  ['MariaDB', () => createMariadbDatabase(inject('mariadbAddress'))],
])('on %s, no hot statement scans a table', (_, address) => {
  let database: SqlDatabase
  beforeAll(async () => {
    database = await SqlDatabase.open(await address())
    await migrate(database)
    await seed(database.kysely, DIGITS, NOW)
    await analyze(database)
  }, 900_000)
  afterAll(() => database?.close())

  it.each(HOT)('%s', async (name, work, index) => {
    const plans = await plansOf(database, work)

    const told = plans.map(({ sql, text }) => `${sql}\n${text}`).join('\n\n')
    expect(
      plans.flatMap(({ scanned }) => scanned),
      told,
    ).toEqual([])
    if (index !== undefined) expect(plans.flatMap(({ indexes }) => indexes).join(' '), told).toMatch(index)
    const asksForDetails = plans.filter(({ sql }) => sql.includes('run_details')).length
    if (!/told|pruning$/.test(name)) expect(asksForDetails, 'what tells nothing costs nothing').toBe(0)
    expect(plans.length, `${name} sends statements`).toBeGreaterThan(0)
  })
})
