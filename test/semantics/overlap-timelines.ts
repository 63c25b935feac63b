import type { Duration } from '../../src/clock/duration.ts'
import type { ScheduleOptions } from '../../src/index.ts'

/** What a policy comes to, for a schedule of every minute from 10:01 whose runs all take as long. */
export interface Timeline {
  readonly name: string
  readonly policy: Partial<ScheduleOptions>
  readonly takes: Duration
  /** What happens until 10:06. */
  readonly happens: readonly string[]
  /** What becomes of 10:01 to 10:05. */
  readonly ledger: readonly string[]
}

export const TIMELINES: readonly Timeline[] = [
  {
    name: 'allow: each begins',
    policy: {},
    takes: '150s',
    happens: [
      '10:01 begins 10:01',
      '10:02 begins 10:02',
      '10:03 begins 10:03',
      '10:03:30 ends 10:01',
      '10:04 begins 10:04',
      '10:04:30 ends 10:02',
      '10:05 begins 10:05',
      '10:05:30 ends 10:03',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 succeeded', '10:04 running', '10:05 running'],
  },
  {
    name: 'skip: what falls due meanwhile does not run',
    policy: { overlap: 'skip' },
    takes: '90s',
    happens: [
      '10:01 begins 10:01',
      '10:02:30 ends 10:01',
      '10:03 begins 10:03',
      '10:04:30 ends 10:03',
      '10:05 begins 10:05',
    ],
    ledger: ['10:01 succeeded', '10:02 overlap', '10:03 succeeded', '10:04 overlap', '10:05 running'],
  },
  {
    name: 'queue-one: one waits, further ones do not run',
    policy: { overlap: 'queue-one' },
    takes: '150s',
    happens: ['10:01 begins 10:01', '10:03:30 ends 10:01', '10:03:30 begins 10:02'],
    ledger: ['10:01 succeeded', '10:02 running', '10:03 overlap', '10:04 planned', '10:05 overlap'],
  },
  {
    name: 'queue-all: all run, one after the other',
    policy: { overlap: 'queue-all' },
    takes: '90s',
    happens: [
      '10:01 begins 10:01',
      '10:02:30 ends 10:01',
      '10:02:30 begins 10:02',
      '10:04 ends 10:02',
      '10:04 begins 10:03',
      '10:05:30 ends 10:03',
      '10:05:30 begins 10:04',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 succeeded', '10:04 running', '10:05 planned'],
  },
  {
    name: 'replace: the one under way is told to end, the new one starts when it has gone',
    policy: { overlap: 'replace', retries: 3 },
    takes: '150s',
    happens: ['10:01', '10:02', '10:03', '10:04', '10:05'].flatMap((at, i, all) => [
      ...(i === 0 ? [] : [`${at} is told to end: ${all[i - 1]}`]),
      `${at} begins ${at}`,
    ]),
    ledger: ['10:01 failed', '10:02 failed', '10:03 failed', '10:04 failed', '10:05 running'],
  },
  {
    name: 'maxRunning: so many at the same time',
    policy: { overlap: 'skip', maxRunning: 2 },
    takes: '150s',
    happens: [
      '10:01 begins 10:01',
      '10:02 begins 10:02',
      '10:03:30 ends 10:01',
      '10:04 begins 10:04',
      '10:04:30 ends 10:02',
      '10:05 begins 10:05',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 overlap', '10:04 running', '10:05 running'],
  },
  {
    name: 'minimumBreak: what waits begins when it is over',
    policy: { overlap: 'queue-all', minimumBreak: '10s' },
    takes: '55s',
    happens: [
      '10:01 begins 10:01',
      '10:01:55 ends 10:01',
      '10:02:05 begins 10:02',
      '10:03 ends 10:02',
      '10:03:10 begins 10:03',
      '10:04:05 ends 10:03',
      '10:04:15 begins 10:04',
      '10:05:10 ends 10:04',
      '10:05:20 begins 10:05',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 succeeded', '10:04 succeeded', '10:05 running'],
  },
  {
    name: 'minimumBreak: what waits for it keeps its place, and those behind it theirs',
    policy: { overlap: 'queue-all', minimumBreak: '10s' },
    takes: '130s',
    happens: [
      '10:01 begins 10:01',
      '10:03:10 ends 10:01',
      '10:03:20 begins 10:02',
      '10:05:30 ends 10:02',
      '10:05:40 begins 10:03',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 running', '10:04 planned', '10:05 planned'],
  },
  {
    name: 'minimumBreak: what waits for it is the one that may wait',
    policy: { overlap: 'queue-one', minimumBreak: '80s' },
    takes: '45s',
    happens: [
      '10:01 begins 10:01',
      '10:01:45 ends 10:01',
      '10:03:05 begins 10:02',
      '10:03:50 ends 10:02',
      '10:05:10 begins 10:04',
      '10:05:55 ends 10:04',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 overlap', '10:04 succeeded', '10:05 overlap'],
  },
  {
    name: 'minimumBreak: what must not wait does not run',
    policy: { overlap: 'skip', minimumBreak: '10s' },
    takes: '55s',
    happens: [
      '10:01 begins 10:01',
      '10:01:55 ends 10:01',
      '10:03 begins 10:03',
      '10:03:55 ends 10:03',
      '10:05 begins 10:05',
      '10:05:55 ends 10:05',
    ],
    ledger: ['10:01 succeeded', '10:02 overlap', '10:03 succeeded', '10:04 overlap', '10:05 succeeded'],
  },
]
