import { describe, expect, it } from 'vitest'
import type { OutboxEntry } from '../../src/store/outbox.ts'
import { FAILED, LEASE_MS, MINUTE } from '../interleaving/support/actor.ts'
import { DATABASES, instant, useScene } from '../interleaving/support/scene.ts'
import { idsOf, OutboxActor, REFUSED } from './support/outbox-actor.ts'

const AT_ONE_AND_TWO = { key: 'a', cron: '1,2 10 * * *', job: 'note', queue: 'q', retries: 3 }

const SHARED = { ...AT_ONE_AND_TWO, overlap: 'queue-all', mutex: 'm' } as const

describe.each(DATABASES)('the fence, for messages of what waits for its turn, on %s', (kind) => {
  const scene = useScene(kind)
  const at = (time: string, ms = 0) => scene().clock.jumpTo(instant(time) + ms)

  /** A run that began at 10:01, and what is due at 10:02 with its message, told to wait. */
  async function waiting(besides: object = {}) {
    const [relay, worker, other] = [
      await OutboxActor.enter(scene(), 'relay'),
      await OutboxActor.enter(scene(), 'worker'),
      await OutboxActor.enter(scene(), 'other'),
    ]
    await relay.catalog.schedule({ ...AT_ONE_AND_TWO, overlap: 'queue-all', ...besides })
    const [first, message] = await relay.send()
    at('10:02')
    const runs = await worker.arrive([first!])
    expect(runs).toHaveLength(1)
    expect(await worker.arrive([message!])).toEqual([])
    expect(await row()).toMatchObject({ state: 'planned', attempt: 0, waits: 1 })
    return { relay, worker, other, runs, message: message! }
  }

  async function row() {
    const [second] = await scene().sql(
      `select o.* from carillon_occurrences o join carillon_schedules s on s.id = o.schedule_id
       where s."key" = 'a' and o.nominal_at = ?`,
      instant('10:02'),
    )
    return second!
  }

  /** Another schedule of its mutex begins a run. */
  async function begun(relay: OutboxActor, worker: OutboxActor) {
    await relay.catalog.schedule({ ...SHARED, key: 'b', cron: '0 0 1 1 *' })
    await relay.catalog.trigger('b')
    const runs = await worker.arrive(await relay.send())
    expect(runs).toHaveLength(1)
    return runs
  }

  /** Nobody begins anything by it, nor is told to wait once more. */
  async function expectVoid(message: OutboxEntry, ...actors: readonly OutboxActor[]) {
    const before = await row()
    for (const one of actors) {
      expect(await one.tryBegin([message])).toEqual(REFUSED)
      expect(await one.arrive([message])).toEqual([])
    }
    expect(await row()).toEqual(before)
  }

  it('what was told to wait is sent under another name once it is called, and begins by that alone', async () => {
    const { relay, worker, other, runs, message } = await waiting()
    await expectVoid(message, worker, other)
    expect(await relay.take()).toEqual([])

    await worker.leave(runs)
    await expectVoid(message, worker, other)
    const [next, ...more] = await relay.take()
    expect(more).toEqual([])
    expect(idsOf([next!])).not.toEqual(idsOf([message]))
    expect({ ...next!, attempt: 0 }).toEqual(message)
    await expectVoid(message, worker, other)
    await relay.confirm([next!])
    await expectVoid(message, worker, other)

    const [run] = await other.arrive([next!])
    expect(run).toMatchObject({ attempt: 1, failures: 0 })
    await expectVoid(message, worker, other)
    await expectVoid(next!, worker)
    await other.leave([run!])
    await expectVoid(message, worker, other)
    await expectVoid(next!, worker, other)
    expect(await scene().ledger()).toContain('10:02 g1 succeeded #1 by other')
  })

  it('what waits for a break is sent under another name at once', async () => {
    const { relay, worker, other, runs, message } = await waiting({ minimumBreak: '1m' })
    await worker.leave(runs)
    const [called] = await relay.send()
    expect(await other.arrive([called!])).toEqual([])
    const [next] = await relay.send()
    expect(next).toMatchObject({ dueAt: instant('10:03') })
    expect(new Set(idsOf([message, called!, next!])).size).toBe(3)
    // That is the one that is promoted when it falls due.
    expect(await relay.dueBetween(instant('10:02'), instant('10:03'))).toEqual([next])
    await expectVoid(message, worker, other)
    await expectVoid(called!, worker, other)

    at('10:03')
    expect(await worker.arrive([next!])).toMatchObject([{ attempt: 1 }])
  })

  it('each further wait and each attempt has a name of its own', async () => {
    const { relay, worker, other, runs, message } = await waiting(SHARED)
    const messages = [message]
    await worker.leave(runs)
    for (let attempt = 1; attempt <= 3; attempt++) {
      const [sent] = await relay.send()
      const [run] = await other.arrive([sent!])
      expect(run).toMatchObject({ attempt, failures: attempt - 1 })
      await other.leave([run!], FAILED)

      // The other one has the turn when the next attempt is due.
      const [again] = await relay.send()
      const before = await begun(relay, worker)
      at('10:02', attempt * MINUTE)
      expect(await other.arrive([again!])).toEqual([])
      await worker.leave(before)
      messages.push(sent!, again!)
    }
    const [last] = await relay.send()
    expect(new Set(idsOf([...messages, last!])).size).toBe(8)
    for (const old of messages) await expectVoid(old, worker, other)
    expect(await worker.arrive([last!])).toMatchObject([{ attempt: 4, failures: 3 }])
  })

  it('what nobody calls is sent under another name when it has waited for a minute', async () => {
    const { relay, worker, other, message } = await waiting()
    at('10:03')
    await relay.reap()
    const [next] = (await relay.send()).filter(({ nominalAt }) => nominalAt === message.nominalAt)
    expect(idsOf([next!])).not.toEqual(idsOf([message]))
    await expectVoid(message, worker, other)
    // The run before it was lost with its server, and begins first.
    expect(await other.arrive([next!])).toEqual([])
  })

  it('a relay that dies before it has sent it sends it once more under the same name', async () => {
    const { relay, worker, other, runs, message } = await waiting()
    await worker.leave(runs)
    const [lost] = await relay.take()
    at('10:02', LEASE_MS)
    expect(await other.reapAll()).toBe(1)
    const [next] = await other.send()
    expect(next).toEqual(lost)
    await expectVoid(message, worker, other)
    expect(await worker.arrive([next!])).toMatchObject([{ attempt: 1 }])
  })

  describe('a relay that was late', () => {
    /** One batch is on its way while what is in it is told to wait, called, and in the next batch of the same relay. */
    async function overtaken() {
      const { relay, worker, other, runs, message } = await waiting(SHARED)
      await worker.leave(runs)
      const [first] = await relay.take()
      const before = await begun(relay, worker)
      expect(await other.arrive([first!])).toEqual([])
      await worker.leave(before)
      const [second] = await relay.take()
      expect(new Set(idsOf([message, first!, second!])).size).toBe(3)
      return { relay, other, first: first!, second: second! }
    }

    it('does not confirm the next message with the one before', async () => {
      const { relay, first, second } = await overtaken()
      const before = await row()
      expect(before).toMatchObject({ state: 'sent', owner: 'relay' })
      expect(await relay.confirm([first])).toEqual([])
      expect(await row()).toEqual(before)
      await relay.confirm([second])
      expect(await row()).toMatchObject({ state: 'sent', owner: null })
    })

    it('does not give back the next message with the one before', async () => {
      const { relay, other, first, second } = await overtaken()
      await relay.giveBack([first])
      expect(await row()).toMatchObject({ state: 'sent', owner: 'relay' })
      expect(await other.arrive([second])).toMatchObject([{ attempt: 1 }])
    })
  })

  describe('a change of its schedule', () => {
    it('takes back the message that is in the queue, and none for what waits', async () => {
      const { relay, worker, other, runs, message } = await waiting()
      await worker.leave(runs)
      const [next] = await relay.send()
      await relay.catalog.pause('a')
      expect(idsOf(await relay.withdrawals())).toEqual(idsOf([next!]))
      await expectVoid(message, worker, other)
      await expectVoid(next!, worker, other)
    })

    it('takes back none for what waits and was not called', async () => {
      const { relay, worker, other, message } = await waiting()
      await relay.catalog.pause('a')
      expect(await relay.withdrawals()).toEqual([])
      await expectVoid(message, worker, other)
    })
  })
})
