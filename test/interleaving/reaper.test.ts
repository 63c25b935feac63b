import { describe, expect, it } from 'vitest'
import type { OccurrenceRef } from '../../src/schedule/occurrence.ts'
import type { BegunRun } from '../../src/worker/definitions.ts'
import { FAILED, HOLD_MS, LEASE_MS, type Actor } from './support/actor.ts'
import { DATABASES, instant, SERVERS, useScene, type Scene } from './support/scene.ts'
import { Crash } from './support/stage.ts'

const COMMIT = { at: /^commit/, after: /update .*carillon_occurrences/ }
const LOOKING_FOR_EXPIRED = /^select .*lease_until <= /

interface Situation {
  readonly worker: Actor
  readonly reaper: Actor
}

async function opened(scene: Scene): Promise<Situation> {
  const worker = await scene.actor('worker')
  const reaper = await scene.actor('reaper')
  await worker.catalog.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', retries: 3 })
  scene.clock.jumpTo(instant('10:05'))
  return { worker, reaper }
}

/** A run whose lease has just ended. */
async function expiredRun(scene: Scene): Promise<Situation & { run: BegunRun }> {
  const actors = await opened(scene)
  const [run] = await actors.worker.run()
  scene.clock.jumpTo(instant('10:05') + LEASE_MS)
  return { ...actors, run: run! }
}

/** An occurrence that was claimed, and has not begun by the end of its hold. */
async function expiredHold(scene: Scene): Promise<Situation & { claimed: OccurrenceRef[] }> {
  const actors = await opened(scene)
  const claimed = await actors.worker.claim()
  scene.clock.jumpTo(instant('10:05') + HOLD_MS)
  return { ...actors, claimed }
}

describe.each(DATABASES)('one after the other, on %s', (kind) => {
  const scene = useScene(kind)

  it('an end that comes before the reaper counts', async () => {
    const { worker, reaper, run } = await expiredRun(scene())
    expect(await worker.finish([run])).toHaveLength(1)
    expect(await reaper.reap()).toMatchObject({ returned: 0, failed: 0 })
    expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #1 by worker'])
  })

  it('an end that comes after the reaper does not, nor a heartbeat', async () => {
    const { worker, reaper, run } = await expiredRun(scene())
    expect(await reaper.reap()).toMatchObject({ returned: 1, failed: 0 })
    expect(await worker.heartbeat([run])).toEqual([])
    expect(await worker.finish([run])).toEqual([])
    expect(await worker.finish([run], FAILED)).toEqual([])
    expect(await scene().ledger()).toEqual(['10:05 g1 planned #1'])
  })

  it('nor one that comes when the next attempt runs, even in the same process', async () => {
    const { worker, reaper, run } = await expiredRun(scene())
    await reaper.reap()
    const [again] = await worker.run()
    expect(again).toMatchObject({ attempt: 2, failures: 0 })
    expect(await worker.finish([run])).toEqual([])
    expect(await worker.finish([again!])).toHaveLength(1)
    expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #2 by worker'])
  })

  it('a begin that comes before the reaper lasts, although the hold had ended', async () => {
    const { worker, reaper, claimed } = await expiredHold(scene())
    expect(await worker.begin(claimed)).toHaveLength(1)
    expect(await reaper.reap()).toMatchObject({ returned: 0, failed: 0 })
    expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker'])
  })

  it('a begin that comes after the reaper finds nothing, whoever has it then', async () => {
    const { worker, reaper, claimed } = await expiredHold(scene())
    await reaper.reap()
    expect(await worker.begin(claimed)).toEqual([])
    expect(await scene().ledger()).toEqual(['10:05 g1 planned'])
    await reaper.claim()
    expect(await worker.begin(claimed)).toEqual([])
    expect(await reaper.begin(claimed)).toMatchObject([{ attempt: 1 }])
    expect(await worker.begin(claimed)).toEqual([])
  })

  it('a lost lease counts once, however many reapers come', async () => {
    const { reaper } = await expiredRun(scene())
    expect(await reaper.reap()).toMatchObject({ returned: 1, failed: 0 })
    expect(await reaper.reap()).toMatchObject({ returned: 0, failed: 0 })
    expect(await scene().sql(`select lost from carillon_occurrences`)).toEqual([{ lost: 1 }])
  })
})

describe.each(SERVERS)('at once, on %s', (kind) => {
  const scene = useScene(kind)

  it('the reaper passes over a run whose end is not committed', async () => {
    const { worker, reaper, run } = await expiredRun(scene())
    const stop = worker.stage.stop(COMMIT)
    const finishing = worker.slow.finish([run])
    await stop.reached

    expect(await scene().unhindered(reaper.reap())).toMatchObject({ returned: 0, failed: 0 })
    stop.go()
    expect(await finishing).toHaveLength(1)
    expect(await reaper.reap()).toMatchObject({ returned: 0, failed: 0 })
    expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #1 by worker'])
  })

  it('and takes it back at the next look when the end never is', async () => {
    const { worker, reaper, run } = await expiredRun(scene())
    const stop = worker.stage.stop(COMMIT)
    const finishing = worker.slow.finish([run])
    await stop.reached
    expect(await scene().unhindered(reaper.reap())).toMatchObject({ returned: 0, failed: 0 })
    stop.crash()
    await expect(finishing).rejects.toThrow(Crash)
    expect(await reaper.reap()).toMatchObject({ returned: 1, failed: 0 })
  })

  it('the reaper passes over a run whose lease is being extended', async () => {
    const { worker, reaper, run } = await expiredRun(scene())
    const stop = worker.stage.stop(COMMIT)
    const beating = worker.slow.heartbeat([run])
    await stop.reached

    expect(await scene().unhindered(reaper.reap())).toMatchObject({ returned: 0, failed: 0 })
    stop.go()
    expect(await beating).toHaveLength(1)
    expect(await reaper.reap()).toMatchObject({ returned: 0, failed: 0 })
    expect(await worker.finish([run])).toHaveLength(1)
  })

  it.each([
    { what: 'an end', step: (worker: Actor, run: BegunRun) => worker.finish([run]) },
    {
      what: 'an end with another attempt',
      step: (worker: Actor, run: BegunRun) => worker.finish([run], FAILED),
    },
    { what: 'a heartbeat', step: (worker: Actor, run: BegunRun) => worker.heartbeat([run]) },
  ])('$what waits for a reaper that is not done, and does not count then', async ({ step }) => {
    const { worker, reaper, run } = await expiredRun(scene())
    const stop = reaper.stage.stop(COMMIT)
    const reaping = reaper.reap()
    await stop.reached

    const late = step(worker, run)
    await scene().blocked()
    stop.go()
    expect(await reaping).toMatchObject({ returned: 1, failed: 0 })
    expect(await late).toEqual([])
    expect(await scene().ledger()).toEqual(['10:05 g1 planned #1'])
  })

  it('a reaper that dies leaves the run to its end', async () => {
    const { worker, reaper, run } = await expiredRun(scene())
    const stop = reaper.stage.stop(COMMIT)
    const reaping = reaper.reap()
    await stop.reached
    const late = worker.finish([run])
    await scene().blocked()
    stop.crash()
    await expect(reaping).rejects.toThrow(Crash)
    expect(await late).toHaveLength(1)
    expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #1 by worker'])
  })

  it('an end that comes between the reaper’s look and its hold counts', async () => {
    const { worker, reaper, run } = await expiredRun(scene())
    const stop = reaper.stage.stop({ at: /for update skip locked$/, after: LOOKING_FOR_EXPIRED })
    const reaping = reaper.reap()
    await stop.reached

    expect(await scene().unhindered(worker.finish([run]))).toHaveLength(1)
    stop.go()
    expect(await reaping).toMatchObject({ returned: 0, failed: 0 })
    expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #1 by worker'])
  })

  it('the reaper passes over an occurrence whose beginning is not committed', async () => {
    const { worker, reaper, claimed } = await expiredHold(scene())
    const stop = worker.stage.stop(COMMIT)
    const beginning = worker.slow.begin(claimed)
    await stop.reached

    expect(await scene().unhindered(reaper.reap())).toMatchObject({ returned: 0, failed: 0 })
    expect(await scene().unhindered(reaper.claim())).toEqual([])
    stop.go()
    expect(await beginning).toHaveLength(1)
    expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker'])
  })

  it('a begin passes over what a reaper is at, and finds nothing then', async () => {
    const { worker, reaper, claimed } = await expiredHold(scene())
    const stop = reaper.stage.stop(COMMIT)
    const reaping = reaper.reap()
    await stop.reached

    expect(await scene().unhindered(worker.tryBegin(claimed))).toMatchObject({ done: [], held: [{}] })
    stop.go()
    await reaping
    expect(await worker.tryBegin(claimed)).toEqual({ done: [], held: [] })
    expect(await scene().ledger()).toEqual(['10:05 g1 planned'])
  })

  it('a begin that comes between the reaper’s look and its hold lasts', async () => {
    const { worker, reaper, claimed } = await expiredHold(scene())
    const stop = reaper.stage.stop({ at: /for update skip locked$/, after: LOOKING_FOR_EXPIRED })
    const reaping = reaper.reap()
    await stop.reached

    expect(await scene().unhindered(worker.begin(claimed))).toHaveLength(1)
    stop.go()
    expect(await reaping).toMatchObject({ returned: 0, failed: 0 })
    expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker'])
  })

  it.each([
    { when: 'before the first holds anything', at: /for update skip locked$/, first: 0, second: 1 },
    { when: 'before the first has committed', at: /^commit/, first: 1, second: 0 },
  ])('two reapers take a run back once: $when', async ({ at, first, second }) => {
    const { worker, reaper } = await expiredRun(scene())
    const stop = reaper.stage.stop({ at, after: LOOKING_FOR_EXPIRED })
    const reaping = reaper.reap()
    await stop.reached

    expect(await scene().unhindered(worker.reap())).toMatchObject({ returned: second, failed: 0 })
    stop.go()
    expect(await reaping).toMatchObject({ returned: first, failed: 0 })
    expect(await scene().sql(`select state, lost from carillon_occurrences`)).toEqual([
      { state: 'planned', lost: 1 },
    ])
  })

  it('two reapers share what is expired, and neither waits for the other', async () => {
    const { worker, reaper } = await expiredRun(scene())
    await worker.catalog.trigger('a')
    const [second] = await worker.run()
    scene().clock.jumpTo(instant('10:05') + 2 * LEASE_MS)
    const third = await scene().actor('third')
    const stop = third.stage.stop(COMMIT)
    const beating = third.store.transaction((tables) =>
      tables.runs.heartbeat([second!], 'worker', tables.now, LEASE_MS),
    )
    await stop.reached

    expect(await scene().unhindered(reaper.reap())).toMatchObject({ returned: 1, failed: 0 })
    stop.go()
    expect(await beating).toHaveLength(1)
    expect(await worker.reap()).toMatchObject({ returned: 0, failed: 0 })
  })

  it.each([
    { change: 'a pause', make: ({ catalog }: Actor): Promise<unknown> => catalog.pause('a') },
    { change: 'a deletion', make: ({ catalog }: Actor): Promise<unknown> => catalog.delete('a') },
  ])('$change that is not committed puts the reaper off, and ends the run for good', async ({ make }) => {
    const { reaper } = await expiredRun(scene())
    const editor = await scene().actor('editor')
    const stop = editor.stage.stop({ at: /^commit/, after: /update .*carillon_schedules/ })
    const changing = make(editor)
    await stop.reached

    expect(await scene().unhindered(reaper.reap())).toMatchObject({ taken: 0, returned: 0, failed: 0 })
    stop.go()
    await changing
    expect(await reaper.reap()).toMatchObject({ taken: 1, returned: 0, failed: 1 })
    expect(await scene().ledger()).toEqual(['10:05 g1 failed #1 by worker'])
  })

  it('a pause waits for a reaper that is not done, and withdraws what that has given back', async () => {
    const { reaper } = await expiredRun(scene())
    const editor = await scene().actor('editor')
    const stop = reaper.stage.stop(COMMIT)
    const reaping = reaper.reap()
    await stop.reached

    const pausing = editor.catalog.pause('a')
    await scene().blocked()
    stop.go()
    expect(await reaping).toMatchObject({ returned: 1, failed: 0 })
    await pausing
    expect(await scene().ledger()).toEqual(['10:05 g1 paused #1'])
  })
})
