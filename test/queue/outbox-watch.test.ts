import { describe, expect, it } from 'vitest'
import { MINUTE } from '../interleaving/support/actor.ts'
import { DATABASES, instant, useScene } from '../interleaving/support/scene.ts'
import { AT_FIVE, OutboxActor, REFUSED } from './support/outbox-actor.ts'

describe.each(DATABASES)('what is known of a queue, on %s', (kind) => {
  const scene = useScene(kind)
  const enter = (name: string) => OutboxActor.enter(scene(), name)
  const at = (time: string, ms = 0) => scene().clock.jumpTo(instant(time) + ms)

  /** Occurrences at 10:05, 10:06 … 10:09, of which nothing is taken up yet. */
  async function opened() {
    const relay = await enter('relay')
    await relay.catalog.schedule({ ...AT_FIVE, cron: '5-9 10 * * *' })
    return relay
  }

  describe('the name of what it holds', () => {
    it('is kept for the first time, and then from name to name', async () => {
      const relay = await enter('relay')
      expect(await relay.epoch()).toBeUndefined()
      expect(await relay.keepEpoch(undefined, 'one')).toBe(true)
      expect(await relay.epoch()).toBe('one')
      expect(await relay.keepEpoch('one', 'two')).toBe(true)
      expect(await relay.epoch()).toBe('two')
      const rows = await scene().sql('select name, epoch, seen_at from carillon_queues')
      expect(rows).toEqual([{ name: 'q', epoch: 'two', seen_at: instant('10:00') }])
    })

    it('is not kept by who knows an older one, or none', async () => {
      const relay = await enter('relay')
      await relay.keepEpoch(undefined, 'one')
      expect(await relay.keepEpoch(undefined, 'mine')).toBe(false)
      expect(await relay.keepEpoch('none', 'mine')).toBe(false)
      expect(await relay.keepEpoch('ONE', 'mine')).toBe(false)
      expect(await relay.keepEpoch('one ', 'mine')).toBe(false)
      expect(await relay.epoch()).toBe('one')
    })

    it('is kept for each queue by itself', async () => {
      const relay = await enter('relay')
      await relay.keepEpoch(undefined, 'of q')
      expect(await relay.keepEpoch('of q', 'mine', 'p')).toBe(false)
      expect(await relay.epoch('p')).toBeUndefined()
      expect(await relay.keepEpoch(undefined, 'of p', 'p')).toBe(true)
      expect([await relay.epoch('q'), await relay.epoch('p')]).toEqual(['of q', 'of p'])
    })

    it('is kept by one of many who ask at once', async () => {
      const relays = [await enter('one'), await enter('two'), await enter('three')]
      await relays[0]!.keepEpoch(undefined, 'before')
      const kept = await Promise.all(relays.map((relay) => relay.keepEpoch('before', relay.name)))
      expect(kept.filter(Boolean)).toHaveLength(1)
      expect(await relays[0]!.epoch()).toBe(relays[kept.indexOf(true)]!.name)
    })
  })

  describe('what it has lost', () => {
    it('is sent once more: all that was sent or taken up, under the same names', async () => {
      const relay = await opened()
      const sent = await relay.send({ limit: 2 })
      const taken = await relay.take({ limit: 1 })
      expect(await relay.forget()).toBe(3)
      const [row] = await scene().sql('select * from carillon_occurrences order by nominal_at limit 1')
      expect(row).toMatchObject({ state: 'planned', owner: null, lease_until: null, attempt: 0, lost: 0 })

      expect(await relay.take({ limit: 3 })).toEqual([...sent, ...taken])
    })

    it('is forgotten in steps', async () => {
      const relay = await opened()
      await relay.send()
      expect([await relay.forget(2), await relay.forget(2), await relay.forget(2)]).toEqual([2, 2, 1])
      expect(await relay.forget(2)).toBe(0)
      expect(await relay.take()).toHaveLength(5)
    })

    it('is not what runs, has ended, waits, was withdrawn, or is of another queue', async () => {
      const relay = await opened()
      await relay.catalog.schedule({ ...AT_FIVE, key: 'p', queue: 'p' })
      await relay.catalog.schedule({ ...AT_FIVE, key: 'd', queue: 'default' })
      await relay.catalog.schedule({ ...AT_FIVE, key: 'z', cron: '4 10 * * *' })
      await relay.send({ limit: 1 })
      await relay.catalog.pause('z')
      await relay.send({ queue: 'p' })
      await relay.claim()
      const runs = await relay.begin(await relay.send({ limit: 2 }))
      await relay.finish(runs.slice(0, 1))
      const before = await scene().sql('select * from carillon_occurrences order by schedule_id, nominal_at')

      expect(await relay.forget()).toBe(0)
      const after = await scene().sql('select * from carillon_occurrences order by schedule_id, nominal_at')
      expect(after).toEqual(before)
      expect(await relay.heartbeat(runs)).toHaveLength(1)
    })

    it('begins all the same when it was not lost after all, and once', async () => {
      const relay = await opened()
      const sent = await relay.send()
      await relay.forget()
      expect(await relay.begin(sent.slice(0, 2))).toHaveLength(2)
      const again = await relay.send()
      expect(again).toEqual(sent.slice(2))
      expect(await relay.begin(again)).toHaveLength(3)
      const other = await enter('other')
      expect(await other.tryBegin(sent)).toEqual(REFUSED)
    })
  })

  describe('what falls due', () => {
    const FIVE = instant('10:05')

    it('is what was sent and confirmed, after the one instant and up to the other', async () => {
      const relay = await opened()
      const sent = await relay.send()
      expect(await relay.dueBetween(FIVE, FIVE + 2 * MINUTE)).toEqual(sent.slice(1, 3))
      expect(await relay.dueBetween(FIVE - 1, FIVE)).toEqual(sent.slice(0, 1))
      expect(await relay.dueBetween(FIVE, FIVE + MINUTE - 1)).toEqual([])
      expect(await relay.dueBetween(FIVE, FIVE)).toEqual([])
      expect(await relay.dueBetween(0, FIVE + MINUTE)).toEqual(sent.slice(0, 2))
    })

    it('comes in order, as many as asked for', async () => {
      const relay = await opened()
      const sent = await relay.send()
      expect(await relay.dueBetween(0, instant('11:00'), 3)).toEqual(sent.slice(0, 3))
      expect(await relay.dueBetween(0, instant('11:00'))).toEqual(sent)
    })

    it('is next after an instant', async () => {
      const relay = await opened()
      expect(await relay.nextDue(0)).toBeUndefined()
      await relay.send()
      expect(await relay.nextDue(0)).toBe(FIVE)
      expect(await relay.nextDue(FIVE - 1)).toBe(FIVE)
      expect(await relay.nextDue(FIVE)).toBe(FIVE + MINUTE)
      expect(await relay.nextDue(instant('10:09') - 1)).toBe(instant('10:09'))
      expect(await relay.nextDue(instant('10:09'))).toBeUndefined()
    })

    it('is not what is planned, taken up, given back, runs, has ended, or was withdrawn', async () => {
      const relay = await opened()
      const nothing = async () => {
        expect(await relay.dueBetween(0, instant('11:00'))).toEqual([])
        expect(await relay.nextDue(0)).toBeUndefined()
      }
      await nothing()
      const taken = await relay.take()
      await nothing()
      await relay.giveBack(taken)
      await nothing()

      const sent = await relay.send()
      expect(await relay.dueBetween(0, instant('11:00'))).toHaveLength(5)
      const runs = await relay.begin(sent.slice(0, 2))
      await relay.finish(runs.slice(0, 1))
      expect(await relay.dueBetween(0, instant('11:00'))).toEqual(sent.slice(2))
      await relay.catalog.pause('a')
      await nothing()
    })

    it('is not what is held by a claim, nor of another queue', async () => {
      const relay = await enter('relay')
      await relay.catalog.schedule({ ...AT_FIVE, key: 'p', queue: 'p' })
      await relay.catalog.schedule({ ...AT_FIVE, key: 'd', queue: 'default' })
      await relay.send({ queue: 'p' })
      expect(await relay.claim()).toHaveLength(1)
      expect(await relay.dueBetween(0, instant('11:00'))).toEqual([])
      expect(await relay.nextDue(0)).toBeUndefined()
    })

    it('is what is taken up half a minute before it is due, once it is confirmed', async () => {
      const relay = await opened()
      at('10:05', -30_000)
      const taken = await relay.take({ limit: 1 })
      expect(await relay.nextDue(scene().clock.now())).toBeUndefined()
      await relay.confirm(taken)
      expect(await relay.nextDue(scene().clock.now())).toBe(FIVE)
    })
  })

  describe('its backlog', () => {
    const EMPTY = { unsent: 0, firstDueAt: undefined, firstPlannedAt: undefined, sent: 0, withdrawals: 0 }

    it('is empty while nothing is stored', async () => {
      const relay = await enter('relay')
      expect(await relay.backlog()).toEqual(EMPTY)
    })

    it('tells what waits where', async () => {
      const relay = await enter('relay')
      await relay.catalog.schedule({ ...AT_FIVE, key: 'b', cron: '8 10 * * *' })
      at('10:01')
      await relay.catalog.schedule({ ...AT_FIVE, cron: '5-7 10 * * *' })
      const five = { firstDueAt: instant('10:05'), firstPlannedAt: instant('10:01') }
      expect(await relay.backlog()).toEqual({ ...EMPTY, ...five, unsent: 4 })

      const sent = await relay.send({ limit: 1 })
      const six = { ...five, firstDueAt: instant('10:06') }
      expect(await relay.backlog()).toEqual({ ...EMPTY, ...six, unsent: 3, sent: 1 })
      const taken = await relay.take({ limit: 2 })
      const eight = { firstDueAt: instant('10:08'), firstPlannedAt: instant('10:00') }
      expect(await relay.backlog()).toEqual({ ...EMPTY, ...eight, unsent: 1, sent: 3 })

      const runs = await relay.begin(sent)
      expect(await relay.backlog()).toEqual({ ...EMPTY, ...eight, unsent: 1, sent: 2 })
      await relay.finish(runs)
      await relay.catalog.pause('a')
      expect(await relay.backlog()).toEqual({ ...EMPTY, ...eight, unsent: 1, withdrawals: taken.length })

      await relay.withdrawn(await relay.withdrawals())
      await relay.catalog.delete('b')
      expect(await relay.backlog()).toEqual(EMPTY)
    })

    it('counts what waits for another attempt', async () => {
      const relay = await enter('relay')
      await relay.catalog.schedule(AT_FIVE)
      at('10:05')
      const runs = await relay.begin(await relay.send())
      const error = { code: 'ERROR', message: 'it failed' }
      await relay.finish(runs, { kind: 'failed', error, result: null, retryInMs: 5_000 })
      expect(await relay.backlog()).toEqual({
        ...EMPTY,
        unsent: 1,
        firstDueAt: instant('10:05') + 5_000,
        firstPlannedAt: instant('10:00'),
      })
    })

    it('leaves other queues out', async () => {
      const relay = await enter('relay')
      await relay.catalog.schedule({ ...AT_FIVE, key: 'p', cron: '5,6 10 * * *', queue: 'p' })
      await relay.catalog.schedule({ ...AT_FIVE, key: 'x', queue: 'p' })
      await relay.catalog.schedule({ ...AT_FIVE, key: 'd', queue: 'default' })
      await relay.send({ queue: 'p', limit: 2 })
      await relay.catalog.delete('x')
      expect(await relay.backlog('q')).toEqual(EMPTY)
      expect(await relay.backlog('p')).toMatchObject({ unsent: 1, sent: 1, withdrawals: 1 })
    })
  })
})
