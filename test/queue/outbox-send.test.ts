import { describe, expect, it } from 'vitest'
import { FAILED, LEASE_MS, MINUTE } from '../interleaving/support/actor.ts'
import { DATABASES, instant, useScene } from '../interleaving/support/scene.ts'
import { AT_FIVE, FAILED_FOR_GOOD, idsOf, OutboxActor } from './support/outbox-actor.ts'

/** How long a relay that says nothing keeps what it has taken up. */
const HELD_BY_RELAY_MS = 30_000

describe.each(DATABASES)('the outbox, on %s', (kind) => {
  const scene = useScene(kind)
  const enter = (name: string) => OutboxActor.enter(scene(), name)
  const at = (time: string, ms = 0) => scene().clock.jumpTo(instant(time) + ms)

  /** A schedule with an occurrence at 10:05, and two dispatchers. */
  async function opened() {
    const relay = await enter('relay')
    const other = await enter('other')
    await relay.catalog.schedule(AT_FIVE)
    return { relay, other }
  }

  async function row() {
    const rows = await scene().sql('select * from carillon_occurrences')
    expect(rows).toHaveLength(1)
    return rows[0]!
  }

  describe('taking up', () => {
    it('gives what is due first in front, as many as asked for, and each once', async () => {
      const relay = await enter('relay')
      for (const [key, minute] of Object.entries({ a: 7, b: 5, c: 8, d: 6 }))
        await relay.catalog.schedule({ ...AT_FIVE, key, cron: `${minute} 10 * * *` })

      const takenDue = async (limit: number) =>
        (await relay.take({ limit })).map(({ dueAt }) => dueAt - instant('10:00'))
      expect(await takenDue(3)).toEqual([5 * MINUTE, 6 * MINUTE, 7 * MINUTE])
      expect(await takenDue(3)).toEqual([8 * MINUTE])
      expect(await takenDue(3)).toEqual([])
    })

    it('tells what a message says', async () => {
      const { relay } = await opened()
      const { schedule_id } = await row()
      const entry = {
        scheduleId: schedule_id,
        generation: 1,
        nominalAt: instant('10:05'),
        attempt: 0,
        dueAt: instant('10:05'),
        job: 'note',
      }
      expect(await relay.take()).toEqual([entry])
      expect(await scene().ledger()).toEqual(['10:05 g1 sent by relay'])
    })

    it('gives nobody else what was taken up, nor what was sent', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      expect(taken).toHaveLength(1)
      expect(await other.take()).toEqual([])
      expect(await relay.take()).toEqual([])

      await relay.confirm(taken)
      expect(await other.take()).toEqual([])
      expect(await relay.take()).toEqual([])
    })

    it('keeps queues apart', async () => {
      const { relay, other } = await opened()
      await relay.catalog.schedule({ ...AT_FIVE, key: 'b', queue: 'p' })
      await relay.catalog.schedule({ ...AT_FIVE, key: 'c', queue: 'default' })
      at('10:05')

      expect(await relay.take({ queue: 'q' })).toHaveLength(1)
      expect(await relay.take({ queue: 'p' })).toHaveLength(1)
      expect(await other.claim()).toHaveLength(1)
      expect(await scene().ledger()).toEqual([
        'a 10:05 g1 sent by relay',
        'b 10:05 g1 sent by relay',
        'c 10:05 g1 planned by other',
      ])
    })

    it('gives each of 2,000 to one of three relays that take at once', { timeout: 120_000 }, async () => {
      const relay = await enter('relay')
      for (const key of ['a', 'b']) await relay.catalog.schedule({ ...AT_FIVE, key, cron: '* * * * * *' })
      const relays = [relay, await enter('second'), await enter('third')]

      const drained = async (one: OutboxActor) => {
        const batches: string[][] = []
        for (;;) {
          const entries = await one.take({ limit: 150 })
          if (entries.length === 0) return batches.flat()
          expect(entries.length).toBeLessThanOrEqual(150)
          const due = entries.map(({ dueAt }) => dueAt)
          expect(due).toEqual(due.toSorted((a, b) => a - b))
          batches.push(idsOf(entries))
          await one.confirm(entries)
        }
      }
      const ids = (await Promise.all(relays.map(drained))).flat()
      // What one passes over while another holds it may be left when the first has found nothing.
      ids.push(...(await drained(relay)))
      expect(ids).toHaveLength(2_000)
      expect(new Set(ids).size).toBe(2_000)
      expect(await relay.backlog()).toMatchObject({ unsent: 0, sent: 2_000 })
    })
  })

  describe('a relay that could not send', () => {
    it('gives back what another one takes under the same name', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      await relay.giveBack(taken)
      expect(await row()).toMatchObject({ state: 'planned', owner: null, lease_until: null })
      expect(await other.take()).toEqual(taken)
    })

    it('gives back part of what it took up', async () => {
      const { relay, other } = await opened()
      await relay.catalog.schedule({ ...AT_FIVE, cron: '5-8 10 * * *' })
      const taken = await relay.take()
      await relay.giveBack(taken.slice(0, 2))
      await relay.confirm(taken.slice(2))
      expect(await other.take()).toEqual(taken.slice(0, 2))
    })

    it('does not give back what another one holds by then', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      at('10:00', HELD_BY_RELAY_MS)
      await other.reap()
      await other.take()
      const before = await row()

      await relay.giveBack(taken)
      await relay.confirm(taken)
      expect(await row()).toEqual(before)
      expect(await scene().ledger()).toEqual(['10:05 g1 sent by other'])
    })

    it('does not give back what was confirmed', async () => {
      const { relay } = await opened()
      const sent = await relay.send()
      await relay.giveBack(sent)
      expect(await scene().ledger()).toEqual(['10:05 g1 sent'])
    })
  })

  describe('a relay that dies before it confirms', () => {
    it('keeps what it took up for 30 seconds; then another one sends it under the same name', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()

      at('10:00', HELD_BY_RELAY_MS - 1)
      expect(await other.reap()).toMatchObject({ taken: 0, returned: 0, failed: 0 })
      expect(await other.take()).toEqual([])

      at('10:00', HELD_BY_RELAY_MS)
      expect(await other.reap()).toMatchObject({ taken: 1, returned: 0, failed: 0 })
      expect(await other.take()).toEqual(taken)
    })

    it('does not confirm what was taken back meanwhile', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      at('10:00', HELD_BY_RELAY_MS)
      await other.reap()
      await relay.confirm(taken)
      expect(await scene().ledger()).toEqual(['10:05 g1 planned'])
      expect(await other.take()).toEqual(taken)
    })

    it('may die over and over, without its being counted', async () => {
      const { relay } = await opened()
      const first = await relay.take()
      for (let time = 1; time <= 8; time++) {
        at('10:00', time * HELD_BY_RELAY_MS)
        expect(await relay.reap()).toMatchObject({ taken: 1, returned: 0, failed: 0 })
        expect(await relay.take()).toEqual(first)
      }
      expect(await row()).toMatchObject({ state: 'sent', attempt: 0, failures: 0, lost: 0 })
    })
  })

  describe('what was sent and does not begin', () => {
    it('is sent once more 1, 2, 4, 8 … minutes after it was due, without its being counted', async () => {
      const { relay, other } = await opened()
      const sent = await relay.send()
      expect(await row()).toMatchObject({ state: 'sent', owner: null })

      for (const minutes of [1, 2, 4, 8, 16, 32, 64]) {
        at('10:05', minutes * MINUTE - 1)
        expect(await other.reap()).toMatchObject({ taken: 0, returned: 0, failed: 0 })
        expect(await other.take()).toEqual([])

        at('10:05', minutes * MINUTE)
        expect(await other.reap()).toMatchObject({ taken: 1, returned: 0, failed: 0 })
        expect(await other.send()).toEqual(sent)
      }
      expect(await row()).toMatchObject({ state: 'sent', attempt: 0, failures: 0, lost: 0, owner: null })

      const [run] = await other.begin(sent)
      expect(run).toMatchObject({ attempt: 1, failures: 0 })
      expect(await other.finish([run!])).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 succeeded #1 by other'])
    })

    it('has as long again when it was late already when it was sent', async () => {
      const { relay } = await opened()
      at('10:15')
      await relay.send()
      at('10:25', -1)
      expect(await relay.reap()).toMatchObject({ taken: 0 })
      at('10:25')
      expect(await relay.reap()).toMatchObject({ taken: 1 })
    })

    it('has a minute at least, also when it fell due while it was being sent', async () => {
      const { relay } = await opened()
      at('10:04', 59_000)
      const taken = await relay.take()
      at('10:05', 3_000)
      await relay.confirm(taken)
      at('10:06', 3_000 - 1)
      expect(await relay.reap()).toMatchObject({ taken: 0 })
      at('10:06', 3_000)
      expect(await relay.reap()).toMatchObject({ taken: 1 })
    })

    it('does not take away retries nor attempts from what loses its server then', async () => {
      const { relay } = await opened()
      const sent = await relay.send()
      for (const minutes of [1, 2, 4, 8, 16, 32]) {
        at('10:05', minutes * MINUTE)
        await relay.reap()
        await relay.send()
      }
      const [run] = await relay.begin(sent)
      scene().clock.jumpTo(scene().clock.now() + LEASE_MS)
      expect(await relay.reap()).toMatchObject({ taken: 1, returned: 1, failed: 0 })
      expect(await row()).toMatchObject({ state: 'planned', attempt: run!.attempt, lost: 1, failures: 0 })
    })
  })

  describe('a confirmation that comes late', () => {
    it('leaves alone what has begun, and what has ended', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      const [run] = await other.begin(taken)
      const running = await row()
      expect(running).toMatchObject({ state: 'running', owner: 'other' })
      await relay.confirm(taken)
      await relay.giveBack(taken)
      expect(await row()).toEqual(running)

      await other.finish([run!])
      const ended = await row()
      expect(ended).toMatchObject({ state: 'succeeded' })
      await relay.confirm(taken)
      await relay.giveBack(taken)
      expect(await row()).toEqual(ended)
    })

    it('leaves alone what runs on the same server that relays', async () => {
      const { relay } = await opened()
      const taken = await relay.take()
      expect(await relay.begin(taken)).toHaveLength(1)
      const running = await row()
      expect(running).toMatchObject({ state: 'running', owner: 'relay' })
      await relay.confirm(taken)
      await relay.giveBack(taken)
      expect(await row()).toEqual(running)
    })

    it('leaves alone what waits for its next attempt, and what of that was taken up', async () => {
      const { relay } = await opened()
      const taken = await relay.take()
      const [run] = await relay.begin(taken)
      await relay.finish([run!], FAILED)
      const planned = await row()
      expect(planned).toMatchObject({ state: 'planned', attempt: 1 })
      await relay.confirm(taken)
      await relay.giveBack(taken)
      expect(await row()).toEqual(planned)

      expect(await relay.take()).toMatchObject([{ attempt: 1 }])
      const takenAgain = await row()
      await relay.confirm(taken)
      await relay.giveBack(taken)
      expect(await row()).toEqual(takenAgain)
    })

    it('leaves alone what was withdrawn', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      await other.catalog.pause('a')
      const paused = await row()
      await relay.confirm(taken)
      await relay.giveBack(taken)
      expect(await row()).toEqual(paused)
    })
  })

  describe('a run that failed', () => {
    it('is sent once more as its next attempt, due after its backoff', async () => {
      const { relay, other } = await opened()
      const [first] = await relay.send()
      at('10:05')
      const [run] = await other.begin([first!])
      at('10:05', 2_000)
      await other.finish([run!], FAILED)
      const retryAt = instant('10:06') + 2_000
      expect(await row()).toMatchObject({ state: 'planned', attempt: 1, due_at: retryAt, owner: null })

      const [second] = await relay.send()
      expect(second).toEqual({ ...first, attempt: 1, dueAt: retryAt })
      expect(await relay.dueBetween(retryAt - 1, retryAt)).toEqual([second])

      at('10:07', 2_000 - 1)
      expect(await other.reap()).toMatchObject({ taken: 0 })
      at('10:07', 2_000)
      expect(await other.reap()).toMatchObject({ taken: 1, failed: 0 })
      expect(await relay.take()).toEqual([second])
    })

    it('for good, and is put back by hand, is sent under a name of its own', async () => {
      const { relay, other } = await opened()
      const [first] = await relay.send()
      const [run] = await other.begin([first!])
      await other.finish([run!], FAILED_FOR_GOOD)
      expect(await relay.take()).toEqual([])

      at('10:20')
      await relay.catalog.retry('a')
      const [again] = await relay.send()
      expect(again).toEqual({ ...first, attempt: 1, dueAt: instant('10:20') })
      expect(await other.begin([first!])).toEqual([])
      expect(await other.begin([again!])).toMatchObject([{ attempt: 2, failures: 0 }])
    })
  })
})
