import { describe, expect, it } from 'vitest'
import { Crash } from './support/stage.ts'
import { DATABASES, instant, SERVERS, useScene, type Scene } from './support/scene.ts'

const COMMIT = /^commit/
const MOVING_CURSORS = /update .*carillon_cursors/
/** More schedules than the two batches that a pass has under way take up, and fewer than three do. */
const TWO_BATCHES = 6_000

const planned = (count: number) => ({ planned: count, missed: 0, broken: 0 })

/** Schedules that are stored and that no pass has seen yet. */
async function storeNew(scene: Scene, count: number): Promise<void> {
  const [actor] = await scene.actors()
  await actor.catalogAhead(0).schedule({ key: 'k', cron: '5 10 * * *', job: 'note' })
  await scene.copySchedule('k', count - 1)
}

/** What is in the ledger, in all, and of different schedules. */
async function totals(scene: Scene): Promise<unknown> {
  const [row] = await scene.sql(
    `select count(*) as total, count(distinct schedule_id) as schedules from carillon_occurrences
     where state = 'planned'`,
  )
  return row
}

describe.each(DATABASES)('the first pass over new schedules, on %s', (kind) => {
  const scene = useScene(kind)

  it('leaves nothing to the pass of another process', async () => {
    const [one, two] = await scene().actors()
    await storeNew(scene(), 3)

    expect(await one.pass()).toEqual(planned(3))
    expect(await two.pass()).toEqual(planned(0))
    expect(await totals(scene())).toEqual({ total: 3, schedules: 3 })
  })

  it('shares the work with another that runs at the same time', async () => {
    const [one, two] = await scene().actors()
    await storeNew(scene(), TWO_BATCHES)

    const reports = await Promise.all([one.pass(), two.pass(), one.pass(), two.pass()])
    expect(reports.reduce((sum, report) => sum + report.planned, 0)).toBe(TWO_BATCHES)
    expect(await totals(scene())).toEqual({ total: TWO_BATCHES, schedules: TWO_BATCHES })
  })
})

describe.each(SERVERS)('a batch that is not committed, on %s', (kind) => {
  const scene = useScene(kind)

  it.each([
    { when: 'before it has written anything', at: /^insert into carillon_occurrences/ },
    { when: 'before it has moved the cursors', at: MOVING_CURSORS },
    { when: 'before its commit', at: COMMIT },
  ])('is neither waited for nor done again by another pass: $when', async ({ at }) => {
    const [one, two] = await scene().actors()
    await storeNew(scene(), 3)
    const stop = one.stage.stop({ at, after: /carillon_cursors .*skip locked/ })
    const first = one.pass()
    await stop.reached

    expect(await scene().unhindered(two.pass())).toEqual(planned(0))
    await scene().unhindered(two.catalogAhead(0).schedule({ key: 'new', cron: '5 10 * * *', job: 'note' }))
    expect(await scene().unhindered(two.pass())).toEqual(planned(1))

    stop.go()
    expect(await first).toEqual(planned(3))
    expect(await two.pass()).toEqual(planned(0))
    expect(await totals(scene())).toEqual({ total: 4, schedules: 4 })
  })

  it.each([
    { when: 'before it has moved the cursors', at: MOVING_CURSORS },
    { when: 'before its commit', at: COMMIT },
  ])('is done by the next pass when its process dies $when', async ({ at }) => {
    const [one, two] = await scene().actors()
    await storeNew(scene(), 3)
    const stop = one.stage.stop({ at, after: /carillon_cursors .*skip locked/ })
    const first = one.pass()
    await stop.reached
    expect(await scene().unhindered(two.pass())).toEqual(planned(0))

    stop.crash()
    await expect(first).rejects.toThrow(Crash)
    expect(await two.pass()).toEqual(planned(3))
    expect(await totals(scene())).toEqual({ total: 3, schedules: 3 })
  })

  it('leaves what goes beyond it to another pass', async () => {
    const [one, two] = await scene().actors()
    await storeNew(scene(), TWO_BATCHES)
    // A large pass has two batches under way.
    const stops = [1, 2].map(() => one.stage.stop({ at: COMMIT, after: MOVING_CURSORS }))
    const first = one.pass()
    await Promise.all(stops.map(({ reached }) => reached))

    const rest = await scene().unhindered(two.pass())
    expect(rest.planned).toBeGreaterThan(0)
    for (const stop of stops) stop.go()
    expect(await first).toEqual(planned(TWO_BATCHES - rest.planned))
    expect(await totals(scene())).toEqual({ total: TWO_BATCHES, schedules: TWO_BATCHES })
  })

  it('writes beside another one that is not committed either, whichever ends first', async () => {
    const [one, two] = await scene().actors()
    await storeNew(scene(), TWO_BATCHES)
    const cue = { at: /^insert into carillon_occurrences/, after: /carillon_cursors .*skip locked/ }
    const [stopOne, stopTwo] = [one.stage.stop(cue), two.stage.stop(cue)]
    const first = one.pass()
    await stopOne.reached
    const second = two.pass()
    await stopTwo.reached

    const endOne = one.stage.stop({ at: COMMIT, after: MOVING_CURSORS })
    stopOne.go()
    await scene().unhindered(endOne.reached)
    stopTwo.go()
    const rest = await scene().unhindered(second)
    endOne.go()
    expect(await first).toEqual(planned(TWO_BATCHES - rest.planned))
    expect(await totals(scene())).toEqual({ total: TWO_BATCHES, schedules: TWO_BATCHES })
  })

  it('keeps its schedules from a pass that has set out before it was committed', async () => {
    const [one, two] = await scene().actors()
    await storeNew(scene(), 3)
    const stop = two.stage.stop({ at: /carillon_cursors .*skip locked/ })
    const second = two.pass()
    await stop.reached

    expect(await one.pass()).toEqual(planned(3))
    stop.go()
    expect(await second).toEqual(planned(0))
    expect(await totals(scene())).toEqual({ total: 3, schedules: 3 })
  })

  it('does not make a new schedule wait, nor one that is being stored a pass', async () => {
    const [one, two] = await scene().actors()
    await storeNew(scene(), 3)
    const batch = one.stage.stop({ at: COMMIT, after: MOVING_CURSORS })
    const first = one.pass()
    await batch.reached

    const storing = two.stage.stop({ at: COMMIT, after: /^insert into carillon_schedules/ })
    const stored = two.catalog.schedule({ key: 'new', cron: '5 10 * * *', job: 'note' })
    await scene().unhindered(storing.reached)
    const three = await scene().actor()
    expect(await scene().unhindered(three.pass())).toEqual(planned(0))

    storing.go()
    await stored
    batch.go()
    expect(await first).toEqual(planned(3))
    expect(await totals(scene())).toEqual({ total: 4, schedules: 4 })
  })

  it('is told as missed once, when it comes late', async () => {
    const [one, two] = await scene().actors()
    await one.catalogAhead(0).schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    scene().clock.jumpTo(instant('10:12'))
    const stop = one.stage.stop({ at: COMMIT, after: MOVING_CURSORS })
    const first = one.pass()
    await stop.reached
    expect(await scene().unhindered(two.pass())).toEqual(planned(0))

    scene().clock.jumpTo(instant('10:17'))
    stop.go()
    expect(await first).toEqual({ planned: 2, missed: 2, broken: 0 })
    expect(await two.pass()).toEqual(planned(1))
    expect(await scene().ledger()).toEqual([
      '10:05 g1 missed 2',
      '10:15 g1 planned',
      '10:20 g1 planned',
      '10:25 g1 planned',
    ])
  })
})
