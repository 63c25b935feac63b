import { describe, expect, it } from 'vitest'
import type { Actor } from './support/actor.ts'
import { Crash } from './support/stage.ts'
import { DATABASES, instant, SERVERS, useScene, type Scene } from './support/scene.ts'

const TURNING = /^update .*carillon_schedules/
const STEP = { at: /^commit/, after: TURNING }
const LOOKED = { at: /^commit/, after: /carillon_pause_gate .*(share)/ }
const GROUP = { group: 'g' }

const schedule = (key: string, group = 'g') => ({ key, group, cron: '5,10 10 * * *', job: 'note' })

async function states(scene: Scene): Promise<string[]> {
  const rows = await scene.sql(`select "key" as name, state from carillon_schedules order by "key"`)
  return rows.map(({ name, state }) => `${String(name)} ${String(state)}`)
}

/** Two processes, and a schedule of a group. */
async function opened(scene: Scene): Promise<[Actor, Actor]> {
  const actors = await scene.actors()
  await actors[0].catalog.schedule(schedule('a'))
  return actors
}

describe.each(SERVERS)('a pause of many on %s', (kind) => {
  const scene = useScene(kind)

  it('waits for a creation that has looked before it began, and pauses what that creates', async () => {
    const [operator, writer] = await opened(scene())
    const stop = writer.stage.stop(LOOKED)
    const writing = writer.catalog.schedule(schedule('new'))
    await stop.reached

    const pausing = operator.catalog.pauseAll(GROUP)
    await scene().blocked()
    stop.go()
    await writing
    expect(await pausing).toEqual({ schedules: 2 })
    expect(await states(scene())).toEqual(['a paused', 'new paused'])
  })

  it('that is about to begin has a creation wait, which is stored paused', async () => {
    const [operator, writer] = await opened(scene())
    const stop = operator.stage.stop({ at: /^commit/, after: /carillon_pause_gate .*for update/ })
    const pausing = operator.catalog.pauseAll(GROUP)
    await stop.reached

    const writing = writer.catalog.schedule(schedule('new'))
    await scene().blocked()
    stop.go()
    await pausing
    expect(await writing).toMatchObject({ state: 'paused', pause: { with: { group: 'g' } } })
    expect(await states(scene())).toEqual(['a paused', 'new paused'])
  })

  it('does not miss what is resumed at the same time', async () => {
    const [operator, writer] = await opened(scene())
    await writer.catalog.pause('a')
    const stop = writer.stage.stop(LOOKED)
    const resuming = writer.catalog.resume('a')
    await stop.reached
    const pausing = operator.catalog.pauseAll(GROUP)
    await scene().blocked()
    stop.go()
    await resuming
    expect(await pausing).toEqual({ schedules: 1 })
    expect(await states(scene())).toEqual(['a paused'])
  })

  it('that ends waits for a creation that has seen it, and resumes what that stored paused', async () => {
    const [operator, writer] = await opened(scene())
    await operator.catalog.pauseAll(GROUP)
    const stop = writer.stage.stop(LOOKED)
    const writing = writer.catalog.schedule(schedule('new'))
    await stop.reached
    const resuming = operator.catalog.resumeAll(GROUP)
    await scene().blocked()
    stop.go()
    expect(await writing).toMatchObject({ state: 'paused' })
    expect(await resuming).toEqual({ schedules: 2 })
    expect(await states(scene())).toEqual(['a active', 'new active'])
  })

  it('comes back to a schedule that somebody else is at work on', async () => {
    const [operator, writer] = await opened(scene())
    await writer.catalog.schedule(schedule('b'))
    const stop = writer.stage.stop({ at: /^commit/, after: TURNING })
    const editing = writer.catalog.patch('a', { payload: 1 })
    await stop.reached
    const seen: number[] = []
    const first = Promise.withResolvers<void>()
    const pausing = operator.catalog.pauseAll({
      ...GROUP,
      onProgress({ schedules }) {
        seen.push(schedules)
        first.resolve()
      },
    })
    await first.promise
    expect(await states(scene())).toEqual(['a active', 'b paused'])
    stop.go()
    await editing
    expect(await pausing).toEqual({ schedules: 2 })
    expect(seen).toEqual([1, 2])
  })

  it('that is ended while it is still being made leaves nothing paused', async () => {
    const [operator, other] = await opened(scene())
    const stop = operator.stage.stop(STEP)
    const pausing = operator.catalog.pauseAll(GROUP)
    await stop.reached
    const resuming = other.catalog.resumeAll(GROUP)
    await scene().blocked()
    stop.go()
    await pausing
    await resuming
    expect(await states(scene())).toEqual(['a active'])
    expect(await scene().sql(`select * from carillon_pauses`)).toEqual([])
    expect(await scene().sql(`select pauses from carillon_pause_gate`)).toEqual([{ pauses: 0 }])
  })
})

describe.each(SERVERS)('a pause of many whose process dies, on %s', (kind) => {
  const scene = useScene(kind)

  it.each([
    {
      what: 'pausing',
      begin: (actor: Actor) => actor.catalog.pauseAll(GROUP),
      left: 'active',
      end: 'paused',
    },
    {
      what: 'resuming',
      begin: (actor: Actor) => actor.catalog.resumeAll(GROUP),
      left: 'paused',
      end: 'active',
    },
  ])(
    'while $what is gone on with by a dispatcher, once it has been left alone',
    async ({ what, begin, left, end }) => {
      const [operator, dispatcher] = await opened(scene())
      if (what === 'resuming') await operator.catalog.pauseAll(GROUP)
      const stop = operator.stage.stop(STEP)
      const dying = begin(operator)
      await stop.reached
      stop.crash()
      await expect(dying).rejects.toThrow(Crash)

      await dispatcher.pass()
      expect(await states(scene())).toEqual([`a ${left}`])
      scene().clock.jumpTo(instant('10:00:31'))
      await dispatcher.pass()
      expect(await states(scene())).toEqual([`a ${end}`])
      expect((await dispatcher.catalog.pauses()).map(({ state }) => state)).toEqual(
        end === 'paused' ? ['paused'] : [],
      )
    },
  )
})

describe.each(DATABASES)('the end of a pause, on %s', (kind) => {
  const scene = useScene(kind)

  it('is brought about once by two dispatchers', async () => {
    const actors = await opened(scene())
    await actors[0].catalog.pause('a', { until: instant('10:05') })
    scene().clock.jumpTo(instant('10:05'))
    const reports = await Promise.all(actors.map((actor) => actor.pass()))
    expect(reports.reduce((sum, { planned }) => sum + planned, 0)).toBe(2)
    expect(await scene().ledger()).toEqual([
      '10:05 g1 paused',
      '10:05 g3 planned catch-up',
      '10:10 g1 paused',
      '10:10 g3 planned',
    ])
  })
})

describe.each(SERVERS)('the end of a pause at once with others, on %s', (kind) => {
  const scene = useScene(kind)

  it('passes over a schedule that an edit holds, which ends it by itself', async () => {
    const [editor, dispatcher] = await opened(scene())
    await editor.catalog.pause('a', { until: instant('10:05') })
    scene().clock.jumpTo(instant('10:05'))
    const stop = editor.stage.stop({ at: /^commit/, after: TURNING })
    const editing = editor.catalog.patch('a', { payload: 1 })
    await stop.reached
    expect(await scene().unhindered(dispatcher.pass())).toMatchObject({ planned: 0 })
    stop.go()
    expect(await editing).toMatchObject({ state: 'active', payload: 1 })
    expect((await scene().ledger()).filter((line) => line.includes('g3'))).toEqual([
      '10:05 g3 planned catch-up',
      '10:10 g3 planned',
    ])
  })

  it('has a new pause wait, which withdraws what it has planned', async () => {
    const [operator, dispatcher] = await opened(scene())
    await operator.catalog.pause('a', { until: instant('10:05') })
    scene().clock.jumpTo(instant('10:05'))
    const stop = dispatcher.stage.stop(STEP)
    const passing = dispatcher.pass()
    await stop.reached
    const pausing = operator.catalog.pause('a')
    await scene().blocked()
    stop.go()
    expect(await passing).toMatchObject({ planned: 2 })
    expect(await pausing).toMatchObject({ state: 'paused', generation: 4 })
    expect((await scene().ledger()).filter((line) => line.includes('planned'))).toEqual([])
  })
})
