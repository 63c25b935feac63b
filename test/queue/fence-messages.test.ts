import { describe, expect, it } from 'vitest'
import { FAILED, LEASE_MS, MINUTE, SUCCEEDED } from '../interleaving/support/actor.ts'
import { DATABASES, instant, useScene } from '../interleaving/support/scene.ts'
import { AT_FIVE, FAILED_FOR_GOOD, REFUSED, withMessage } from './support/outbox-actor.ts'

describe.each(DATABASES)('the fence, for messages, on %s', (kind) => {
  const scene = useScene(kind)
  const at = (time: string, ms = 0) => scene().clock.jumpTo(instant(time) + ms)

  const opened = () => withMessage(scene())

  async function row() {
    const [first, ...more] = await scene().sql('select * from carillon_occurrences')
    expect(more).toEqual([])
    return first!
  }

  describe('a message', () => {
    it('begins what was sent', async () => {
      const { relay, worker, message } = await opened()
      at('10:05', 40)
      const { scheduleId, generation, nominalAt } = message
      expect(await worker.tryBegin([message])).toEqual({
        ...REFUSED,
        done: [
          {
            scheduleId,
            generation,
            nominalAt,
            attempt: 1,
            dueAt: instant('10:05'),
            plannedAt: instant('10:00'),
            origin: 'schedule',
            failures: 0,
            standsFor: 0,
            startedAt: instant('10:05') + 40,
            revision: 1,
            isGuarded: false,
          },
        ],
      })
      expect(await row()).toMatchObject({
        state: 'running',
        owner: 'worker',
        attempt: 1,
        lease_until: instant('10:05') + 40 + LEASE_MS,
        started_at: instant('10:05') + 40,
      })
      expect(await relay.backlog()).toMatchObject({ unsent: 0, sent: 0 })
    })

    it('that passes a little early begins at its instant', async () => {
      const { worker, message } = await opened()
      at('10:05', -4)
      expect(await worker.begin([message])).toMatchObject([{ startedAt: instant('10:05') }])
      expect(await row()).toMatchObject({ started_at: instant('10:05') })
    })

    it('begins before it is confirmed', async () => {
      const { relay, worker } = await opened()
      await relay.catalog.schedule({ ...AT_FIVE, cron: '6 10 * * *' })
      const taken = await relay.take()
      expect(await worker.begin(taken)).toMatchObject([{ attempt: 1, generation: 2 }])
      await relay.confirm(taken)
      expect(await worker.heartbeat(await worker.begin(taken))).toHaveLength(1)
    })

    it('begins what was given back, which nobody sends once more then', async () => {
      const { relay, worker } = await opened()
      await relay.catalog.schedule({ ...AT_FIVE, cron: '6 10 * * *' })
      const taken = await relay.take()
      await relay.giveBack(taken)
      expect(await worker.begin(taken)).toMatchObject([{ attempt: 1 }])
      expect(await relay.take()).toEqual([])
    })

    it('begins what was taken back from its relay, or taken up by another one since', async () => {
      const { relay, worker, other, message } = await opened()
      at('10:06')
      await relay.reap()
      expect(await scene().ledger()).toEqual(['10:05 g1 planned'])
      const [copy] = await other.take()
      expect(copy).toEqual(message)
      expect(await worker.begin([message])).toHaveLength(1)
      await other.confirm([copy!])
      expect(await other.tryBegin([copy!])).toEqual(REFUSED)
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker'])
    })

    it('of nothing that there is begins nothing', async () => {
      const { worker, message } = await opened()
      const before = await row()
      const strangers = [
        { ...message, scheduleId: message.scheduleId + 1 },
        { ...message, generation: 2 },
        { ...message, generation: 0 },
        { ...message, nominalAt: message.nominalAt + 1 },
        { ...message, attempt: 1 },
      ]
      for (const stranger of strangers) expect(await worker.tryBegin([stranger])).toEqual(REFUSED)
      expect(await worker.tryBegin([])).toEqual(REFUSED)
      expect(await row()).toEqual(before)
    })
  })

  describe('a second copy', () => {
    it('begins nothing elsewhere while the first runs, nor when it has ended', async () => {
      const { worker, other, message } = await opened()
      const [run] = await worker.begin([message])
      const running = await row()
      expect(await other.tryBegin([message])).toEqual(REFUSED)
      expect(await row()).toEqual(running)

      await worker.finish([run!])
      const ended = await row()
      for (const one of [worker, other]) expect(await one.tryBegin([message])).toEqual(REFUSED)
      expect(await row()).toEqual(ended)
    })

    it('begins nothing when the first has failed for good', async () => {
      const { worker, other, message } = await opened()
      const [run] = await worker.begin([message])
      await worker.finish([run!], FAILED_FOR_GOOD)
      for (const one of [worker, other]) expect(await one.tryBegin([message])).toEqual(REFUSED)
      expect(await scene().ledger()).toEqual(['10:05 g1 failed #1 by worker'])
    })

    it('in the same list begins once', async () => {
      const { worker, message } = await opened()
      const { done, held, foreign } = await worker.tryBegin([message, { ...message }])
      expect(done).toMatchObject([{ attempt: 1 }])
      expect([...held, ...foreign]).toEqual([])
    })

    it('of an earlier attempt in the same list changes nothing', async () => {
      const { relay, worker, message } = await opened()
      await worker.finish(await worker.begin([message]), FAILED)
      const [present] = await relay.send()
      const { done, held, foreign } = await worker.tryBegin([message, present!])
      expect(done).toMatchObject([{ attempt: 2, failures: 1 }])
      expect([...held, ...foreign]).toEqual([])
      expect(await row()).toMatchObject({ state: 'running', attempt: 2 })
    })
  })

  describe('a question that is asked again, since its answer was lost,', () => {
    it('is answered the same', async () => {
      const { worker, other, message } = await opened()
      const answer = await worker.tryBegin([message])
      expect(answer.done).toHaveLength(1)
      expect(await worker.tryBegin([message])).toEqual(answer)
      expect(await other.tryBegin([message])).toEqual(REFUSED)
      expect(await worker.tryBegin([message])).toEqual(answer)
      expect(await worker.finish(answer.done)).toHaveLength(1)
    })

    it('is answered the same also when the schedule was changed meanwhile', async () => {
      const { relay, worker, message } = await opened()
      const [run] = await worker.begin([message])
      await relay.catalog.pause('a')
      expect(await worker.begin([message])).toEqual([{ ...run, revision: 2 }])
    })

    it('extends the lease', async () => {
      const { worker, message } = await opened()
      await worker.begin([message])
      at('10:00', 20_000)
      await worker.begin([message])
      expect(await row()).toMatchObject({ lease_until: instant('10:00') + 20_000 + LEASE_MS, attempt: 1 })
    })

    it('is refused when the run has another attempt by then', async () => {
      const { relay, worker, message } = await opened()
      await worker.begin([message])
      at('10:00', LEASE_MS)
      await relay.reap()
      expect(await worker.tryBegin([message])).toEqual(REFUSED)
      const again = await relay.send()
      const answer = await worker.tryBegin(again)
      expect(answer.done).toMatchObject([{ attempt: 2 }])
      expect(await worker.tryBegin([message])).toEqual(REFUSED)
      expect(await worker.tryBegin(again)).toEqual(answer)
    })
  })

  describe('an earlier attempt', () => {
    it('is void after a failure, before and after the next one is sent and begun', async () => {
      const { relay, worker, other, message } = await opened()
      await worker.finish(await worker.begin([message]), FAILED)
      const refused = async () => {
        const before = await row()
        for (const one of [worker, other]) expect(await one.tryBegin([message])).toEqual(REFUSED)
        expect(await row()).toEqual(before)
      }
      await refused()

      const [next] = await relay.take()
      expect(next).toMatchObject({ attempt: 1 })
      await refused()
      await relay.confirm([next!])
      await refused()

      const runs = await other.begin([next!])
      expect(runs).toMatchObject([{ attempt: 2, failures: 1 }])
      await refused()
      await other.finish(runs)
      await refused()
    })

    it('is void after a lost lease, and the next one begins without a failure', async () => {
      const { relay, worker, other, message } = await opened()
      const runs = await worker.begin([message])
      at('10:00', LEASE_MS)
      expect(await relay.reap()).toMatchObject({ taken: 1, returned: 1, failed: 0 })
      expect(await other.tryBegin([message])).toEqual(REFUSED)
      expect(await scene().ledger()).toEqual(['10:05 g1 planned #1'])

      const [next] = await relay.send()
      expect(next).toEqual({ ...message, attempt: 1 })
      expect(await other.begin([next!])).toMatchObject([{ attempt: 2, failures: 0 }])
      expect(await other.tryBegin([message])).toEqual(REFUSED)
      expect(await worker.heartbeat(runs)).toEqual([])
      expect(await worker.finish(runs)).toEqual([])
      expect(await scene().ledger()).toEqual(['10:05 g1 running #2 by other'])
    })

    it('is void after a run that its worker gave back', async () => {
      const { relay, worker, other, message } = await opened()
      await worker.finish(await worker.begin([message]), { kind: 'given-back' })
      expect(await other.tryBegin([message])).toEqual(REFUSED)
      const [next] = await relay.send()
      expect(next).toEqual({ ...message, attempt: 1 })
      expect(await other.begin([next!])).toMatchObject([{ attempt: 2, failures: 0 }])
    })

    it('is void after each of several', async () => {
      const { relay, worker, message } = await opened()
      const messages = [message]
      for (let attempt = 0; attempt < 3; attempt++) {
        at('10:05', attempt * MINUTE)
        await worker.finish(await worker.begin([messages.at(-1)!]), FAILED)
        messages.push(...(await relay.send()))
      }
      expect(messages.map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3])
      for (const old of messages.slice(0, 3)) expect(await worker.tryBegin([old])).toEqual(REFUSED)
      const [run] = await worker.begin([messages[3]!])
      expect(run).toMatchObject({ attempt: 4, failures: 3 })
      expect(await worker.finish([run!], SUCCEEDED)).toHaveLength(1)
    })
  })
})
