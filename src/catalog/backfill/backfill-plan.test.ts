import { describe, expect, it } from 'vitest'
import { CronExpression } from '../../cron/index.ts'
import type { OccurrenceState, SkipReason } from '../../schedule/occurrence.ts'
import type { OccurrenceRecord } from '../../store/ledger.ts'
import { decideBackfill, instantsOf, type Stretch } from './backfill-plan.ts'

const DAY = Date.UTC(2026, 5, 1)
const HOUR = 3_600_000
const hourly = new CronExpression('0 * * * *')
const half = new CronExpression('30 * * * *')
/** The hour of the day, as an instant. */
const at = (hour: number) => DAY + hour * HOUR

function row(
  hour: number,
  state: OccurrenceState,
  more: Partial<OccurrenceRecord> & { until?: number; reason?: SkipReason } = {},
): OccurrenceRecord {
  const { until, ...rest } = more
  return {
    scheduleId: 1,
    generation: 1,
    nominalAt: at(hour),
    dueAt: at(hour),
    state,
    reason: state === 'skipped' ? 'missed' : null,
    origin: 'schedule',
    queue: 'default',
    attempt: 0,
    owner: null,
    plannedAt: DAY,
    startedAt: null,
    finishedAt: null,
    error: null,
    result: null,
    missedUntil: until === undefined ? null : at(until),
    missedCount: until === undefined ? null : until - hour + 1,
    overlap: null,
    ...rest,
  }
}

/** The hours that are named, all by generation 1. */
const hours = (...list: number[]) => list.map((hour) => ({ nominalAt: at(hour), generation: 1 }))
const decide = (named: number[], rows: OccurrenceRecord[], owed: { from: number; until: number }[] = []) =>
  decideBackfill(
    hours(...named),
    rows,
    owed.map(({ from, until }) => ({ from: at(from), until: at(until), generation: 1 })),
    () => hourly,
  )
const hoursOf = (instants: readonly { nominalAt: number }[]) =>
  instants.map(({ nominalAt }) => (nominalAt - DAY) / HOUR)

describe('the instants of a backfill', () => {
  const stretches: Stretch[] = [
    { generation: 1, recurrence: hourly, from: -Infinity, until: at(3) },
    { generation: 2, recurrence: half, from: at(3), until: Infinity },
  ]
  const named = (from: number, until: number, size = 100) =>
    [...instantsOf(stretches, at(from), at(until), size)].map((step) =>
      step.map(({ nominalAt, generation }) => `${generation}@${(nominalAt - DAY) / HOUR}`),
    )

  it('are those of the generation that was in force', () => {
    expect(named(1, 5)).toEqual([['1@1', '1@2', '1@3', '2@3.5', '2@4.5']])
  })

  it('include both ends', () => {
    expect(named(2, 2)).toEqual([['1@2']])
    expect(named(3.5, 3.5)).toEqual([['2@3.5']])
  })

  it('come a few at a time', () => {
    expect(named(1, 4.5, 2)).toEqual([['1@1', '1@2'], ['1@3', '2@3.5'], ['2@4.5']])
    expect(named(1, 2, 2)).toEqual([['1@1', '1@2']])
  })

  it('are none where nothing fires', () => {
    expect(named(1.1, 1.9)).toEqual([])
  })
})

describe('what a backfill writes', () => {
  it('is what the ledger does not have', () => {
    expect(hoursOf(decide([1, 2], []).write)).toEqual([1, 2])
  })

  it.each(['planned', 'sent', 'running', 'succeeded', 'failed'] as const)(
    'is nothing that is %s',
    (state) => {
      const step = decide([1, 2], [row(2, state)])

      expect(hoursOf(step.write)).toEqual([1])
      expect(step.present).toBe(1)
      expect(step.replaced).toEqual([])
    },
  )

  it('is nothing that another generation ran', () => {
    expect(hoursOf(decide([1, 2], [row(2, 'succeeded', { generation: 7 })]).write)).toEqual([1])
  })

  it('takes the place of what was skipped', () => {
    const skipped = row(2, 'skipped', { reason: 'overlap' })
    const step = decide([1, 2], [skipped])

    expect(hoursOf(step.write)).toEqual([1, 2])
    expect(step.replaced).toEqual([skipped])
    expect(step.carved).toEqual([])
  })

  it('leaves beside it what was skipped of another generation', () => {
    const step = decide([2], [row(2, 'skipped', { reason: 'superseded', generation: 7 })])

    expect(hoursOf(step.write)).toEqual([2])
    expect(step.replaced).toEqual([])
  })

  it('is nothing that is to be caught up', () => {
    const step = decide([1, 2, 3, 4], [], [{ from: 2, until: 3 }])

    expect(hoursOf(step.write)).toEqual([1, 4])
    expect(step.present).toBe(2)
  })

  it('may be what another generation is to catch up', () => {
    const owed = [{ from: at(2), until: at(3), generation: 7 }]
    expect(hoursOf(decideBackfill(hours(2), [], owed, () => hourly).write)).toEqual([2])
  })
})

describe('a range of missed ones', () => {
  const range = row(2, 'skipped', { until: 9 })
  const carve = (...named: number[]) =>
    decide(named, [range]).carved.map(({ rest }) =>
      rest.map(({ from, until, count }) => [(from - DAY) / HOUR, (until - DAY) / HOUR, count]),
    )

  it.each([
    ['all of it', [2, 3, 4, 5, 6, 7, 8, 9], [[]]],
    ['more than it', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [[]]],
    ['its beginning', [1, 2, 3], [[[4, 9, 6]]]],
    ['its end', [8, 9, 10], [[[2, 7, 6]]]],
    [
      'some in its midst',
      [4, 5],
      [
        [
          [2, 3, 2],
          [6, 9, 4],
        ],
      ],
    ],
    ['its last one', [9], [[[2, 8, 7]]]],
    ['what lies before it', [1], []],
    ['what lies behind it', [10], []],
  ])('of which %s is made up for keeps the rest', (_, named: number[], expected) => {
    expect(carve(...named)).toEqual(expected)
  })

  it('of which the first is made up for is carved, and not replaced', () => {
    const step = decide([2], [range])
    expect(step.replaced).toEqual([])
    expect(step.carved).toHaveLength(1)
  })

  it('of another generation stays', () => {
    expect(decide([3], [{ ...range, generation: 7 }]).carved).toEqual([])
  })

  it('stays where all in it ran', () => {
    expect(decide([3], [range, row(3, 'succeeded', { generation: 2 })]).carved).toEqual([])
  })

  it('whose generation cannot be read stays', () => {
    expect(decideBackfill(hours(3), [range], [], () => undefined).carved).toEqual([])
  })
})
