import { describe, expect, it } from 'vitest'
import type { Actor } from './support/actor.ts'
import { Crash } from './support/stage.ts'
import { DATABASES, instant, SERVERS, useScene, type Scene } from './support/scene.ts'

const MOVING_CURSORS = /update .*carillon_cursors/
const BATCH = { at: /^commit/, after: /carillon_cursors .*skip locked/ }
const CHANGE = { at: /^commit/, after: /update .*carillon_schedules/ }

const planned = (count: number) => ({ planned: count, missed: 0, broken: 0 })

/** What ends a generation, what the ledger says of the occurrences of that, and what it plans itself. */
const CHANGES = [
  {
    change: 'an edit of the timing',
    reason: 'superseded',
    make: ({ catalog }: Actor): Promise<unknown> => catalog.patch('a', { cron: '5,9 10 * * *' }),
    after: ['10:05 g2 planned', '10:09 g2 planned'],
  },
  {
    change: 'a replacement',
    reason: 'superseded',
    make: ({ catalog }: Actor): Promise<unknown> =>
      catalog.schedule({ key: 'a', cron: '5,9 10 * * *', job: 'other' }),
    after: ['10:05 g2 planned', '10:09 g2 planned'],
  },
  {
    change: 'a pause',
    reason: 'paused',
    make: ({ catalog }: Actor): Promise<unknown> => catalog.pause('a'),
    after: [],
  },
  {
    change: 'a deletion',
    reason: 'deleted',
    make: ({ catalog }: Actor): Promise<unknown> => catalog.delete('a'),
    after: [],
  },
]

/** A schedule with occurrences at 10:05 and 10:10 of which no pass has seen any yet. */
async function opened(scene: Scene): Promise<[Actor, Actor]> {
  const actors = await scene.actors()
  await actors[0].catalogAhead(0).schedule({ key: 'a', cron: '5,10 10 * * *', job: 'note' })
  return actors
}

async function ledger(scene: Scene): Promise<string[]> {
  return (await scene.ledger('a')).toSorted()
}

describe.each(DATABASES)('one after the other, on %s', (kind) => {
  const scene = useScene(kind)

  it.each(CHANGES)('$change before a pass leaves it the new generation alone', async ({ make, after }) => {
    const [editor, dispatcher] = await opened(scene())
    await make(editor)
    expect(await dispatcher.pass()).toEqual(planned(0))
    expect(await ledger(scene())).toEqual(after)
  })

  it.each(CHANGES)('$change after a pass withdraws what it planned', async ({ make, reason, after }) => {
    const [editor, dispatcher] = await opened(scene())
    expect(await dispatcher.pass()).toEqual(planned(2))
    await make(editor)
    expect(await dispatcher.pass()).toEqual(planned(0))
    expect(await ledger(scene())).toEqual([`10:05 g1 ${reason}`, `10:10 g1 ${reason}`, ...after].toSorted())
  })
})

describe.each(SERVERS)('at once, on %s', (kind) => {
  const scene = useScene(kind)

  describe.each(CHANGES)('$change', ({ make, reason, after }) => {
    it('that is not committed keeps its schedule from a pass, which serves the others', async () => {
      const [editor, dispatcher] = await opened(scene())
      await editor.catalogAhead(0).schedule({ key: 'b', cron: '5 10 * * *', job: 'note' })
      const stop = editor.stage.stop(CHANGE)
      const changing = make(editor)
      await stop.reached

      expect(await scene().unhindered(dispatcher.pass())).toEqual(planned(1))
      stop.go()
      await changing
      expect(await dispatcher.pass()).toEqual(planned(0))
      expect(await ledger(scene())).toEqual(after)
      expect(await scene().ledger('b')).toEqual(['10:05 g1 planned'])
    })

    it('that is rolled back leaves its schedule to the next pass', async () => {
      const [editor, dispatcher] = await opened(scene())
      const stop = editor.stage.stop(CHANGE)
      const changing = make(editor)
      await stop.reached
      expect(await scene().unhindered(dispatcher.pass())).toEqual(planned(0))

      stop.crash()
      await expect(changing).rejects.toThrow(Crash)
      expect(await dispatcher.pass()).toEqual(planned(2))
      expect(await ledger(scene())).toEqual(['10:05 g1 planned', '10:10 g1 planned'])
    })

    it.each([
      { when: 'has not written', at: /^insert into carillon_occurrences/, after: BATCH.after },
      { when: 'has not moved its cursors', at: MOVING_CURSORS, after: BATCH.after },
      { when: 'is not committed', ...BATCH },
    ])(
      'waits for a batch that $when, and withdraws what that has planned',
      async ({ at, after: earlier }) => {
        const [editor, dispatcher] = await opened(scene())
        const stop = dispatcher.stage.stop({ at, after: earlier })
        const passing = dispatcher.pass()
        await stop.reached

        const changing = make(editor)
        await scene().blocked()
        stop.go()
        expect(await passing).toEqual(planned(2))
        await changing
        expect(await dispatcher.pass()).toEqual(planned(0))
        expect(await ledger(scene())).toEqual(
          [`10:05 g1 ${reason}`, `10:10 g1 ${reason}`, ...after].toSorted(),
        )
      },
    )

    it('waits for a batch whose process dies, and finds nothing to withdraw', async () => {
      const [editor, dispatcher] = await opened(scene())
      const stop = dispatcher.stage.stop(BATCH)
      const passing = dispatcher.pass()
      await stop.reached

      const changing = make(editor)
      await scene().blocked()
      stop.crash()
      await expect(passing).rejects.toThrow(Crash)
      await changing
      expect(await dispatcher.pass()).toEqual(planned(0))
      expect(await ledger(scene())).toEqual(after)
    })

    it('that comes to the cursor while a pass is about to look there is seen by it', async () => {
      const [editor, dispatcher] = await opened(scene())
      const stop = dispatcher.stage.stop({ at: BATCH.after })
      const passing = dispatcher.pass()
      await stop.reached

      await scene().unhindered(make(editor))
      stop.go()
      expect(await passing).toEqual(planned(0))
      expect(await ledger(scene())).toEqual(after)
    })
  })

  it('a change of the payload waits for a batch, and leaves alone what that has planned', async () => {
    const [editor, dispatcher] = await opened(scene())
    const stop = dispatcher.stage.stop(BATCH)
    const passing = dispatcher.pass()
    await stop.reached

    const changing = editor.catalog.patch('a', { payload: 2 })
    await scene().blocked()
    stop.go()
    await passing
    await changing
    expect(await dispatcher.pass()).toEqual(planned(0))
    expect(await ledger(scene())).toEqual(['10:05 g1 planned', '10:10 g1 planned'])
  })

  it('a change of the job waits for a batch, and gives what that has planned to the new one', async () => {
    const [editor, dispatcher] = await opened(scene())
    const stop = dispatcher.stage.stop(BATCH)
    const passing = dispatcher.pass()
    await stop.reached

    const changing = editor.catalog.patch('a', { job: 'other' })
    await scene().blocked()
    stop.go()
    await passing
    await changing
    expect(await scene().sql(`select distinct job from carillon_occurrences`)).toEqual([{ job: 'other' }])
  })

  it('a limit on the runs holds, whichever comes first', async () => {
    const [editor, dispatcher] = await scene().actors()
    await editor.catalogAhead(0).schedule({ key: 'a', cron: '* * * * *', job: 'note', maxRuns: 4 })
    const stop = dispatcher.stage.stop(BATCH)
    const passing = dispatcher.pass()
    await stop.reached
    const changing = editor.catalog.patch('a', { cron: '*/2 * * * *' })
    await scene().blocked()
    stop.go()
    await passing
    await changing
    await dispatcher.pass()

    const open = (await scene().ledger()).filter((text) => text.endsWith('planned'))
    expect(open).toEqual(['10:02 g2 planned', '10:04 g2 planned', '10:06 g2 planned', '10:08 g2 planned'])
  })

  it('what an edit finds missed and what a batch finds missed is told once', async () => {
    const [editor, dispatcher] = await opened(scene())
    scene().clock.jumpTo(instant('10:07'))
    const stop = dispatcher.stage.stop(BATCH)
    const passing = dispatcher.pass()
    await stop.reached

    const changing = editor.catalog.patch('a', { cron: '8 10 * * *' })
    await scene().blocked()
    stop.go()
    expect(await passing).toEqual({ planned: 1, missed: 1, broken: 0 })
    await changing
    expect(await ledger(scene())).toEqual(['10:05 g1 missed 1', '10:08 g2 planned', '10:10 g1 superseded'])
  })
})
