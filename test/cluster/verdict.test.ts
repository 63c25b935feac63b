import { expect, it } from 'vitest'
import type { LoggedEvent } from './member-process.ts'
import { judge, type Evidence, type LedgerRow } from './verdict.ts'

const LEASE_MS = 2_000

const row: LedgerRow = {
  key: 'a',
  id: '1-1-1000',
  nominalAt: 1_000,
  state: 'succeeded',
  reason: null,
  attempt: 2,
  failures: 0,
  lost: 1,
  owner: 'second#1',
  startedAt: 3_010,
  finishedAt: 3_030,
  error: null,
}
const event = { id: row.id, nominalAt: row.nominalAt }
const first: LoggedEvent = {
  ...event,
  event: 'begin',
  attempt: 1,
  member: 'first',
  startedAt: 1_005,
  at: 1_010,
}
const second: LoggedEvent = {
  ...event,
  event: 'begin',
  attempt: 2,
  member: 'second',
  startedAt: 3_010,
  at: 3_015,
}
const end: LoggedEvent = { ...event, event: 'end', attempt: 2, member: 'second', at: 3_020 }

/** An occurrence whose first server was killed over it. */
const sound: Evidence = {
  expected: new Map([['a', [1_000]]]),
  rows: [row],
  events: [first, second, end],
  killedAt: new Map([['first', 1_011]]),
  leaseMs: LEASE_MS,
}

it('finds no fault with what began again when its lease was lost', () => {
  const { problems, counts } = judge(sound)
  expect(problems).toEqual([])
  expect(counts).toMatchObject({ 'begun again': 1, '  its member was killed at work': 1 })
})

it('takes an attempt that was aborted for one that was given back', () => {
  const abort: LoggedEvent = { ...event, event: 'abort', attempt: 1, member: 'first', at: 1_900 }
  const again = { ...second, startedAt: 2_000, at: 2_010 }
  expect(
    judge({ ...sound, rows: [{ ...row, lost: 0 }], events: [first, abort, again, end] }).problems,
  ).toEqual([])
})

it.each<[string, Partial<Evidence>]>([
  ['1 missing', { rows: [], events: [] }],
  ['1 missing', { expected: new Map([['a', [1_000, 2_000]]]) }],
  ['1 double', { rows: [row, { ...row, id: '1-2-1000' }] }],
  ['1 not expected', { expected: new Map() }],
  ['1 not succeeded', { rows: [{ ...row, state: 'planned' }] }],
  ['1 never begun', { events: [] }],
  ['1 ran and is not in the ledger', { events: [first, second, end, { ...first, id: '9-1-1000' }] }],
  ['1 begun early', { events: [{ ...first, at: 999 }, second, end] }],
  ['1 begun again without a higher attempt', { events: [first, { ...first, at: 4_000 }, second, end] }],
  ['1 begun again within the lease', { events: [first, { ...second, startedAt: 3_004 }, end] }],
  ['1 succeeded without the end', { events: [first, second] }],
  ['1 succeeded under the name of another', { rows: [{ ...row, owner: 'first#1' }] }],
  ['1 begun more or less often', { rows: [{ ...row, lost: 0 }] }],
])('finds: %s', (problem, planted) => {
  const { problems } = judge({ ...sound, ...planted })
  expect(problems.map((text) => text.slice(0, problem.length))).toContain(problem)
})
