import { describe, expect, it } from 'vitest'
import type { RunOutcome } from '../../src/store/run-end.ts'
import { FAILED, SUCCEEDED, type Actor } from './support/actor.ts'
import { DATABASES, SERVERS, useScene, type Scene } from './support/scene.ts'
import { Crash } from './support/stage.ts'

const CHANGE = { at: /^commit/, after: /update .*carillon_schedules/ }
/** The end of one run is not written, since somebody else changes its schedule. */
const HELD = { done: [], held: [{ generation: 1 }] }
const WRITING_ENDS = /update .*carillon_occurrences/

const GIVEN_BACK: RunOutcome = { kind: 'given-back' }
const FAILED_FOR_GOOD: RunOutcome = { ...FAILED, retryInMs: undefined } as RunOutcome

/** How an attempt ends that another one is to follow. */
const AGAIN = [
  { outcome: FAILED, what: 'that failed' },
  { outcome: GIVEN_BACK, what: 'that is given back' },
]

const CHANGES = [
  {
    change: 'an edit of the timing',
    reason: 'superseded',
    make: ({ catalog }: Actor): Promise<unknown> => catalog.patch('a', { cron: '7 10 * * *' }),
    planned: ['10:07 g2 planned'],
  },
  {
    change: 'a pause',
    reason: 'paused',
    make: ({ catalog }: Actor): Promise<unknown> => catalog.pause('a'),
    planned: [],
  },
  {
    change: 'a deletion',
    reason: 'deleted',
    make: ({ catalog }: Actor): Promise<unknown> => catalog.delete('a'),
    planned: [],
  },
]

/** A run under way of a schedule that would try again, and who may change it. */
async function opened(scene: Scene) {
  const editor = await scene.actor('editor')
  const worker = await scene.actor('worker')
  await editor.catalog.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', retries: 3 })
  const [run] = await worker.run()
  return { editor, worker, run: run! }
}

describe.each(DATABASES)('one after the other, on %s', (kind) => {
  const scene = useScene(kind)

  describe.each(CHANGES)('$change', ({ make, reason, planned }) => {
    it.each(AGAIN)('before the end of an attempt $what makes it the last', async ({ outcome }) => {
      const { editor, worker, run } = await opened(scene())
      await make(editor)
      expect(await worker.finish([run], outcome)).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 failed #1 by worker', ...planned])
    })

    it.each(AGAIN)('after the end of an attempt $what withdraws the next one', async ({ outcome }) => {
      const { editor, worker, run } = await opened(scene())
      expect(await worker.finish([run], outcome)).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 planned #1'])
      await make(editor)
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason} #1`, ...planned])
    })
  })

  it('a second report of the same end does not count', async () => {
    const { worker, run } = await opened(scene())
    expect(await worker.finish([run], FAILED)).toHaveLength(1)
    expect(await worker.finish([run], SUCCEEDED)).toEqual([])
    expect(await scene().ledger()).toEqual(['10:05 g1 planned #1'])
  })

  it('a report of an earlier attempt does not end a later one of the same worker', async () => {
    const { worker, run } = await opened(scene())
    await worker.finish([run], GIVEN_BACK)
    const [again] = await worker.run()
    expect(again).toMatchObject({ attempt: 2 })
    expect(await worker.finish([run], SUCCEEDED)).toEqual([])
    expect(await worker.heartbeat([run])).toEqual([])
    expect(await scene().ledger()).toEqual(['10:05 g1 running #2 by worker'])
  })
})

describe.each(SERVERS)('at once, on %s', (kind) => {
  const scene = useScene(kind)

  describe.each(CHANGES)('$change', ({ make, reason, planned }) => {
    it.each(AGAIN)('waits for the end of an attempt $what, and withdraws the next', async ({ outcome }) => {
      const { editor, worker, run } = await opened(scene())
      const stop = worker.stage.stop({ at: /^commit/ })
      const finishing = worker.finish([run], outcome)
      await stop.reached

      const changing = make(editor)
      await scene().blocked()
      stop.go()
      expect(await finishing).toHaveLength(1)
      await changing
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason} #1`, ...planned])
    })

    it.each(AGAIN)('waits for the end of an attempt $what, not yet written', async ({ outcome }) => {
      const { editor, worker, run } = await opened(scene())
      const stop = worker.stage.stop({ at: WRITING_ENDS })
      const finishing = worker.finish([run], outcome)
      await stop.reached

      const changing = make(editor)
      await scene().blocked()
      stop.go()
      expect(await finishing).toHaveLength(1)
      await changing
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason} #1`, ...planned])
    })

    it.each(AGAIN)('puts off the end of an attempt $what, which is the last then', async ({ outcome }) => {
      const { editor, worker, run } = await opened(scene())
      const stop = editor.stage.stop(CHANGE)
      const changing = make(editor)
      await stop.reached

      expect(await scene().unhindered(worker.tryFinish([run], outcome))).toMatchObject(HELD)
      expect(await scene().unhindered(worker.heartbeat([run]))).toHaveLength(1)
      stop.go()
      await changing
      expect(await worker.finish([run], outcome)).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 failed #1 by worker', ...planned])
    })

    it.each(AGAIN)('that is rolled back lets an attempt $what be followed', async ({ outcome }) => {
      const { editor, worker, run } = await opened(scene())
      const stop = editor.stage.stop(CHANGE)
      const changing = make(editor)
      await stop.reached

      expect(await scene().unhindered(worker.tryFinish([run], outcome))).toMatchObject(HELD)
      stop.crash()
      await expect(changing).rejects.toThrow(Crash)
      expect(await worker.finish([run], outcome)).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 planned #1'])
    })

    it('neither waits for the last end of a run nor makes it wait', async () => {
      const { editor, worker, run } = await opened(scene())
      const stop = worker.stage.stop({ at: /^commit/ })
      const finishing = worker.slow.finish([run], FAILED_FOR_GOOD)
      await stop.reached

      await scene().unhindered(make(editor))
      stop.go()
      expect(await finishing).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 failed #1 by worker', ...planned])
    })
  })

  it('the ends of two workers’ runs of one schedule are written side by side', async () => {
    const { editor, worker, run } = await opened(scene())
    const other = await scene().actor('other')
    await editor.catalog.trigger('a')
    const [byHand] = await other.run()

    const stop = worker.stage.stop({ at: /^commit/ })
    const finishing = worker.finish([run], FAILED)
    await stop.reached
    expect(await scene().unhindered(other.heartbeat([byHand!]))).toHaveLength(1)
    expect(await scene().unhindered(other.finish([byHand!], FAILED))).toHaveLength(1)
    stop.go()
    expect(await finishing).toHaveLength(1)
  })

  it('a claim neither waits for an end that is not committed nor takes its next attempt', async () => {
    const { editor, worker, run } = await opened(scene())
    const other = await scene().actor('other')
    await editor.catalog.schedule({ key: 'b', cron: '6 10 * * *', job: 'note' })

    const stop = worker.stage.stop({ at: /^commit/ })
    const finishing = worker.finish([run], FAILED)
    await stop.reached
    expect(await scene().unhindered(other.claim())).toHaveLength(1)
    stop.go()
    await finishing
    expect(await other.claim()).toMatchObject([{ scheduleId: run.scheduleId }])
  })
})
