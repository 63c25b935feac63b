import { describe, expect, it } from 'vitest'
import { removeFinished } from '../../src/dispatch/remove-finished.ts'
import { ScheduleNotFoundError } from '../../src/errors.ts'
import type { Actor } from './support/actor.ts'
import { SERVERS, useScene, type Scene } from './support/scene.ts'
import { Crash } from './support/stage.ts'

const REMOVAL = { at: /^commit/, after: /update .*carillon_schedules/ }
const TRIGGER = { at: /^commit/, after: /^insert into carillon_occurrences/ }
const EDIT = { at: /^commit/, after: /update .*carillon_schedules/ }

/** A schedule that has finished, and is to be removed. */
async function opened(scene: Scene): Promise<[Actor, Actor]> {
  const actors = await scene.actors()
  const [one] = actors
  await one.catalog.schedule({ key: 'a', every: '5m', maxRuns: 1, job: 'note', whenFinished: 'remove' })
  await one.finish(await one.run())
  expect(await scene.ledger('a')).toEqual([`10:05 g1 succeeded #1 by ${one.name}`])
  return actors
}

describe.each(SERVERS)('removing what has finished, on %s', (kind) => {
  const scene = useScene(kind)

  it('keeps a run by hand from beginning anew what is being removed', async () => {
    const [remover, user] = await opened(scene())
    const stop = remover.stage.stop(REMOVAL)
    const removing = removeFinished(remover.store)
    await stop.reached

    const triggering = user.catalog.trigger('a')
    triggering.catch(() => {})
    await scene().blocked()
    stop.go()
    await removing
    await expect(triggering).rejects.toThrow(ScheduleNotFoundError)
    expect(await scene().ledger('a')).toHaveLength(1)
  })

  it('waits for a run by hand that comes first, and leaves the schedule to it', async () => {
    const [remover, user] = await opened(scene())
    const stop = user.stage.stop(TRIGGER)
    const triggering = user.catalog.trigger('a')
    await stop.reached

    const removing = removeFinished(remover.store)
    await scene().blocked()
    stop.go()
    await triggering
    await removing
    expect(await user.catalog.describe('a')).toBeDefined()

    await user.finish(await user.run())
    await removeFinished(remover.store)
    expect(await user.catalog.describe('a')).toBeUndefined()
  })

  it('waits for an edit that gives it more to do, and leaves it that', async () => {
    const [remover, user] = await opened(scene())
    const stop = user.stage.stop(EDIT)
    const changing = user.catalog.patch('a', { maxRuns: 2 })
    await stop.reached

    const removing = removeFinished(remover.store)
    await scene().blocked()
    stop.go()
    await changing
    await removing
    expect(await scene().ledger('a')).toContain('10:05 g2 planned')
    await user.finish(await user.run())
    await removeFinished(remover.store)
    expect(await user.catalog.describe('a')).toBeUndefined()
  })

  it('is done once by two that come at once, and by the second when the first dies', async () => {
    for (const how of ['go', 'crash'] as const) {
      const [remover, other] = await opened(scene())
      const stop = remover.stage.stop(REMOVAL)
      const removing = removeFinished(remover.store)
      await stop.reached
      const also = removeFinished(other.store)
      await scene().blocked()
      stop[how]()
      if (how === 'go') await removing
      else await expect(removing).rejects.toThrow(Crash)
      await also
      expect(await other.catalog.describe('a')).toBeUndefined()
      const [row] = await scene().sql(`select count(*) as n from carillon_generations`)
      expect(Number(row?.['n'])).toBe(how === 'go' ? 1 : 2)
      expect(await scene().sql('select * from carillon_removals')).toEqual([])
      await scene().sql('delete from carillon_occurrences')
    }
  })
})
