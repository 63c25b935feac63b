import type { Duration } from '../../src/clock/duration.ts'
import type { Catalog, ScheduleOptions } from '../../src/index.ts'
import { EVERY_MINUTE } from './overlap-support.ts'

const QUEUE = { overlap: 'queue-all' } as const
/** What waits shows here, and is of no other interest. */
const OLD = { ...QUEUE, mutex: 'old' } as const
const NEW = { ...QUEUE, mutex: 'new' } as const
const at = (minute: number) => ({ cron: `${minute} 10 * * *` })

/** What an edited policy comes to, for runs that are under way and for what waits. */
export interface Edited {
  readonly name: string
  /** The schedules, by key: every minute from 10:01 and without a policy where nothing else is said. */
  readonly schedules: Readonly<Record<string, Partial<ScheduleOptions>>>
  readonly takes: Duration
  /** What is edited when. */
  readonly edits: Readonly<Record<string, (cron: Catalog) => Promise<unknown>>>
  /** What happens until 10:04. */
  readonly happens: readonly string[]
}

/** Puts another policy in place of that of `a`. */
const give = (policy: Partial<ScheduleOptions>) => (cron: Catalog) =>
  cron.schedule({ ...EVERY_MINUTE, ...at(1), key: 'a', ...policy })

export const EDITS: readonly Edited[] = [
  {
    name: 'replace ends what began before it',
    schedules: { a: {} },
    takes: '90s',
    edits: { '10:01:30': (cron) => cron.patch('a', { overlap: 'replace' }) },
    happens: [
      '10:01 begins 10:01',
      '10:02 is told to end: 10:01',
      '10:02 begins 10:02',
      '10:03 is told to end: 10:02',
      '10:03 begins 10:03',
    ],
  },
  {
    name: 'what began before there was a policy calls what waits for its end',
    schedules: { a: {} },
    takes: '90s',
    edits: { '10:01:30': (cron) => cron.patch('a', QUEUE) },
    happens: ['10:01 begins 10:01', '10:02:30 ends 10:01', '10:02:30 begins 10:02'],
  },
  {
    name: 'so does each of several, and none before there is room',
    schedules: { a: { cron: '*/20 * * * * *' } },
    takes: '50s',
    edits: { '10:00:50': (cron) => cron.patch('a', { ...QUEUE, maxRunning: 1, cron: '1,3 10 * * *' }) },
    happens: [
      '10:00:20 begins 10:00:20',
      '10:00:40 begins 10:00:40',
      '10:01:10 ends 10:00:20',
      '10:01:30 ends 10:00:40',
      '10:01:30 begins 10:01',
      '10:02:20 ends 10:01',
      '10:03 begins 10:03',
      '10:03:50 ends 10:03',
    ],
  },
  {
    name: 'others that share its mutex see it, and are called',
    schedules: { a: at(1), b: { ...at(2), ...NEW } },
    takes: '90s',
    edits: { '10:01:30': give(NEW) },
    happens: ['10:01 begins 10:01', '10:02:30 ends 10:01', '10:02:30 begins b 10:02'],
  },
  {
    name: 'others that share its mutex are skipped, when they do not wait',
    schedules: { a: at(1), b: { ...at(2), overlap: 'skip', mutex: 'new' } },
    takes: '90s',
    edits: { '10:01:30': give(NEW) },
    happens: ['10:01 begins 10:01', '10:02:30 ends 10:01'],
  },
  {
    name: 'another mutex: those of the old one and of the new one wait for it',
    schedules: { a: { ...at(1), ...OLD }, b: { ...at(2), ...OLD }, c: { ...at(2), ...NEW } },
    takes: '90s',
    edits: { '10:01:30': give(NEW) },
    happens: [
      '10:01 begins 10:01',
      '10:02:30 ends 10:01',
      '10:02:30 begins b 10:02',
      '10:02:30 begins c 10:02',
    ],
  },
  {
    name: 'another mutex: what waited for the old one no longer does, and those that share it are called in time',
    schedules: { d: { ...at(1), ...OLD }, a: { ...at(2), ...OLD }, b: { ...at(3), ...OLD } },
    takes: '150s',
    edits: { '10:02:30': (cron) => cron.patch('a', NEW) },
    happens: [
      '10:01 begins d 10:01',
      '10:02:30 begins 10:02',
      '10:03:30 ends d 10:01',
      '10:03:30 begins b 10:03',
    ],
  },
  {
    name: 'a policy that is taken away: those that shared its mutex wait for what began under it',
    schedules: { a: { cron: '1,2 10 * * *', ...OLD }, b: { ...at(3), ...OLD } },
    takes: '150s',
    edits: { '10:02:30': (cron) => cron.patch('a', { overlap: 'allow' }) },
    happens: [
      '10:01 begins 10:01',
      '10:02:30 begins 10:02',
      '10:03:30 ends 10:01',
      '10:03:30 begins b 10:03',
    ],
  },
  {
    name: 'a policy that is given and taken away: the same',
    schedules: { a: at(1), b: { ...at(2), ...NEW } },
    takes: '150s',
    edits: { '10:01:20': give(NEW), '10:01:40': give({}) },
    happens: ['10:01 begins 10:01', '10:03:30 ends 10:01', '10:03:30 begins b 10:02'],
  },
  {
    name: 'a policy that is taken away while one waits for what began before it',
    schedules: { a: at(1), b: { ...at(2), ...NEW } },
    takes: '150s',
    edits: { '10:01:20': give(NEW), '10:02:40': give({}) },
    happens: ['10:01 begins 10:01', '10:03:30 ends 10:01', '10:03:30 begins b 10:02'],
  },
  {
    name: 'the break is kept after what began before there was one',
    schedules: { a: {} },
    takes: '55s',
    edits: { '10:01:30': (cron) => cron.patch('a', { ...QUEUE, minimumBreak: '20s' }) },
    happens: [
      '10:01 begins 10:01',
      '10:01:55 ends 10:01',
      '10:02:15 begins 10:02',
      '10:03:10 ends 10:02',
      '10:03:30 begins 10:03',
    ],
  },
]
