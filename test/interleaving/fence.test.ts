import { describe, expect, it } from 'vitest'
import type { Actor } from './support/actor.ts'
import { FAILED } from './support/actor.ts'
import { Crash } from './support/stage.ts'
import { DATABASES, instant, SERVERS, useScene, type Scene } from './support/scene.ts'

const COMMIT = { at: /^commit/, after: /carillon_occurrences/ }
const FINDING_WHAT_WAITS = /carillon_occurrences .*finished_at is null/
/** Nothing began, and one was passed over since somebody else held it. */
const HELD = { done: [], held: [expect.objectContaining({ generation: 1 })] }
const NOTHING = { done: [], held: [] }

/** What withdraws occurrences that have not begun, and what the ledger says of them then. */
const CHANGES = [
  {
    change: 'an edit of the timing',
    reason: 'superseded',
    make: ({ catalog }: Actor) => catalog.patch('a', { cron: '7,8 10 * * *' }),
    planned: ['10:07 g2 planned', '10:08 g2 planned'],
  },
  {
    change: 'a replacement',
    reason: 'superseded',
    make: ({ catalog }: Actor) => catalog.schedule({ key: 'a', cron: '7,8 10 * * *', job: 'other' }),
    planned: ['10:07 g2 planned', '10:08 g2 planned'],
  },
  { change: 'a pause', reason: 'paused', make: ({ catalog }: Actor) => catalog.pause('a'), planned: [] },
  { change: 'a deletion', reason: 'deleted', make: ({ catalog }: Actor) => catalog.delete('a'), planned: [] },
]

/** A schedule with an occurrence at 10:05, and the processes of who changes it and who runs it. */
async function opened(scene: Scene): Promise<{ editor: Actor; worker: Actor }> {
  const editor = await scene.actor('editor')
  const worker = await scene.actor('worker')
  await editor.catalog.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', payload: 1 })
  return { editor, worker }
}

describe.each(DATABASES)('one after the other, on %s', (kind) => {
  const scene = useScene(kind)

  describe.each(CHANGES)('$change', ({ make, reason, planned }) => {
    it('between claim and begin lets nothing begin', async () => {
      const { editor, worker } = await opened(scene())
      const claimed = await worker.claim()
      expect(claimed).toHaveLength(1)
      scene().clock.jumpTo(instant('10:05'))

      await make(editor)
      expect(await worker.tryBegin(claimed)).toEqual(NOTHING)
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason} by worker`, ...planned])
    })

    it('after begin leaves the run alone, and its end counts', async () => {
      const { editor, worker } = await opened(scene())
      const [run] = await worker.run()

      await make(editor)
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker', ...planned])
      expect(await worker.heartbeat([run!])).toHaveLength(1)
      expect(await worker.finish([run!])).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #1 by worker', ...planned])
    })
  })
})

describe.each(SERVERS)('at once, on %s', (kind) => {
  const scene = useScene(kind)

  describe.each(CHANGES)('$change', ({ make, reason, planned }) => {
    it('that is not committed is passed over by begin, which finds nothing when it is', async () => {
      const { editor, worker } = await opened(scene())
      const claimed = await worker.claim()
      const stop = editor.stage.stop(COMMIT)
      const changing = make(editor)
      await stop.reached

      expect(await scene().unhindered(worker.tryBegin(claimed))).toEqual(HELD)
      stop.go()
      await changing
      expect(await worker.tryBegin(claimed)).toEqual(NOTHING)
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason} by worker`, ...planned])
    })

    it('that is rolled back lets begin go on', async () => {
      const { editor, worker } = await opened(scene())
      const claimed = await worker.claim()
      const stop = editor.stage.stop(COMMIT)
      const changing = make(editor)
      await stop.reached

      expect(await scene().unhindered(worker.tryBegin(claimed))).toEqual(HELD)
      stop.crash()
      await expect(changing).rejects.toThrow(Crash)
      expect(await worker.begin(claimed)).toMatchObject([{ generation: 1, attempt: 1 }])
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker'])
    })

    it('that has not come to the ledger yet does not make begin wait, and leaves the run alone', async () => {
      const { editor, worker } = await opened(scene())
      const claimed = await worker.claim()
      const stop = editor.stage.stop({ at: FINDING_WHAT_WAITS })
      const changing = make(editor)
      await stop.reached

      const [run] = await scene().unhindered(worker.begin(claimed))
      stop.go()
      await changing
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker', ...planned])
      expect(await worker.finish([run!])).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #1 by worker', ...planned])
    })

    it('that has found what waits, and does not hold it yet, leaves alone what begins then', async () => {
      const { editor, worker } = await opened(scene())
      const claimed = await worker.claim()
      const stop = editor.stage.stop({ at: /carillon_occurrences/, after: FINDING_WHAT_WAITS })
      const changing = make(editor)
      await stop.reached

      const [run] = await scene().unhindered(worker.begin(claimed))
      stop.go()
      await changing
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker', ...planned])
      expect(await worker.finish([run!])).toHaveLength(1)
    })

    it('waits for a begin that is not committed, and leaves the run alone', async () => {
      const { editor, worker } = await opened(scene())
      const claimed = await worker.claim()
      const stop = worker.stage.stop(COMMIT)
      const beginning = worker.slow.begin(claimed)
      await stop.reached

      const changing = make(editor)
      await scene().blocked()
      stop.go()
      const [run] = await beginning
      await changing
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker', ...planned])
      expect(await worker.finish([run!])).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #1 by worker', ...planned])
    })

    it('waits for a begin whose process dies, and withdraws then', async () => {
      const { editor, worker } = await opened(scene())
      const claimed = await worker.claim()
      const stop = worker.stage.stop(COMMIT)
      const beginning = worker.slow.begin(claimed)
      await stop.reached

      const changing = make(editor)
      await scene().blocked()
      stop.crash()
      await expect(beginning).rejects.toThrow(Crash)
      await changing
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason} by worker`, ...planned])
    })

    it('that is not committed makes a claim neither wait nor take what is being withdrawn', async () => {
      const { editor, worker } = await opened(scene())
      await editor.catalog.schedule({ key: 'b', cron: '6 10 * * *', job: 'note' })
      const stop = editor.stage.stop(COMMIT)
      const changing = make(editor)
      await stop.reached

      expect(await scene().unhindered(worker.claim())).toMatchObject([{ dueAt: instant('10:06') }])
      stop.go()
      await changing
      expect(await scene().ledger('a')).toEqual([`10:05 g1 ${reason}`, ...planned])
    })

    it('waits for a claim that is not committed, and withdraws what was claimed', async () => {
      const { editor, worker } = await opened(scene())
      const stop = worker.stage.stop(COMMIT)
      const claiming = worker.slow.claim()
      await stop.reached

      const changing = make(editor)
      await scene().blocked()
      stop.go()
      const claimed = await claiming
      await changing
      expect(await worker.tryBegin(claimed)).toEqual(NOTHING)
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason} by worker`, ...planned])
    })

    it('that is not committed makes a finish that is to be the last neither wait nor fail', async () => {
      const { editor, worker } = await opened(scene())
      const [run] = await worker.run()
      const stop = editor.stage.stop(COMMIT)
      const changing = make(editor)
      await stop.reached

      expect(await scene().unhindered(worker.heartbeat([run!]))).toHaveLength(1)
      expect(await scene().unhindered(worker.finish([run!]))).toHaveLength(1)
      stop.go()
      await changing
      expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #1 by worker', ...planned])
    })
  })

  it('a change of the job that is not committed is passed over by begin, which answers the new one then', async () => {
    const { editor, worker } = await opened(scene())
    const claimed = await worker.claim()
    const stop = editor.stage.stop(COMMIT)
    const changing = editor.catalog.patch('a', { job: 'other', payload: 2 })
    await stop.reached

    expect(await scene().unhindered(worker.tryBegin(claimed))).toEqual(HELD)
    stop.go()
    await changing
    const [run] = await worker.begin(claimed)
    expect(run!.definition).toMatchObject({ job: 'other', payload: 2 })
  })

  it('a change of the payload counts although the definition was read ahead', async () => {
    const { editor, worker } = await opened(scene())
    const claimed = await worker.claim()
    await worker.prepare(claimed)
    await editor.catalog.patch('a', { payload: 2 })

    const [run] = await worker.begin(claimed)
    expect(run!.definition).toMatchObject({ payload: 2 })
  })

  it('a change of the payload holds nothing up', async () => {
    const { editor, worker } = await opened(scene())
    const claimed = await worker.claim()
    const stop = editor.stage.stop({ at: /^commit/, after: /update .*carillon_schedules/ })
    const changing = editor.catalog.patch('a', { payload: 2 })
    await stop.reached

    const [run] = await scene().unhindered(worker.begin(claimed))
    expect(run!.definition).toMatchObject({ payload: 1 })
    stop.go()
    await changing
  })

  it('two edits that are based on the same revision both come true', async () => {
    const [one, two] = await scene().actors()
    await one.catalog.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', payload: 1 })
    const stop = one.stage.stop({ at: /^commit/, after: /update .*carillon_schedules/ })
    const first = one.catalog.patch('a', { payload: 2 })
    await stop.reached

    const second = two.catalog.patch('a', { note: 'seen' })
    await scene().blocked()
    stop.go()
    await first
    expect(await second).toMatchObject({ payload: 2, note: 'seen', revision: 3, generation: 1 })
  })

  it.each([
    { change: 'a pause', make: (actor: Actor) => actor.catalog.pause('a'), expected: { state: 'paused' } },
    { change: 'a deletion', make: (actor: Actor) => actor.catalog.delete('a'), expected: undefined },
  ])('$change waits for an edit that is not committed', async ({ make, expected }) => {
    const [one, two] = await scene().actors()
    await one.catalog.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    const stop = one.stage.stop(COMMIT)
    const editing = one.catalog.schedule({ key: 'a', cron: '6 10 * * *', job: 'note' })
    await stop.reached

    const second = make(two)
    await scene().blocked()
    stop.go()
    await editing
    await second
    const found = await one.catalog.describe('a')
    if (expected === undefined) expect(found).toBeUndefined()
    else expect(found).toMatchObject({ ...expected, generation: 3 })
    const reason = expected === undefined ? 'deleted' : 'paused'
    expect(await scene().ledger()).toEqual(['10:05 g1 superseded', `10:06 g2 ${reason}`])
  })

  it('a run by hand waits for a deletion that is not committed, and is refused then', async () => {
    const { editor, worker } = await opened(scene())
    const stop = editor.stage.stop(COMMIT)
    const deleting = editor.catalog.delete('a')
    await stop.reached

    const triggering = worker.catalog.trigger('a')
    const refused = expect(triggering).rejects.toThrow('no schedule has the key')
    await scene().blocked()
    stop.go()
    await deleting
    await refused
    expect(await scene().ledger()).toEqual(['10:05 g1 deleted'])
  })

  it('two runs by hand in the same millisecond are two', async () => {
    const [one, two] = await scene().actors()
    await one.catalog.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    const stop = one.stage.stop(COMMIT)
    const first = one.catalog.trigger('a')
    await stop.reached

    const second = two.catalog.trigger('a')
    await scene().blocked()
    stop.go()
    const ids = [(await first).id, (await second).id]
    expect(new Set(ids).size).toBe(2)
    expect(await scene().ledger()).toEqual([
      '10:00 g1 planned manual',
      '10:00:00.001 g1 planned manual',
      '10:05 g1 planned',
    ])
  })

  it('an attempt that failed runs by the definition of its time when the payload changes', async () => {
    const { editor, worker } = await opened(scene())
    await editor.catalog.patch('a', { retries: 2 })
    const [run] = await worker.run()
    await editor.catalog.patch('a', { payload: 2 })
    await worker.finish([run!], FAILED)
    const [again] = await worker.run()
    expect(again).toMatchObject({ attempt: 2, failures: 1 })
    expect(again!.definition).toMatchObject({ payload: 2 })
  })
})
