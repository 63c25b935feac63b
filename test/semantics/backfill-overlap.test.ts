import { describe, expect, it } from 'vitest'
import type { Duration } from '../../src/clock/duration.ts'
import { waitUntil } from '../../src/clock/wait.ts'
import type { BackfillOptions, ScheduleOptions } from '../../src/index.ts'
import { Work } from './overlap-support.ts'
import { instant, ledger, time, useWorld } from './support.ts'

const world = useWorld()
const work = new Work(world)
const HOURLY = { key: 'a', cron: '0 * * * *', job: 'work' } as const
const at = (text: string) => new Date(instant(text))

/** A schedule that was stored at 10:00 and not dispatched until now, so that it has missed 11:00 to 13:00. */
async function missed(options: Partial<ScheduleOptions>, takes: Duration = '30s', now = '13:30') {
  const cron = await world.open({ ahead: '1m', interval: '1m', jobs: [work.thatTakes(takes)] })
  await cron.schedule({ ...HOURLY, ...options })
  world.clock.jumpTo(instant(now))
  await cron.dispatch()
  await cron.start()
  return cron
}

interface Backfilled {
  readonly name: string
  readonly policy: Partial<ScheduleOptions>
  readonly overlap?: BackfillOptions['overlap']
  /** What happens until 13:32, to three runs that are due one second after the other. */
  readonly happens: readonly string[]
  /** What becomes of those that did not run. */
  readonly skipped?: readonly string[]
}

const ALL_BEGIN = [
  '13:30 begins 11:00',
  '13:30:01 begins 12:00',
  '13:30:02 begins 13:00',
  '13:30:30 ends 11:00',
  '13:30:31 ends 12:00',
  '13:30:32 ends 13:00',
]
const ONE_BY_ONE = [
  '13:30 begins 11:00',
  '13:30:30 ends 11:00',
  '13:30:30 begins 12:00',
  '13:31 ends 12:00',
  '13:31 begins 13:00',
  '13:31:30 ends 13:00',
]

const BACKFILLS: readonly Backfilled[] = [
  { name: 'without a policy they begin whatever runs', policy: {}, happens: ALL_BEGIN },
  { name: 'by the policy of the schedule they wait', policy: { overlap: 'replace' }, happens: ONE_BY_ONE },
  {
    name: 'queue-all where the schedule has no policy: one after the other',
    policy: {},
    overlap: 'queue-all',
    happens: ONE_BY_ONE,
  },
  {
    name: 'queue-one: one waits',
    policy: {},
    overlap: 'queue-one',
    happens: ['13:30 begins 11:00', '13:30:30 ends 11:00', '13:30:30 begins 12:00', '13:31 ends 12:00'],
    skipped: ['13:00 overlap backfill'],
  },
  {
    name: 'skip: none waits, although those of the schedule do',
    policy: { overlap: 'queue-all' },
    overlap: 'skip',
    happens: ['13:30 begins 11:00', '13:30:30 ends 11:00'],
    skipped: ['12:00 overlap backfill', '13:00 overlap backfill'],
  },
  {
    name: 'replace: the newest ends the others',
    policy: {},
    overlap: 'replace',
    happens: [
      '13:30 begins 11:00',
      '13:30:01 is told to end: 11:00',
      '13:30:01 begins 12:00',
      '13:30:02 is told to end: 12:00',
      '13:30:02 begins 13:00',
      '13:30:32 ends 13:00',
    ],
  },
  {
    name: 'allow: they begin whatever runs, although those of the schedule wait',
    policy: { overlap: 'queue-all', minimumBreak: '10s' },
    overlap: 'allow',
    happens: ALL_BEGIN,
  },
  {
    name: 'what else the schedule says stays',
    policy: { overlap: 'skip', maxRunning: 2, minimumBreak: '10s' },
    overlap: 'queue-all',
    happens: [
      '13:30 begins 11:00',
      '13:30:01 begins 12:00',
      '13:30:30 ends 11:00',
      '13:30:31 ends 12:00',
      '13:30:41 begins 13:00',
      '13:31:11 ends 13:00',
    ],
  },
]

describe('the runs of a backfill', () => {
  it.each(BACKFILLS)('$name', async ({ policy, overlap, happens, skipped = [] }) => {
    const cron = await missed(policy)
    await cron.backfill('a', { from: at('11:00'), overlap })
    await world.clock.advanceTo(instant('13:32'))

    expect(work.happened).toEqual(happens)
    expect((await ledger(cron, 'a')).filter((line) => line.includes('overlap'))).toEqual(skipped)
  })

  it('wait for one another and for those of a schedule without a policy, which wait for nobody', async () => {
    const cron = await missed({}, '90s', '13:59:30')
    await cron.backfill('a', { from: at('12:00'), overlap: 'queue-all' })
    await world.clock.advanceTo(instant('14:02'))

    expect(work.happened).toEqual([
      '13:59:30 begins 12:00',
      '14:00 begins 14:00',
      '14:01 ends 12:00',
      '14:01:30 ends 14:00',
      '14:01:30 begins 13:00',
    ])
  })

  it('are counted by those of the schedule and of its mutex, also where they begin whatever runs', async () => {
    const cron = await missed({ overlap: 'skip', mutex: 'm' }, '90s', '13:59:30')
    await cron.schedule({ ...HOURLY, key: 'b', cron: '0 14 * * *', overlap: 'queue-all', mutex: 'm' })
    await cron.backfill('a', { from: at('13:00'), overlap: 'allow' })
    await world.clock.advanceTo(instant('14:02'))

    expect(work.happened).toEqual(['13:59:30 begins 13:00', '14:01 ends 13:00', '14:01 begins b 14:00'])
    expect(await ledger(cron, 'a')).toContain('14:00 overlap')
  })

  it('keep their policy when they are tried again', async () => {
    const job = world.job('work', async ({ occurrence: { nominalAt, attempt } }) => {
      if (time(nominalAt) === '12:00' && attempt === 1) throw new Error('not yet')
      await waitUntil(world.clock, world.clock.now() + 30_000)
    })
    const cron = await world.open({ ahead: '1m', interval: '1m', jobs: [job] })
    await cron.schedule({ ...HOURLY, retries: 1, backoff: { initial: '1500ms' } })
    world.clock.jumpTo(instant('13:30'))
    await cron.dispatch()
    await cron.start()
    await cron.backfill('a', { from: at('12:00'), overlap: 'queue-all' })
    await world.clock.advanceTo(instant('13:31'))

    expect(world.beginnings).toEqual(['13:30 a', '13:30:01 a', '13:30:31 a #2'])
  })

  it('keep it when the schedule gets another policy meanwhile', async () => {
    const cron = await missed({})
    await cron.backfill('a', { from: at('11:00'), overlap: 'queue-all' })
    await world.clock.advanceTo(instant('13:30:10'))
    await cron.patch('a', { overlap: 'skip', maxRunning: 2 })
    await world.clock.advanceTo(instant('13:31'))

    expect(work.happened).toEqual([
      '13:30 begins 11:00',
      '13:30:10 begins 12:00',
      '13:30:30 ends 11:00',
      '13:30:30 begins 13:00',
      '13:30:40 ends 12:00',
      '13:31 ends 13:00',
    ])
  })
})

describe('the report of a backfill', () => {
  it.each<[Partial<ScheduleOptions>, BackfillOptions['overlap'], object]>([
    [{}, undefined, { overlap: 'allow', maxRunning: undefined }],
    [{}, 'queue-all', { overlap: 'queue-all', maxRunning: 1 }],
    [{ overlap: 'skip', maxRunning: 4 }, undefined, { overlap: 'queue-all', maxRunning: 4 }],
    [{ overlap: 'skip', maxRunning: 4 }, 'replace', { overlap: 'replace', maxRunning: 4 }],
    [{ overlap: 'skip', maxRunning: 4 }, 'allow', { overlap: 'allow', maxRunning: undefined }],
  ])('says by which policy its runs go: %j, %s', async (policy, overlap, expected) => {
    const cron = await missed(policy)
    const before = await ledger(cron, 'a')
    const report = await cron.backfill('a', { from: at('11:00'), overlap, dryRun: true })
    expect(report).toMatchObject({ planned: 3, ...expected })
    expect(await ledger(cron, 'a')).toEqual(before)
  })
})

it('a policy of its own is told by explain', async () => {
  const cron = await missed({})
  await cron.backfill('a', { from: at('11:00'), overlap: 'skip' })
  await world.clock.advanceTo(instant('13:31'))

  const [ran, skipped] = [await cron.explain('a', at('11:00')), await cron.explain('a', at('12:00'))]
  expect(ran.text).toContain('A backfill made up for it, with overlap skip.')
  expect(skipped.text).toContain('as many runs were under way as may be (overlap skip, 1 at a time)')
})

it('a policy that there is none is refused', async () => {
  const cron = await missed({})
  const overlap = 'queue-al' as 'queue-all'
  await expect(cron.backfill('a', { from: at('11:00'), overlap })).rejects.toThrow(
    'overlap "queue-al" is not one of allow, skip, queue-one, queue-all, replace: did you mean "queue-all"?',
  )
})
