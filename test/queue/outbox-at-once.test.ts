import { describe, expect, it } from 'vitest'
import { isRefusal } from '../../src/sql/sql-error.ts'
import { instant, SERVERS, useScene } from '../interleaving/support/scene.ts'
import { CHANGES, idsOf, OutboxActor, REFUSED } from './support/outbox-actor.ts'
import { crash, open } from './support/stopped-work.ts'

const NAMED = { at: /^commit/, after: /(insert into|update) carillon_queues/ }
const FINDING_WHAT_WAITS = /carillon_occurrences .*finished_at is null/
const HOLDING_WHAT_WAITS = /^select .* for update/

describe.each(SERVERS)('the outbox, at once with others, on %s', (kind) => {
  const scene = useScene(kind)
  const enter = (name: string) => OutboxActor.enter(scene(), name)

  /** Schedule `a` with occurrences at 10:05 and 10:06. */
  async function opened() {
    const relay = await enter('relay')
    const other = await enter('other')
    await relay.catalog.schedule({ key: 'a', cron: '5,6 10 * * *', job: 'note', queue: 'q' })
    return { relay, other }
  }

  describe('two relays', () => {
    it('take each what the other has not, without waiting', async () => {
      const { relay, other } = await opened()
      const taking = await open(relay, () => relay.slow.take({ limit: 1 }))
      const [second] = await scene().unhindered(other.take())
      taking.stop.go()
      const [first] = await taking.done

      expect([first!.dueAt, second!.dueAt]).toEqual([instant('10:05'), instant('10:06')])
      expect(await scene().ledger()).toEqual(['10:05 g1 sent by relay', '10:06 g1 sent by other'])
    })

    it('one of which dies while it takes: the other takes it all', async () => {
      const { relay, other } = await opened()
      const taking = await open(relay, () => relay.slow.take())
      expect(await scene().unhindered(other.take())).toEqual([])
      await crash(taking)
      expect(await other.take()).toHaveLength(2)
      expect(await scene().ledger()).toEqual(['10:05 g1 sent by other', '10:06 g1 sent by other'])
    })

    it('one of which loses the answer to what it took: nothing of it is lost', async () => {
      const { relay, other } = await opened()
      const at = kind === 'postgres' ? /^update .*skip locked/ : /^commit/
      const lost = relay.stage.lose({ at }, 'after')
      expect(await relay.take({ limit: 1 })).toMatchObject([{ dueAt: instant('10:06') }])
      await lost
      scene().clock.jumpTo(instant('10:00') + 30_000)
      await other.reapAll()
      expect(await other.take()).toHaveLength(2)
    })

    it('take nothing that is being written, and all of it then', async () => {
      const { relay, other } = await opened()
      const adding = await open(relay, () =>
        relay.catalog.schedule({ key: 'b', cron: '7 10 * * *', job: 'note', queue: 'q' }),
      )
      expect(await scene().unhindered(other.take())).toHaveLength(2)
      adding.stop.go()
      await adding.done
      expect(await other.take()).toMatchObject([{ dueAt: instant('10:07') }])
    })

    it('forget what is lost once', async () => {
      const { relay, other } = await opened()
      await relay.send()
      const forgetting = await open(relay, () => relay.slow.forget())
      expect(await scene().unhindered(other.forget())).toBe(0)
      forgetting.stop.go()
      expect(await forgetting.done).toBe(2)
      expect(await other.take()).toHaveLength(2)
    })

    it('forget what is being confirmed when they ask again', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      const confirming = await open(relay, () => relay.slow.confirm(taken))
      expect(await scene().unhindered(other.forget())).toBe(0)
      confirming.stop.go()
      await confirming.done
      expect(await other.forget()).toBe(2)
      expect(await other.take()).toEqual(taken)
    })

    it('confirm and forget: what was taken up before is sent once more', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      const forgetting = await open(other, () => other.slow.forget())
      const confirming = relay.confirm(taken)
      await scene().blocked()
      forgetting.stop.go()
      expect(await forgetting.done).toBe(2)
      await confirming
      expect(await scene().ledger()).toEqual(['10:05 g1 planned', '10:06 g1 planned'])
      expect(await other.take()).toEqual(taken)
    })
  })

  describe.each(CHANGES)('$change', ({ make, reason, planned }) => {
    it('that is not committed is passed over, and nothing of the old is taken then', async () => {
      const { relay, other } = await opened()
      await other.catalog.schedule({ key: 'b', cron: '7 10 * * *', job: 'note', queue: 'q' })
      const changing = await open(other, () => make(other))

      expect(await scene().unhindered(relay.take())).toMatchObject([{ dueAt: instant('10:07') }])
      changing.stop.go()
      await changing.done
      expect(await relay.take()).toMatchObject(planned.map(() => ({ generation: 2 })))
      expect(await relay.withdrawals()).toEqual([])
    })

    it('that is rolled back notes nothing, and leaves the sent sent and the rest to be taken', async () => {
      const { relay, other } = await opened()
      const sent = await relay.send({ limit: 1 })
      const changing = await open(other, () => make(other))
      expect(await scene().unhindered(relay.take())).toEqual([])
      await crash(changing)

      expect(await relay.withdrawals()).toEqual([])
      expect(await relay.take()).toMatchObject([{ generation: 1, dueAt: instant('10:06') }])
      expect(await relay.begin(sent)).toHaveLength(1)
    })

    it('waits for a take that is not committed, and notes what it took', async () => {
      const { relay, other } = await opened()
      const taking = await open(relay, () => relay.slow.take({ limit: 1 }))
      const changing = make(other)
      await scene().blocked()
      taking.stop.go()
      const taken = await taking.done
      await changing

      expect(await relay.withdrawals()).toMatchObject([{ ...taken[0] }])
      expect(await scene().ledger()).toEqual([
        `10:05 g1 ${reason} by relay`,
        `10:06 g1 ${reason}`,
        ...planned,
      ])
      expect(await relay.tryBegin(taken)).toEqual(REFUSED)
    })

    it('waits for a take whose relay dies, and notes nothing', async () => {
      const { relay, other } = await opened()
      const taking = await open(relay, () => relay.slow.take())
      const changing = make(other)
      await scene().blocked()
      await crash(taking)
      await changing
      expect(await relay.withdrawals()).toEqual([])
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason}`, `10:06 g1 ${reason}`, ...planned])
    })

    it.each([
      { when: 'before it looks at the ledger', at: FINDING_WHAT_WAITS, after: undefined },
      { when: 'before it holds what it found', at: HOLDING_WHAT_WAITS, after: FINDING_WHAT_WAITS },
    ])('$when notes what is taken up then', async ({ at, after }) => {
      const { relay, other } = await opened()
      const stop = other.stage.stop({ at, after })
      const changing = make(other)
      await stop.reached
      const taken = await scene().unhindered(relay.take())
      expect(taken).toHaveLength(2)
      stop.go()
      await changing
      expect(idsOf(await relay.withdrawals())).toEqual(idsOf(taken))
    })

    it('that is not committed keeps a confirmation waiting, which changes nothing then', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      const changing = await open(other, () => make(other))
      const confirming = relay.confirm(taken)
      await scene().blocked()
      changing.stop.go()
      await changing.done
      await confirming
      expect(idsOf(await relay.withdrawals())).toEqual(idsOf(taken))
      const ends = [`10:05 g1 ${reason} by relay`, `10:06 g1 ${reason} by relay`]
      expect(await scene().ledger()).toEqual([...ends, ...planned])
    })

    it('waits for a return that is not committed, and notes nothing of what was not sent', async () => {
      const { relay, other } = await opened()
      const taken = await relay.take()
      const returning = await open(relay, () => relay.slow.giveBack(taken))
      const changing = make(other)
      await scene().blocked()
      returning.stop.go()
      await returning.done
      await changing
      expect(await relay.withdrawals()).toEqual([])
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason}`, `10:06 g1 ${reason}`, ...planned])
    })

    it('leaves alone what the reaper takes back meanwhile, or withdraws it, and nothing is sent', async () => {
      const { relay, other } = await opened()
      await relay.take()
      scene().clock.jumpTo(instant('10:00') + 30_000)
      const changing = await open(other, () => make(other))
      expect(await scene().unhindered(relay.reap())).toMatchObject({ taken: 0 })
      changing.stop.go()
      await changing.done
      await relay.reapAll()
      expect(await relay.take()).toMatchObject(planned.map(() => ({ generation: 2 })))
      expect(await relay.withdrawals()).toHaveLength(2)
    })
  })

  describe('the name of what a queue holds', () => {
    const keptBy = (actor: OutboxActor, last: string | undefined, epoch: string) =>
      actor.keepEpoch(last, epoch).catch((error: unknown) => {
        // Of two that are the first to see a queue, the database may refuse one.
        if (!isRefusal(error) || last !== undefined) throw error
        return false
      })

    it.each([undefined, 'before'])('is kept by one of two that knew %s', async (last) => {
      const [one, two] = [await enter('one'), await enter('two')]
      if (last !== undefined) await one.keepEpoch(undefined, last)
      const first = await open(one, () => one.keepEpoch(last, 'of one'), NAMED)
      const second = keptBy(two, last, 'of two')
      await scene().blocked()
      first.stop.go()
      expect(await first.done).toBe(true)
      expect(await second).toBe(false)
      expect(await two.epoch()).toBe('of one')
    })

    it.each([undefined, 'before'])('is kept by the other when the first, who knew %s, dies', async (last) => {
      const [one, two] = [await enter('one'), await enter('two')]
      if (last !== undefined) await one.keepEpoch(undefined, last)
      const first = await open(one, () => one.keepEpoch(last, 'of one'), NAMED)
      const second = keptBy(two, last, 'of two')
      await scene().blocked()
      await crash(first)
      expect(await second).toBe(true)
      expect(await two.epoch()).toBe('of two')
    })
  })
})
