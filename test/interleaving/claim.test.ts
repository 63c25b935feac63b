import { describe, expect, it } from 'vitest'
import { Pruner } from '../../src/dispatch/pruner.ts'
import { FAILED, MINUTE, type Actor } from './support/actor.ts'
import { DATABASES, instant, SERVERS, useScene, type Scene } from './support/scene.ts'
import { Crash } from './support/stage.ts'

const COMMIT = { at: /^commit/, after: /carillon_occurrences/ }

/** Schedules with an occurrence at 10:05 each. */
async function opened(scene: Scene, count: number): Promise<[Actor, Actor]> {
  const actors = await scene.actors()
  const keys = Array.from({ length: count }, (_, n) => `k${n + 1}`)
  await actors[0].catalog.scheduleMany(
    keys.map((key) => ({ key, cron: '5 10 * * *', job: 'note', retries: 1 })),
  )
  return actors
}

async function owners(scene: Scene): Promise<unknown> {
  const rows = await scene.sql(
    `select owner, count(*) as held from carillon_occurrences where state = 'planned' group by owner order by owner`,
  )
  return Object.fromEntries(rows.map(({ owner, held }) => [String(owner), held]))
}

async function prune({ store }: Actor): Promise<number> {
  return store.transaction((tables) => tables.ledger.prune(tables.now - MINUTE, 500))
}

describe.each(DATABASES)('one after the other, on %s', (kind) => {
  const scene = useScene(kind)

  it('two claims share what there is', async () => {
    const [one, two] = await opened(scene(), 3)
    expect(await one.claim({ limit: 2 })).toHaveLength(2)
    expect(await two.claim({ limit: 2 })).toHaveLength(1)
    expect(await one.claim()).toEqual([])
    expect(await owners(scene())).toEqual({ 'actor-1': 2, 'actor-2': 1 })
  })

  it('a claim takes no more than it asks for, whatever the database believes of the table', async () => {
    const [one, two] = await opened(scene(), 1)
    if (kind === 'postgres') await scene().sql(`vacuum analyze carillon_occurrences`)
    if (kind === 'mysql') await scene().sql(`analyze table carillon_occurrences`)
    await two.catalog.scheduleMany(
      Array.from({ length: 50 }, (_, n) => ({ key: `more${n}`, cron: '6 10 * * *', job: 'note' })),
    )
    expect(await one.claim({ limit: 1 })).toMatchObject([{ dueAt: instant('10:05') }])
    expect(await two.claim({ limit: 20 })).toHaveLength(20)
    expect(await owners(scene())).toEqual({ 'actor-1': 1, 'actor-2': 20, null: 30 })
  })

  it('many claims at once never take the same', async () => {
    const [one, two] = await opened(scene(), 300)
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? one : two).claim({ limit: 20 })),
    )
    const ids = claims.flat().map(({ scheduleId }) => scheduleId)
    expect(new Set(ids).size).toBe(ids.length)
    const held = Number(
      (await scene().sql(`select count(*) as held from carillon_occurrences where owner is not null`))[0]![
        'held'
      ],
    )
    expect(held).toBe(ids.length)
  })
})

describe.each(SERVERS)('at once, on %s', (kind) => {
  const scene = useScene(kind)

  it.each([2, 20, 400])('a claim passes over what another is about to have, of %i', async (count) => {
    const [one, two] = await opened(scene(), count)
    const stop = one.stage.stop(COMMIT)
    const claiming = one.slow.claim({ limit: count / 2 })
    await stop.reached

    expect(await scene().unhindered(two.claim({ limit: count }))).toHaveLength(count / 2)
    expect(await scene().unhindered(two.claim({ limit: count }))).toEqual([])
    stop.go()
    expect(await claiming).toHaveLength(count / 2)
    expect(await owners(scene())).toEqual({ 'actor-1': count / 2, 'actor-2': count / 2 })
  })

  it('what a process was about to have is free when that dies', async () => {
    const [one, two] = await opened(scene(), 2)
    const stop = one.stage.stop(COMMIT)
    const claiming = one.slow.claim({ limit: 1 })
    await stop.reached
    expect(await scene().unhindered(two.claim())).toHaveLength(1)

    stop.crash()
    await expect(claiming).rejects.toThrow(Crash)
    expect(await two.claim()).toHaveLength(1)
    expect(await owners(scene())).toEqual({ 'actor-2': 2 })
  })

  it.each([2, 20])('the runs of two workers do not hinder each other, of %i', async (count) => {
    const [one, two] = await opened(scene(), count)
    const [mine, theirs] = [await one.claim({ limit: count / 2 }), await two.claim()]

    const beginning = one.stage.stop(COMMIT)
    const begin = one.slow.begin(mine)
    await beginning.reached
    const runs = await scene().unhindered(two.begin(theirs))
    expect(runs).toHaveLength(count / 2)
    expect(await scene().unhindered(two.heartbeat(runs))).toHaveLength(count / 2)
    beginning.go()
    const own = await begin

    const beating = one.stage.stop(COMMIT)
    const beat = one.slow.heartbeat(own)
    await beating.reached
    expect(await scene().unhindered(two.heartbeat(runs))).toHaveLength(count / 2)
    beating.go()
    expect(await beat).toHaveLength(count / 2)

    const ending = one.stage.stop(COMMIT)
    const end = one.slow.finish(own, FAILED)
    await ending.reached
    expect(await scene().unhindered(two.heartbeat(runs))).toHaveLength(count / 2)
    expect(await scene().unhindered(two.finish(runs))).toHaveLength(count / 2)
    ending.go()
    expect(await end).toHaveLength(count / 2)
  })

  it.each([2, 20])('heartbeats of two workers in opposite order do not meet, of %i', async (count) => {
    const [one, two] = await opened(scene(), count)
    const mine = await one.begin(await one.claim({ limit: count / 2 }))
    const theirs = await two.run()
    const stop = one.stage.stop({ at: /^commit/ })
    // A worker that writes for a second one, too, holds the rows of both to its end.
    const beating = one.store.transaction(async ({ runs, now }) => {
      await runs.heartbeat(mine, one.name, now, MINUTE)
      return runs.heartbeat([theirs[0]!], two.name, now, MINUTE)
    })
    await stop.reached

    expect(await scene().unhindered(two.heartbeat(theirs.slice(1)))).toHaveLength(count / 2 - 1)
    stop.go()
    expect(await beating).toHaveLength(1)
  })

  it('a pass neither waits for a claim nor makes it wait', async () => {
    const [one, two] = await opened(scene(), 2)
    await one.catalogAhead(0).schedule({ key: 'new', cron: '5 10 * * *', job: 'note' })
    const claiming = one.stage.stop(COMMIT)
    const claim = one.slow.claim({ limit: 1 })
    await claiming.reached

    const passing = two.stage.stop({ at: /^commit/, after: /update .*carillon_cursors/ })
    const pass = two.pass()
    await scene().unhindered(passing.reached)
    const three = await scene().actor()
    expect(await scene().unhindered(three.claim())).toHaveLength(1)
    passing.go()
    claiming.go()
    expect(await claim).toHaveLength(1)
    expect(await pass).toMatchObject({ planned: 1 })
    expect(await three.claim()).toHaveLength(1)
  })
})

describe.each(SERVERS)('a batch that is being pruned, on %s', (kind) => {
  const scene = useScene(kind)

  /**
   * An occurrence that ended long ago, one that waits, and some that ended just now: as in any ledger, what is to be
   * removed does not border on what is being written.
   */
  async function withOldAndNew() {
    const [pruner, worker] = await opened(scene(), 1)
    await worker.finish(await worker.run())
    scene().clock.jumpTo(instant('10:10'))
    const recent = Array.from({ length: 40 }, (_, n) => ({
      key: `recent${n}`,
      cron: '11 10 * * *',
      job: 'note',
    }))
    await worker.catalog.scheduleMany(recent)
    await worker.finish(await worker.run())
    await worker.catalog.schedule({ key: 'new', cron: '15 10 * * *', job: 'note' })
    return { pruner, worker }
  }

  it('hinders neither claim nor run, storing nor pass', async () => {
    const { pruner, worker } = await withOldAndNew()
    const stop = pruner.stage.stop({ at: /^commit/ })
    const pruning = prune(pruner)
    await stop.reached

    const claimed = await scene().unhindered(worker.claim())
    expect(claimed).toHaveLength(1)
    const runs = await scene().unhindered(worker.begin(claimed))
    expect(await scene().unhindered(worker.heartbeat(runs))).toHaveLength(1)
    expect(await scene().unhindered(worker.finish(runs))).toHaveLength(1)
    await scene().unhindered(worker.catalog.schedule({ key: 'newer', cron: '16 10 * * *', job: 'note' }))
    await scene().unhindered(worker.catalog.patch('k1', { cron: '17 10 * * *' }))
    await scene().unhindered(worker.pass())
    stop.go()
    expect(await pruning).toBe(1)
    expect(await scene().ledger('k1')).toEqual(['10:17 g2 planned'])
    expect(await scene().ledger('new')).toEqual(['10:15 g1 succeeded #1 by actor-2'])
  })

  it.each([
    { what: 'a claim', step: (worker: Actor) => worker.slow.claim() },
    { what: 'an edit', step: (worker: Actor) => worker.catalog.patch('new', { cron: '16 10 * * *' }) },
    { what: 'a trigger', step: (worker: Actor) => worker.catalog.trigger('new') },
  ])('does not wait for $what that is not committed', async ({ step }) => {
    const { pruner, worker } = await withOldAndNew()
    const stop = worker.stage.stop(COMMIT)
    const stepping = step(worker)
    await stop.reached
    // A claim on MySQL holds the next entry of its index too, which may be the oldest of all: it is removed by and by.
    const removed = await scene().unhindered(prune(pruner))
    stop.go()
    await stepping
    expect(removed + (await prune(pruner))).toBe(1)
    expect((await scene().ledger('new')).length).toBeGreaterThan(0)
  })

  it('does not wait for the end of a run that is not committed', async () => {
    const { pruner, worker } = await withOldAndNew()
    const runs = await worker.run()
    const stop = worker.stage.stop(COMMIT)
    const finishing = worker.slow.finish(runs)
    await stop.reached
    expect(await scene().unhindered(prune(pruner))).toBe(1)
    stop.go()
    expect(await finishing).toHaveLength(1)
    expect(await scene().ledger('new')).toEqual(['10:15 g1 succeeded #1 by actor-2'])
  })

  it('is removed once when two processes come for it at the same time', async () => {
    const { pruner, worker } = await withOldAndNew()
    const stop = pruner.stage.stop({ at: /^commit/ })
    const pruning = prune(pruner)
    await stop.reached
    const other = prune(worker)
    expect(await scene().unhindered(other)).toBe(0)
    stop.go()
    expect(await pruning).toBe(1)
  })

  it('is begun by two processes for the first time without an error', async () => {
    const [one, two] = await scene().actors()
    const errors: unknown[] = []
    const logger = { info: () => {}, warn: () => {}, error: (fields: object) => void errors.push(fields) }
    const pruner = ({ store, name }: Actor) =>
      new Pruner({ store, clock: scene().clock, logger, owner: name, keepMs: MINUTE })
    const [first, second] = [pruner(one), pruner(two)]
    const stops = [one, two].map(({ stage }) => stage.stop({ at: /^insert into carillon_leases/ }))
    first.start()
    second.start()
    await Promise.all(stops.map(({ reached }) => reached))
    for (const stop of stops) stop.go()
    await first.stop()
    await second.stop()
    expect(errors).toEqual([])
  })
})
