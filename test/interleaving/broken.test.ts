import { describe, expect, it } from 'vitest'
import type { Actor } from './support/actor.ts'
import { DATABASES, instant, SERVERS, useScene, type Scene } from './support/scene.ts'

const LOCKING_ONE_CURSOR = /^select .*carillon_cursors where schedule_id = .* for update$/

/** A schedule that was set aside at 10:00, and whose terms have been mended since, behind Carillon's back. */
async function setAside(scene: Scene): Promise<[Actor, Actor]> {
  const actors = await scene.actors()
  await actors[0].catalogAhead(0).schedule({ key: 'a', cron: '*/20 * * * *', job: 'note' })
  const [{ terms } = {}] = await scene.sql(`select terms from carillon_schedules`)
  await scene.sql(`update carillon_schedules set terms = '{}'`)
  scene.clock.jumpTo(instant('10:15'))
  expect(await actors[0].pass()).toEqual({ planned: 0, missed: 0, broken: 1 })
  await scene.sql(`update carillon_schedules set terms = ?`, String(terms))
  scene.clock.jumpTo(instant('10:32'))
  return actors
}

const CHANGES = [
  {
    change: 'deleted',
    make: ({ catalog }: Actor): Promise<unknown> => catalog.delete('a'),
    ledger: ['10:20 g1 missed 1'],
    state: undefined,
  },
  {
    change: 'paused',
    make: ({ catalog }: Actor): Promise<unknown> => catalog.pause('a'),
    ledger: ['10:20 g1 missed 1'],
    state: 'paused',
  },
  {
    change: 'replaced',
    make: ({ catalog }: Actor): Promise<unknown> =>
      catalog.schedule({ key: 'a', cron: '41 10 * * *', job: 'note' }),
    ledger: ['10:20 g1 missed 1', '10:41 g2 planned'],
    state: 'active',
  },
]

describe.each(DATABASES)('a broken schedule, on %s', (kind) => {
  const scene = useScene(kind)

  it.each(CHANGES)('that was $change is not touched by the next pass', async ({ make, ledger, state }) => {
    const [editor, dispatcher] = await setAside(scene())
    await make(editor)
    await dispatcher.pass()
    expect(await scene().ledger()).toEqual(ledger)
    expect((await editor.catalog.describe('a'))?.state).toBe(state)
  })
})

describe.each(SERVERS)('a pass that is about to mend a broken schedule, on %s', (kind) => {
  const scene = useScene(kind)

  it.each(CHANGES)('leaves alone what is $change meanwhile', async ({ make, ledger, state }) => {
    const [editor, dispatcher] = await setAside(scene())
    const stop = dispatcher.stage.stop({ at: LOCKING_ONE_CURSOR })
    const passing = dispatcher.pass()
    await stop.reached
    await make(editor)
    stop.go()
    await passing

    expect(await scene().ledger()).toEqual(ledger)
    expect((await editor.catalog.describe('a'))?.state).toBe(state)
  })

  it.each(CHANGES)('does so when what is $change is not committed', async ({ make, ledger, state }) => {
    const [editor, dispatcher] = await setAside(scene())
    const stop = editor.stage.stop({ at: /^commit/, after: /update .*carillon_schedules/ })
    const changing = make(editor)
    await stop.reached
    const passing = dispatcher.pass()
    await scene().blocked()
    stop.go()
    await changing
    await passing

    expect(await scene().ledger()).toEqual(ledger)
    expect((await editor.catalog.describe('a'))?.state).toBe(state)
  })

  it('makes a change wait that then has the last word', async () => {
    const [editor, dispatcher] = await setAside(scene())
    const stop = dispatcher.stage.stop({ at: /^commit/, after: LOCKING_ONE_CURSOR })
    const passing = dispatcher.pass()
    await stop.reached
    const changing = editor.catalog.pause('a')
    await scene().blocked()
    stop.go()
    await passing

    expect(await changing).toMatchObject({ state: 'paused', generation: 2 })
    expect(await scene().ledger()).toEqual(['10:20 g1 missed 1', '10:40 g1 paused'])
  })

  it('comes to terms with a change that holds the schedule and waits for its cursor', async () => {
    const [editor, dispatcher] = await setAside(scene())
    const stop = dispatcher.stage.stop({ at: /update .*carillon_schedules/, after: LOCKING_ONE_CURSOR })
    const passing = dispatcher.pass()
    await stop.reached
    const changing = editor.catalog.pause('a')
    await scene().blocked()
    stop.go()

    await Promise.all([passing, changing])
    expect(await editor.catalog.describe('a')).toMatchObject({ state: 'paused', generation: 2 })
    expect((await scene().ledger()).filter((text) => text.includes('planned'))).toEqual([])
  })

  it('mends it once beside another pass', async () => {
    const [one, two] = await setAside(scene())
    const stop = one.stage.stop({ at: /^commit/, after: LOCKING_ONE_CURSOR })
    const first = one.pass()
    await stop.reached
    const second = two.pass()
    await scene().blocked()
    stop.go()
    await Promise.all([first, second])
    expect(await scene().ledger()).toEqual(['10:20 g1 missed 1', '10:40 g1 planned'])
  })
})

describe.each(SERVERS)('a schedule that the database refuses, on %s', (kind) => {
  const scene = useScene(kind)

  it.each([
    {
      change: 'paused',
      make: ({ catalog }: Actor): Promise<unknown> => catalog.pause('a'),
      expected: { state: 'paused', generation: 2 },
    },
    {
      change: 'replaced',
      make: ({ catalog }: Actor): Promise<unknown> =>
        catalog.schedule({ key: 'a', cron: '6 10 * * *', job: 'note' }),
      expected: { state: 'active', generation: 2 },
    },
  ])('is not set aside when it is $change meanwhile', async ({ make, expected }) => {
    const [editor, dispatcher] = await scene().actors()
    await editor.catalogAhead(0).schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    // What is to be planned is there already, as an occurrence of somebody else's making.
    await scene().sql(
      `insert into carillon_occurrences
         (schedule_id, generation, nominal_at, due_at, state, origin, queue, job, planned_at, finished_at)
       select id, 1, ?, 0, 'succeeded', 'schedule', 'default', 'note', 0, 0 from carillon_schedules`,
      instant('10:05'),
    )
    // The batch is refused, then the schedule by itself.
    const [batch, alone] = [
      dispatcher.stage.stop({ at: /^rollback/ }),
      dispatcher.stage.stop({ at: /^rollback/ }),
    ]
    const passing = dispatcher.pass()
    await batch.reached
    batch.go()
    await alone.reached
    const stop = dispatcher.stage.stop({ at: /^(begin|start transaction)/ })
    alone.go()
    await stop.reached
    await scene().unhindered(make(editor))
    stop.go()
    await passing

    expect(await editor.catalog.describe('a')).toMatchObject(expected)
    await scene().clock.advance('20m')
    await dispatcher.pass()
    expect(await editor.catalog.describe('a')).toMatchObject(expected)
  })
})
