import { describe, expect, it } from 'vitest'
import { resolveDefinition } from '../../schedule/resolve-definition.ts'
import type { ScheduleInput } from '../../schedule/schedule-input.ts'
import type { OccurrenceRecord } from '../../store/ledger.ts'
import { isWithdrawn, tellOccurrence, type Known } from './tell-occurrence.ts'

const at = (time: string) => Date.parse(`2026-06-01T${time}Z`)
const TEN = at('10:00:00')
const BERLIN = { cron: '0 12 * * *', timezone: 'Europe/Berlin' }

const PLANNED: OccurrenceRecord = {
  scheduleId: 1,
  generation: 3,
  nominalAt: TEN,
  dueAt: TEN,
  state: 'planned',
  reason: null,
  origin: 'schedule',
  queue: 'mail',
  attempt: 0,
  owner: null,
  plannedAt: at('09:50:00'),
  startedAt: null,
  finishedAt: null,
  error: null,
  result: null,
  missedUntil: null,
  missedCount: null,
  overlap: null,
}
const BEGUN = { attempt: 1, owner: 'one#1', startedAt: TEN } as const
const ENDED = { ...BEGUN, finishedAt: TEN + 1_500 } as const
const SUCCEEDED = { ...ENDED, state: 'succeeded' } as const
const MISSED = { state: 'skipped', reason: 'missed', plannedAt: at('11:00:00') } as const
const NO_PAPER = { code: 'PaperError', message: 'no paper' }

interface Given {
  /** `null` when the generation is not known. */
  readonly input?: Partial<ScheduleInput> | null
  readonly now?: number
  readonly instant?: number
}

/** Verdict, code and text, as `ran succeeded: It began …`. */
function tell(
  occurrence: Partial<OccurrenceRecord>,
  { input = BERLIN, now = at('09:55:00'), instant = TEN }: Given = {},
) {
  const resolved = input === null ? undefined : resolveDefinition({ job: 'report', ...input }, 'seed')
  const known: Known = { instant, now, generation: resolved && { definition: resolved.definition } }
  const { verdict, code, text } = tellOccurrence(known, { ...PLANNED, ...occurrence }, resolved?.recurrence)
  return `${verdict} ${code}: ${text}`
}

type Row = [name: string, occurrence: Partial<OccurrenceRecord>, text: string, given?: Given]

describe('a run', () => {
  const table: Row[] = [
    [
      'that succeeded',
      SUCCEEDED,
      'ran succeeded: It began at 2026-06-01 12:00:00 +02:00 on one#1 and succeeded after 1.5 s.',
    ],
    [
      'that succeeded at its second attempt',
      { ...SUCCEEDED, attempt: 2 },
      'ran succeeded: It began at 2026-06-01 12:00:00 +02:00, attempt 2, on one#1 and succeeded after 1.5 s.',
    ],
    [
      'whose end was before its beginning, by two clocks',
      { ...SUCCEEDED, finishedAt: TEN - 5 },
      'ran succeeded: It began at 2026-06-01 12:00:00 +02:00 on one#1 and succeeded after 0 ms.',
    ],
    [
      'of a server that nobody wrote down',
      { ...SUCCEEDED, owner: null, finishedAt: null },
      'ran succeeded: It began at 2026-06-01 12:00:00 +02:00 on an unknown server and succeeded.',
    ],
    [
      'of a generation that nobody knows any more, in UTC',
      SUCCEEDED,
      'ran succeeded: It began at 2026-06-01 10:00:00 +00:00 on one#1 and succeeded after 1.5 s.',
      { input: null },
    ],
    [
      'that failed',
      { ...ENDED, state: 'failed', error: NO_PAPER },
      'ran failed: It began at 2026-06-01 12:00:00 +02:00 on one#1 and failed after 1.5 s: PaperError, no paper.',
    ],
    [
      'that failed and nobody wrote why',
      { ...ENDED, state: 'failed' },
      'ran failed: It began at 2026-06-01 12:00:00 +02:00 on one#1 and failed after 1.5 s.',
    ],
    [
      'that failed before it began',
      { state: 'failed', error: NO_PAPER, finishedAt: TEN },
      'ran failed: It never began and failed: PaperError, no paper.',
    ],
    [
      'that is under way',
      { ...BEGUN, state: 'running' },
      'runs running: It began at 2026-06-01 12:00:00 +02:00 on one#1 and is under way.',
    ],
    ['that is planned', {}, 'will-run waiting: It is planned for 2026-06-01 12:00:00 +02:00.'],
    [
      'that is sent',
      { state: 'sent' },
      'will-run waiting: It is planned for 2026-06-01 12:00:00 +02:00. It is in the queue "mail".',
    ],
    [
      'that failed and begins again',
      { attempt: 1, dueAt: TEN + 30_000, error: NO_PAPER },
      'will-run retrying: It is to begin again at 2026-06-01 12:00:30 +02:00, attempt 2: the last one failed: no paper.',
    ],
    [
      'whose server vanished',
      { attempt: 2, state: 'sent' },
      'will-run retrying: It is to begin again at 2026-06-01 12:00:00 +02:00, attempt 3: its server vanished or stopped. It is in the queue "mail".',
    ],
  ]

  it.each<Row>(table)('%s', (_, occurrence, expected, given) => {
    expect(tell(occurrence, given)).toBe(expected)
  })

  it('that is due by now says what it waits for', () => {
    const due =
      'will-run waiting: It is due since 2026-06-01 12:00:00 +02:00 and has not begun: ' +
      'no server that takes from the queue "mail", knows the job "report" and has room is up'
    const overlap = { ...BERLIN, overlap: 'queue-one', maxRunning: 2 } as const

    expect(tell({}, { now: TEN })).toBe(`${due}.`)
    expect(tell({ state: 'sent' }, { now: TEN })).toBe(`${due}. It is in the queue "mail".`)
    expect(tell({}, { now: TEN, input: overlap })).toBe(
      `${due}, or it waits for its turn (overlap queue-one, 2 at a time).`,
    )
    const ofBackfill = (overlap: OccurrenceRecord['overlap'], input: Partial<ScheduleInput>) =>
      tell({ origin: 'backfill', overlap }, { now: TEN, input })
        .replace(due, '')
        .replace(/ A backfill .*$/, '')
    expect(ofBackfill(null, overlap)).toBe(', or it waits for its turn (overlap queue-all, 2 at a time).')
    expect(ofBackfill('queue-all', BERLIN)).toBe(
      ', or it waits for its turn (overlap queue-all, 1 at a time).',
    )
    expect(ofBackfill('allow', overlap)).toBe('.')
    expect(tell({}, { now: TEN, input: null })).toBe(
      due.replace('12:00:00 +02:00', '10:00:00 +00:00').replace('the job "report"', 'its job') + '.',
    )
  })
})

describe('how its instant came about', () => {
  const began = 'ran succeeded: It began at 2026-06-01 12:00:00 +02:00 on one#1 and succeeded after 1.5 s.'

  it('is a hand', () => {
    expect(tell({ ...SUCCEEDED, origin: 'manual', dueAt: TEN - 60_000 })).toBe(
      `${began} It was begun by hand.`,
    )
  })

  it('is a backfill, which is late on purpose', () => {
    expect(tell({ ...SUCCEEDED, origin: 'backfill', nominalAt: TEN - 90_000, dueAt: TEN - 60_000 })).toBe(
      `${began} A backfill made up for it.`,
    )
    expect(tell({ ...SUCCEEDED, origin: 'backfill', overlap: 'queue-all' })).toBe(
      `${began} A backfill made up for it, with overlap queue-all.`,
    )
  })

  it.each<[string, Partial<ScheduleInput> | null]>([
    ['a break', {}],
    ['a break', { overlap: 'skip', minimumBreak: '1m' }],
    ['its spread', { spread: '2m' }],
    ['its jitter', { jitter: '2m' }],
    ['its spread and its jitter', { spread: '1m', jitter: '2m', overlap: 'skip' }],
    ['its spread or a break', { spread: '2m', overlap: 'skip', minimumBreak: '1m' }],
    ['its spread, its jitter or a break', null],
  ])('is what delays a first attempt: %s', (by, more) => {
    const planned = { nominalAt: TEN - 90_000 }
    const given = { input: more && { ...BERLIN, ...more } }
    const due = `It is due 1m30s after the instant, by ${by}.`

    expect(tell(planned, given)).toContain(`:00. ${due}`)
    expect(tell({ ...SUCCEEDED, ...planned }, given)).toContain(`1.5 s. ${due}`)
    expect(tell({ ...SUCCEEDED, ...planned, attempt: 2 }, given)).not.toContain('It is due')
    expect(tell({ ...SUCCEEDED, ...planned, origin: 'catch-up' }, given)).not.toContain('It is due')
  })

  it.each([
    [
      '2026-03-29T01:30:00Z',
      [
        'A clock change skips the time that the expression names, so it runs 1h later by the clock on the wall.',
      ],
    ],
    ['2026-10-25T00:30:00Z', []],
    [
      '2026-10-25T01:30:00Z',
      ['It is the second of two runs at this time of day, which a clock change repeats.'],
    ],
  ])('is a clock change, or none: %s', (text, notes) => {
    const instant = Date.parse(text)
    const input = { cron: text.includes('03-29') ? '30 2 * * *' : '30 * * * *', timezone: 'Europe/Berlin' }
    const told = tell({ nominalAt: instant, dueAt: instant }, { input, instant, now: instant - 1 })
    expect(told.split('. ').slice(1)).toEqual(notes)
    expect(
      tell({ nominalAt: instant, dueAt: instant }, { input: { every: '30m' }, instant, now: instant - 1 }),
    ).not.toContain('. ')
  })
})

describe('a run that was late', () => {
  const late = { ...SUCCEEDED, startedAt: TEN + 125_000, finishedAt: TEN + 126_000 } as const
  const guarded = { ...BERLIN, overlap: 'skip', mutex: 'disk' } as const

  const table: Row[] = [
    ['by less than anybody minds', { ...late, startedAt: TEN + 1_000 }, ''],
    [
      'by a little more',
      { ...late, startedAt: TEN + 1_001 },
      'It was late by 1.0 s: no server that knows its job and had room was up before.',
    ],
    ['by two minutes', late, 'It was late by 2m5s: no server that knows its job and had room was up before.'],
    [
      'since it had failed before',
      { ...late, attempt: 2 },
      'It was late by 2m5s: earlier attempts failed, or their servers vanished.',
    ],
    [
      'since nobody had planned it',
      { ...late, plannedAt: TEN + 120_000 },
      'It was late by 2m5s: it was planned at 2026-06-01 12:02:00 +02:00 only, since no dispatcher had passed before.',
    ],
    [
      'though planned at the last moment',
      { ...late, plannedAt: TEN },
      'It was late by 2m5s: no server that knows its job and had room was up before.',
    ],
    [
      'since it waited for its turn',
      late,
      'It was late by 2m5s: it waited for its turn (overlap skip), or for a server with room.',
      { input: guarded },
    ],
    [
      'by the clock of nobody',
      late,
      'It was late by 2m5s: no server that knows its job and had room was up before.',
      { input: null },
    ],
    ['by hand', { ...late, origin: 'manual' }, 'It was begun by hand.'],
    [
      'and is under way',
      { ...late, state: 'running' },
      'It was late by 2m5s: no server that knows its job and had room was up before.',
    ],
    [
      'and failed',
      { ...late, state: 'failed' },
      'It was late by 2m5s: no server that knows its job and had room was up before.',
    ],
  ]

  it.each<Row>(table)('%s', (_, occurrence, expected, given) => {
    expect(tell(occurrence, given).split('. ').slice(1).join('. ')).toBe(expected)
  })
})

describe('a run that was not to be', () => {
  const skipped = (reason: OccurrenceRecord['reason'], more: Partial<OccurrenceRecord> = {}) => ({
    state: 'skipped' as const,
    reason,
    finishedAt: at('09:57:00'),
    ...more,
  })
  const withdrawn =
    'It had been planned by generation 3, and was withdrawn at 2026-06-01 11:57:00 +02:00: the schedule was'
  const dropped = 'It fell due while no dispatcher passed, and was dropped at 2026-06-01 13:00:00 +02:00:'
  const full = 'There was no room for it: as many runs were under way as may be'
  const guarded = { ...BERLIN, overlap: 'skip', maxRunning: 2 } as const

  const table: Row[] = [
    ['since there was no room', skipped('overlap'), `overlap: ${full}.`],
    [
      'since its policy left none',
      skipped('overlap'),
      `overlap: ${full} (overlap skip, 2 at a time).`,
      { input: guarded },
    ],
    [
      'since others had the mutex',
      skipped('overlap'),
      `overlap: ${full} (overlap skip, 2 at a time under the mutex "disk").`,
      { input: { ...guarded, mutex: 'disk' } },
    ],
    [
      'since its backfill said so',
      { ...skipped('overlap'), origin: 'backfill', overlap: 'skip' },
      `overlap: ${full} (overlap skip, 1 at a time).`,
    ],
    ['by a policy that nobody knows any more', skipped('overlap'), `overlap: ${full}.`, { input: null }],
    ['since it was changed', skipped('superseded'), `superseded: ${withdrawn} changed.`],
    ['since it was paused', skipped('paused'), `paused: ${withdrawn} paused.`],
    ['since it was deleted', skipped('deleted'), `deleted: ${withdrawn} deleted.`],
    [
      'at a time that nobody wrote down',
      skipped('paused', { finishedAt: null }),
      `paused: ${withdrawn.replace('11:57', '11:50')} paused.`,
    ],
    ['since it came too late', skipped('expired'), 'expired: It came too late to begin.'],
    ['since there were too many', skipped('quota'), 'quota: The quota of its namespace was used up.'],
    ['since somebody cancelled it', skipped('cancelled'), 'cancelled: It was cancelled.'],
    ['since nobody planned it', MISSED, `missed: ${dropped} catch-up is off.`],
    [
      'for a reason that nobody wrote down',
      { ...MISSED, reason: null },
      `missed: ${dropped} catch-up is off.`,
    ],
    [
      'by a rule that nobody knows any more',
      MISSED,
      'missed: It fell due while no dispatcher passed, and was dropped at 2026-06-01 11:00:00 +00:00.',
      { input: null },
    ],
    [
      'since it was too old to be made up for',
      MISSED,
      `missed: ${dropped} catch-up takes the newest 5 runs of the last 15m.`,
      { input: { ...BERLIN, catchUp: { within: '15m', max: 5 } } },
    ],
    [
      'since a later one was',
      MISSED,
      `missed: ${dropped} catch-up takes the latest run of the last 1h.`,
      { input: { ...BERLIN, catchUp: { within: '1h', policy: 'latest' } } },
    ],
    [
      'as one of many',
      { ...MISSED, missedUntil: at('10:40:00'), missedCount: 5 },
      `missed: ${dropped} catch-up is off. It is one of 5 from 2026-06-01 12:00:00 +02:00 to 2026-06-01 12:40:00 +02:00.`,
    ],
    [
      'as one of nobody knows how many',
      { ...MISSED, missedUntil: at('10:40:00') },
      `missed: ${dropped} catch-up is off. It is one of several from 2026-06-01 12:00:00 +02:00 to 2026-06-01 12:40:00 +02:00.`,
    ],
    [
      'as the only one of its range',
      { ...MISSED, missedUntil: TEN, missedCount: 1 },
      `missed: ${dropped} catch-up is off.`,
    ],
  ]

  it.each<Row>(table)('%s', (_, occurrence, expected, given) => {
    expect(tell(occurrence, given)).toBe(`did-not-run ${expected}`)
  })

  it('was withdrawn, if a change of the schedule took it back', () => {
    const isSo = (occurrence: Partial<OccurrenceRecord>) => isWithdrawn({ ...PLANNED, ...occurrence })
    expect((['superseded', 'paused', 'deleted'] as const).map((reason) => isSo(skipped(reason)))).toEqual([
      true,
      true,
      true,
    ])
    expect((['missed', 'overlap', null] as const).map((reason) => isSo(skipped(reason)))).toEqual([
      false,
      false,
      false,
    ])
    expect(isSo({ state: 'planned', reason: 'paused' })).toBe(false)
  })
})
