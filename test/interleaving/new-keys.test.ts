import { describe, expect, it } from 'vitest'
import type { Tables } from '../../src/store/store.ts'
import type { Actor } from './support/actor.ts'
import { DATABASES, SERVERS, useScene, type Scene } from './support/scene.ts'
import { Crash } from './support/stage.ts'

const STORING = /^insert into carillon_schedules/
const AT_FIVE = { key: 'a', cron: '5 10 * * *', job: 'note' }
const AT_SIX = { ...AT_FIVE, cron: '6 10 * * *' }

/** What two processes store under the same key, and what there is then, whoever comes first. */
const PAIRS = [
  { what: 'the same', other: AT_FIVE, revision: 1, generation: 1 },
  { what: 'the same with another payload', other: { ...AT_FIVE, payload: 2 }, revision: 2, generation: 1 },
  { what: 'another timing', other: AT_SIX, revision: 2, generation: 2 },
  { what: 'the same, paused', other: { ...AT_FIVE, active: false }, revision: 2, generation: 2 },
]

async function schedules(scene: Scene): Promise<unknown> {
  return scene.sql(
    `select s."key", s.generation, s.revision, count(g.generation) + 1 as generations from carillon_schedules s
     left join carillon_generations g on g.schedule_id = s.id where s.deleted_at = 0
     group by s.id, s."key", s.generation, s.revision order by s."key"`,
  )
}

describe.each(DATABASES)('a key that two processes store, on %s', (kind) => {
  const scene = useScene(kind)

  it.each(PAIRS)('one after the other: $what', async ({ other, revision, generation }) => {
    const [one, two] = await scene().actors()
    expect(await one.catalog.schedule(AT_FIVE)).toMatchObject({ revision: 1, generation: 1 })
    expect(await two.catalog.schedule(other)).toMatchObject({ revision, generation })
    expect(await schedules(scene())).toEqual([{ key: 'a', revision, generation, generations: generation }])
  })

  it('both within lists in opposite order, again and again', async () => {
    const [one, two] = await scene().actors()
    const list = (round: number) =>
      Array.from({ length: 100 }, (_, n) => ({ ...AT_FIVE, key: `k${n}`, payload: round }))
    for (let round = 1; round <= 5; round++) {
      const [first, second] = await Promise.all([
        one.catalog.scheduleMany(list(round)),
        two.catalog.scheduleMany(list(round).toReversed()),
      ])
      expect(first.created + second.created + first.changed + second.changed).toBe(100)
      expect(first.unchanged + second.unchanged).toBe(100)
    }
    const [row] = await scene().sql(
      `select count(*) as schedules, min(revision) as least, max(revision) as most from carillon_schedules`,
    )
    expect(row).toEqual({ schedules: 100, least: 5, most: 5 })
    expect(await scene().sql(`select count(*) as total from carillon_occurrences`)).toEqual([{ total: 100 }])
  })
})

describe.each(SERVERS)('a new key that two processes store at once, on %s', (kind) => {
  const scene = useScene(kind)

  it.each(PAIRS)('when neither has found it: $what', async ({ other, revision, generation }) => {
    const [one, two] = await scene().actors()
    const stops = [one, two].map(({ stage }) => stage.stop({ at: STORING }))
    const first = one.catalog.schedule(AT_FIVE)
    const second = two.catalog.schedule(other)
    await Promise.all(stops.map(({ reached }) => reached))
    stops[0]!.go()
    expect(await first).toMatchObject({ revision: 1, generation: 1 })
    stops[1]!.go()

    expect(await second).toMatchObject({ revision, generation })
    expect(await schedules(scene())).toEqual([{ key: 'a', revision, generation, generations: generation }])
  })

  it.each(PAIRS)('when the first is not committed: $what', async ({ other, revision, generation }) => {
    const [one, two] = await scene().actors()
    const stop = one.stage.stop({ at: /^commit/, after: STORING })
    const first = one.catalog.schedule(AT_FIVE)
    await stop.reached
    const second = two.catalog.schedule(other)
    await scene().blocked()
    stop.go()

    expect(await first).toMatchObject({ revision: 1, generation: 1 })
    expect(await second).toMatchObject({ revision, generation })
    expect(await schedules(scene())).toEqual([{ key: 'a', revision, generation, generations: generation }])
    const paused = 'active' in other
    const open = (await scene().ledger()).filter((text) => text.endsWith('planned'))
    expect(open).toHaveLength(paused ? 0 : 1)
  })

  it('when the first dies before its commit', async () => {
    const [one, two] = await scene().actors()
    const stop = one.stage.stop({ at: /^commit/, after: STORING })
    const first = one.catalog.schedule(AT_FIVE)
    await stop.reached
    const second = two.catalog.schedule(AT_SIX)
    await scene().blocked()
    stop.crash()

    await expect(first).rejects.toThrow(Crash)
    expect(await second).toMatchObject({ revision: 1, generation: 1 })
    expect(await scene().ledger()).toEqual(['10:06 g1 planned'])
  })

  it('among others that are new, too: each list is stored whole', async () => {
    const [one, two] = await scene().actors()
    const stop = one.stage.stop({ at: /^commit/, after: STORING })
    const first = one.catalog.scheduleMany([AT_FIVE, { ...AT_FIVE, key: 'b' }])
    await stop.reached
    const second = two.catalog.scheduleMany([{ ...AT_FIVE, key: 'c' }, { ...AT_FIVE, key: 'b' }, AT_SIX])
    await scene().blocked()
    stop.go()

    expect(await first).toEqual({ created: 2, changed: 0, unchanged: 0 })
    expect(await second).toEqual({ created: 1, changed: 1, unchanged: 1 })
    expect((await scene().ledger()).filter((text) => text.endsWith('planned'))).toEqual([
      'a 10:06 g2 planned',
      'b 10:05 g1 planned',
      'c 10:05 g1 planned',
    ])
  })

  it('different keys do not hinder each other', async () => {
    // Keys of this test alone: where InnoDB finds traces of a deleted row with the same key, it locks the gap beside it.
    const [one, two] = await scene().actors()
    const stop = one.stage.stop({ at: /^commit/, after: STORING })
    const first = one.catalog.schedule({ ...AT_FIVE, key: 'q' })
    await stop.reached
    await scene().unhindered(two.catalog.schedule({ ...AT_FIVE, key: 'p' }))
    await scene().unhindered(two.catalog.schedule({ ...AT_FIVE, key: 'r' }))
    await scene().unhindered(two.catalog.patch('p', { payload: 2 }))
    await scene().unhindered(two.catalog.pause('r'))
    expect(await scene().unhindered(two.catalog.delete('r'))).toBe(true)
    await scene().unhindered(two.catalog.trigger('p'))
    stop.go()
    await first
  })

  it.each([
    { what: 'deleted', expected: { revision: 1, generation: 1 } },
    { what: 'not deleted in the end', expected: { revision: 2, generation: 2 } },
  ])('and that is being deleted: it is a new one when it was $what', async ({ what, expected }) => {
    const [one, two] = await scene().actors()
    await one.catalog.schedule(AT_FIVE)
    const stop = one.stage.stop({ at: /^commit/, after: /update .*carillon_schedules/ })
    const deleting = one.catalog.delete('a')
    await stop.reached
    const storing = two.catalog.schedule(AT_SIX)
    await scene().blocked()
    if (what === 'deleted') {
      stop.go()
      expect(await deleting).toBe(true)
    } else {
      stop.crash()
      await expect(deleting).rejects.toThrow(Crash)
    }
    expect(await storing).toMatchObject(expected)
  })
})

describe.each(SERVERS)('a deadlock, on %s', (kind) => {
  const scene = useScene(kind)

  it('costs one of two transactions a second try', async () => {
    const [one, two] = await scene().actors()
    for (const key of ['a', 'b']) await one.catalog.schedule({ ...AT_FIVE, key })
    const meeting = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let tries = 0
    const touch = async (tables: Tables, key: string) => {
      const record = (await tables.lock('default', key))!
      await tables.cursors.move([{ id: record.id, nextAt: record.nextAt, lastAt: record.lastAt, planned: 1 }])
    }
    const work = (actor: Actor, own: number, keys: readonly [string, string]) =>
      actor.store.transaction(async (tables) => {
        tries++
        await touch(tables, keys[0])
        meeting[own]!.resolve()
        await meeting[1 - own]!.promise
        await touch(tables, keys[1])
      })

    await Promise.all([work(one, 0, ['a', 'b']), work(two, 1, ['b', 'a'])])
    expect(tries).toBe(3)
    expect(await scene().sql(`select planned from carillon_cursors`)).toEqual([
      { planned: 3 },
      { planned: 3 },
    ])
  })
})
