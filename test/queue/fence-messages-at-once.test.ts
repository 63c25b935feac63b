import { describe, expect, it } from 'vitest'
import { occurrenceId } from '../../src/schedule/occurrence.ts'
import type { PassedMessages } from '../../src/store/fence.ts'
import type { BegunOccurrence, SentAttempt } from '../../src/store/way.ts'
import { FAILED, LEASE_MS } from '../interleaving/support/actor.ts'
import { instant, SERVERS, useScene, useScenes } from '../interleaving/support/scene.ts'
import type { Loss } from '../interleaving/support/stage.ts'
import { until } from '../support/until.ts'
import { AT_FIVE, CHANGES, OutboxActor, REFUSED, withMessage } from './support/outbox-actor.ts'
import { crash, open } from './support/stopped-work.ts'

/** One was passed over, since somebody else held it. */
const HELD = { ...REFUSED, held: [expect.objectContaining({ nominalAt: instant('10:05') })] }

/** Asks until nothing is held any more. */
async function whole(
  ask: (messages: readonly SentAttempt[]) => Promise<PassedMessages>,
  messages: readonly SentAttempt[],
): Promise<BegunOccurrence[]> {
  const begun: BegunOccurrence[] = []
  let left = messages
  await until('nothing is held', async () => {
    const { done, held, foreign } = await ask(left)
    expect(foreign).toEqual([])
    begun.push(...done)
    const ids = new Set(held.map(occurrenceId))
    left = left.filter((message) => ids.has(occurrenceId(message)))
    return left.length === 0
  })
  return begun
}

describe.each(SERVERS)('the fence for messages, at once with others, on %s', (kind) => {
  const scene = useScene(kind)

  async function opened() {
    const { message, ...actors } = await withMessage(scene())
    return { ...actors, sent: [message] }
  }

  describe('two workers with a copy each', () => {
    it('one of which is letting it begin: the other is to ask again, and is refused then', async () => {
      const { worker, other, sent } = await opened()
      const first = await open(worker, () => worker.slow.begin(sent))
      expect(await scene().unhindered(other.tryBegin(sent))).toEqual(HELD)
      first.stop.go()
      expect(await first.done).toHaveLength(1)
      expect(await other.tryBegin(sent)).toEqual(REFUSED)
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker'])
    })

    it('one of which dies while it begins: the other lets it begin', async () => {
      const { worker, other, sent } = await opened()
      const first = await open(worker, () => worker.slow.begin(sent))
      expect(await scene().unhindered(other.tryBegin(sent))).toEqual(HELD)
      await crash(first)
      expect(await other.begin(sent)).toMatchObject([{ attempt: 1 }])
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by other'])
    })

    it('of each of hundreds begin each once', { timeout: 120_000 }, async () => {
      const { relay, worker, other } = await opened()
      await relay.catalog.schedule({ ...AT_FIVE, cron: '* * * * * *' })
      const many = await relay.take({ limit: 600 })
      // Some are confirmed meanwhile.
      const [ones, others] = await Promise.all([
        whole((left) => worker.tryBegin(left), many),
        whole((left) => other.tryBegin(left), many.toReversed()),
        relay.confirm(many),
      ])
      const ids = [...ones, ...others].map(occurrenceId)
      expect(ids).toHaveLength(600)
      expect(new Set(ids).size).toBe(600)
      const owners = await scene().sql(
        `select owner, count(*) as n from carillon_occurrences where state = 'running' group by owner`,
      )
      const counts = Object.fromEntries(owners.map(({ owner, n }) => [owner as string, n]))
      expect({ worker: 0, other: 0, ...counts }).toEqual({ worker: ones.length, other: others.length })
    })
  })

  it('a list of which one is held lets the others begin', async () => {
    const { relay, worker, other, sent } = await opened()
    await relay.catalog.schedule({ ...AT_FIVE, key: 'b', cron: '6 10 * * *' })
    await relay.catalog.schedule({ ...AT_FIVE, key: 'c', cron: '7 10 * * *', job: 'strange' })
    const list = [...sent, ...(await relay.send())]
    const first = await open(other, () => other.slow.begin(sent))

    const passed = await scene().unhindered(worker.tryBegin(list))
    expect(passed).toMatchObject({
      done: [{ dueAt: instant('10:06') }],
      held: [{ nominalAt: instant('10:05') }],
      foreign: [{ nominalAt: instant('10:07') }],
    })
    first.stop.go()
    await first.done
  })

  describe('a relay', () => {
    it('that takes it up once more makes a message wait, and it begins then', async () => {
      const { relay, worker, sent } = await opened()
      scene().clock.jumpTo(instant('10:06'))
      await relay.reap()
      const taking = await open(relay, () => relay.slow.take())
      expect(await scene().unhindered(worker.tryBegin(sent))).toEqual(HELD)
      taking.stop.go()
      expect(await taking.done).toEqual(sent)
      expect(await worker.begin(sent)).toHaveLength(1)
    })

    it('that confirms makes a message wait, and it begins then', async () => {
      const { relay, worker } = await opened()
      await relay.forget()
      const taken = await relay.take()
      const confirming = await open(relay, () => relay.slow.confirm(taken))
      expect(await scene().unhindered(worker.tryBegin(taken))).toEqual(HELD)
      confirming.stop.go()
      await confirming.done
      expect(await worker.begin(taken)).toHaveLength(1)
    })

    it('waits with its confirmation for a message that is let through, and changes nothing', async () => {
      const { relay, worker } = await opened()
      await relay.forget()
      const taken = await relay.take()
      const beginning = await open(worker, () => worker.slow.begin(taken))
      const confirming = relay.confirm(taken)
      await scene().blocked()
      beginning.stop.go()
      const [run] = await beginning.done
      await confirming
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker'])
      expect(await worker.heartbeat([run!])).toHaveLength(1)
      const [row] = await scene().sql('select lease_until from carillon_occurrences')
      expect(row).toEqual({ lease_until: instant('10:00') + LEASE_MS })
    })

    it('passes over what is let through, when the queue has lost it', async () => {
      const { relay, worker, sent } = await opened()
      const beginning = await open(worker, () => worker.slow.begin(sent))
      expect(await scene().unhindered(relay.forget())).toBe(0)
      beginning.stop.go()
      expect(await beginning.done).toHaveLength(1)
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker'])
    })
  })

  it('the reaper passes over what is let through after its time', async () => {
    const { relay, worker, sent } = await opened()
    scene().clock.jumpTo(instant('10:06'))
    const beginning = await open(worker, () => worker.slow.begin(sent))
    expect(await scene().unhindered(relay.reap())).toMatchObject({ taken: 0 })
    beginning.stop.go()
    expect(await beginning.done).toHaveLength(1)
    expect(await relay.reap()).toMatchObject({ taken: 0 })
    expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker'])
  })

  it('the reaper at work makes a message wait, and it begins then', async () => {
    const { relay, worker, sent } = await opened()
    scene().clock.jumpTo(instant('10:06'))
    const reaping = await open(relay, () => relay.reap())
    expect(await scene().unhindered(worker.tryBegin(sent))).toEqual(HELD)
    reaping.stop.go()
    expect(await reaping.done).toMatchObject({ taken: 1 })
    expect(await worker.begin(sent)).toHaveLength(1)
    expect(await relay.take()).toEqual([])
  })

  it('a failure that is being written keeps its old message out, and the next one in time', async () => {
    const { relay, worker, other, sent } = await opened()
    const runs = await worker.begin(sent)
    const failing = await open(worker, () => worker.finish(runs, FAILED))
    expect(await scene().unhindered(other.tryBegin(sent))).toEqual(REFUSED)
    expect(await scene().unhindered(relay.take())).toEqual([])
    failing.stop.go()
    expect(await failing.done).toHaveLength(1)
    expect(await other.tryBegin(sent)).toEqual(REFUSED)
    expect(await other.begin(await relay.take())).toMatchObject([{ attempt: 2 }])
  })

  describe.each(CHANGES)('$change', ({ make, reason, planned }) => {
    it('that is not committed makes a message wait, which is refused then', async () => {
      const { worker, other, sent } = await opened()
      const changing = await open(other, () => make(other))
      expect(await scene().unhindered(worker.tryBegin(sent))).toEqual(HELD)
      changing.stop.go()
      await changing.done
      expect(await worker.tryBegin(sent)).toEqual(REFUSED)
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason}`, ...planned])
    })

    it('that is rolled back lets the message begin', async () => {
      const { worker, other, sent } = await opened()
      const changing = await open(other, () => make(other))
      expect(await scene().unhindered(worker.tryBegin(sent))).toEqual(HELD)
      await crash(changing)
      expect(await worker.begin(sent)).toHaveLength(1)
      expect(await worker.withdrawals()).toEqual([])
    })

    it('waits for a message that is let through, leaves the run alone, and takes nothing back', async () => {
      const { worker, other, sent } = await opened()
      const beginning = await open(worker, () => worker.slow.begin(sent))
      const changing = make(other)
      await scene().blocked()
      beginning.stop.go()
      const [run] = await beginning.done
      await changing
      expect(await scene().ledger()).toEqual(['10:05 g1 running #1 by worker', ...planned])
      expect(await worker.withdrawals()).toEqual([])
      expect(await worker.finish([run!])).toHaveLength(1)
    })

    it('waits for a message whose worker dies, and takes it back', async () => {
      const { worker, other, sent } = await opened()
      const beginning = await open(worker, () => worker.slow.begin(sent))
      const changing = make(other)
      await scene().blocked()
      await crash(beginning)
      await changing
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason}`, ...planned])
      expect(await worker.withdrawals()).toMatchObject([{ ...sent[0] }])
    })
  })
})

describe.each(SERVERS)('a connection that breaks while messages are let through, on %s', (kind) => {
  const scenes = useScenes(kind)

  async function prepared() {
    const scene = await scenes.next()
    const worker = await OutboxActor.enter(scene, 'worker')
    for (const key of ['a', 'b']) await worker.catalog.schedule({ ...AT_FIVE, key })
    await worker.catalog.schedule({ ...AT_FIVE, key: 'void' })
    const sent = await worker.send()
    await worker.catalog.pause('void')
    return { scene, worker, sent }
  }

  it.each(['brief', 'slow'] as const)('lets each begin once, and says so (%s)', async (how) => {
    const begins = ({ worker, sent }: Awaited<ReturnType<typeof prepared>>) =>
      whole((left) => (how === 'brief' ? worker : worker.slow).tryBegin(left), sent)

    const undisturbed = await prepared()
    const heard = undisturbed.worker.stage.hear()
    await begins(undisturbed)
    const statements = [...heard]
    expect(statements.length).toBeGreaterThan(1)

    for (const [n, statement] of statements.entries()) {
      for (const when of ['before', 'after'] satisfies Loss[]) {
        const given = await prepared()
        const lost = given.worker.stage.loseNth(n, when)
        const runs = await begins(given)
        await lost

        const where = `lost ${when} “${statement.slice(0, 60)}”, statement ${n}`
        expect(
          runs.map(({ attempt }) => attempt),
          where,
        ).toEqual([1, 1])
        expect(await given.scene.ledger(), where).toEqual([
          'a 10:05 g1 running #1 by worker',
          'b 10:05 g1 running #1 by worker',
          'void 10:05 g1 paused',
        ])
        expect(await given.worker.finish(runs), where).toHaveLength(2)
      }
    }
  })
})
