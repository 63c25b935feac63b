import { expect, it } from 'vitest'
import type { AuditRow } from './audit.ts'
import type { LoggedNote } from './event-log.ts'
import type { GenerationRow, LedgerRow } from './ledger.ts'
import { judge, type Evidence } from './verdict.ts'

const ID = '1-1-1000'

const row: LedgerRow = {
  id: ID,
  scheduleId: 1,
  generation: 1,
  nominalAt: 1_000,
  state: 'succeeded',
  reason: null,
  origin: 'schedule',
  attempt: 2,
  failures: 0,
  lost: 1,
  owner: 'second#1',
  error: null,
  missedUntil: null,
}
const generation: GenerationRow = {
  scheduleId: 1,
  key: 'a',
  generation: 1,
  plans: true,
  recurrence: { kind: 'every', everyMs: 1_000, anchor: 0 },
  from: 0,
  to: Infinity,
}

function step(seq: number, at: number, kind: AuditRow['kind'], changed: Partial<AuditRow> = {}): AuditRow {
  return {
    seq,
    at,
    scheduleId: 1,
    generation: 1,
    id: ID,
    kind,
    attempt: 1,
    owner: 'first#1',
    origin: 'schedule',
    dueAt: 1_000,
    leaseUntil: null,
    failures: 0,
    lost: 0,
    inForce: kind === 'begin' ? true : null,
    ...changed,
  }
}
const SENT = step(1, 500, 'confirm')
const FIRST = step(2, 1_001, 'begin')
const BACK = step(3, 3_500, 'return', { leaseUntil: 3_001, lost: 1 })
const SECOND = step(4, 4_000, 'begin', { attempt: 2, owner: 'second#1', lost: 1 })
const END = step(5, 4_031, 'end', { attempt: 2, owner: 'second#1', lost: 1 })

const sending: LoggedNote = { event: 'sent', ids: [`${ID}-1`], member: 'first', at: 499 }
const first: LoggedNote = {
  event: 'begin',
  id: ID,
  attempt: 1,
  dueAt: 1_000,
  key: 'a',
  member: 'first',
  at: 1_002,
}
const second: LoggedNote = { ...first, attempt: 2, member: 'second', at: 4_001 }
const end: LoggedNote = { event: 'end', id: ID, attempt: 2, member: 'second', at: 4_030 }
const abort: LoggedNote = { event: 'abort', id: ID, attempt: 1, member: 'first', at: 2_000 }

/** An occurrence that was sent, whose first server was killed over it. */
const sound: Evidence = {
  until: 1_000,
  rows: [row],
  generations: [generation],
  audit: [SENT, FIRST, BACK, SECOND, END],
  notes: [sending, first, second, end],
  quiet: [],
  killedAt: new Map([['first', 1_100]]),
}

/** Its server was killed, and when that was noticed its schedule had changed. */
const overtaken: Partial<Evidence> = {
  rows: [{ ...row, state: 'failed', error: 'LEASE_LOST', attempt: 1, owner: 'first#1' }],
  generations: [{ ...generation, to: 3_500 }],
  audit: [SENT, FIRST, step(3, 3_506, 'end', { leaseUntil: 3_001, lost: 1 })],
  notes: [sending, first],
}

const withdrawn: Partial<Evidence> = {
  rows: [{ ...row, state: 'skipped', reason: 'paused', attempt: 0, lost: 0, owner: null }],
  generations: [{ ...generation, to: 1_500 }],
  audit: [SENT, step(2, 1_501, 'skip')],
  notes: [sending],
}

it('finds no fault with what began again when its lease was lost', () => {
  const { problems, counts } = judge(sound)
  expect(problems).toEqual([])
  expect(counts).toMatchObject({ succeeded: 1, begun: 2, 'begun again after a kill': 1, lost: 0, doubled: 0 })
})

it('takes an attempt that was aborted for one that was given back', () => {
  const { problems, counts } = judge({
    ...sound,
    rows: [{ ...row, lost: 0 }],
    audit: [SENT, FIRST, { ...BACK, leaseUntil: 9_000, lost: 0 }, { ...SECOND, lost: 0 }, END],
    notes: [sending, first, abort, second, end],
  })
  expect(problems).toEqual([])
  expect(counts).toMatchObject({ 'begun again, given back': 1 })
})

it.each([
  ['failed', overtaken],
  ['withdrawn', withdrawn],
])('judges by when it was written whether what has %s came after the change', (_, evidence) => {
  expect(judge({ ...sound, ...evidence }).problems).toEqual([])
})

it('counts as missed what a range of the ledger covers', () => {
  const range = { ...row, state: 'skipped', reason: 'missed', missedUntil: 3_000 }
  const { problems, counts } = judge({ ...sound, until: 3_000, rows: [range], audit: [], notes: [] })
  expect(problems).toEqual([])
  expect(counts).toMatchObject({ missed: 2, 'occurrences planned': 0 })
})

it.each<[string, Partial<Evidence>]>([
  ['1 not in the ledger', { until: 2_000 }],
  ['1 still planned', { rows: [{ ...row, state: 'planned' }] }],
  ['1 failed:', { rows: [{ ...row, state: 'failed', error: 'HANDLER_FAILED' }] }],
  ['1 failed though it was to begin again', { ...overtaken, generations: [generation] }],
  ['1 withdrawn without a change', { ...withdrawn, generations: [generation] }],
  ['1 withdrawn without a change', { ...withdrawn, audit: [SENT, step(2, 1_499, 'skip')] }],
  ['1 succeeded, and its handler has not ended well', { notes: [sending, first, second] }],
  ['1 succeeded under the name of another', { rows: [{ ...row, owner: 'first#1' }] }],
  [
    '1 begun though its generation was not',
    { audit: [SENT, FIRST, BACK, { ...SECOND, inForce: false }, END] },
  ],
  ['1 begun with an attempt that is not', { audit: [SENT, FIRST, BACK, { ...SECOND, attempt: 3 }, END] }],
  ['1 begun again while it ran', { audit: [SENT, FIRST, SECOND, END] }],
  ['1 taken back before its lease', { audit: [SENT, FIRST, { ...BACK, leaseUntil: 3_501 }, SECOND, END] }],
  ['1 given back while it ran', { audit: [SENT, FIRST, { ...BACK, lost: 0 }, { ...SECOND, lost: 0 }, END] }],
  ['1 a handler was called that the ledger', { notes: [sending, first, { ...second, attempt: 3 }, end] }],
  ['1 a handler was called elsewhere', { notes: [sending, { ...first, member: 'third' }, second, end] }],
  ['1 begun early', { notes: [sending, { ...first, at: 999 }, second, end] }],
  ['2 a handler was called twice', { notes: [sending, first, first, second, end] }],
  ['1 confirmed before it was sent', { notes: [first, second, end] }],
  ['1 begun though it was paused', { quiet: [{ key: 'a', from: 3_900, to: 4_100 }] }],
])('finds: %s', (problem, planted) => {
  const { problems } = judge({ ...sound, ...planted })
  expect(problems.map((text) => text.slice(0, problem.length))).toContain(problem)
})
