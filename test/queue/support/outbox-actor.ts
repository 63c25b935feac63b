import { Catalog } from '../../../src/catalog/catalog.ts'
import { messageId } from '../../../src/queue/message.ts'
import type { OccurrenceRef } from '../../../src/schedule/occurrence.ts'
import type { PassedMessages } from '../../../src/store/fence.ts'
import type { BegunOccurrence, SentAttempt } from '../../../src/store/way.ts'
import type { Backlog, OutboxEntry, Withdrawal } from '../../../src/store/outbox.ts'
import type { RunOutcome, RunRef } from '../../../src/store/run-end.ts'
import type { Reaped } from '../../../src/store/run-ledger.ts'
import type { Store } from '../../../src/store/store.ts'
import { defineJob } from '../../../src/task/job.ts'
import { JobRegistry } from '../../../src/task/job-registry.ts'
import type { ManualClock } from '../../../src/testing/index.ts'
import { passFence } from '../../../src/worker/pass-fence.ts'
import { LEASE_MS, SUCCEEDED, type Actor } from '../../interleaving/support/actor.ts'
import type { Scene } from '../../interleaving/support/scene.ts'
import type { Stage } from '../../interleaving/support/stage.ts'
import { until } from '../../support/until.ts'

/** The queues that schedules may choose; all but the first are foreign. */
const QUEUES = ['default', 'q', 'p']
const JOBS = ['note', 'other', 'strange']
/** The jobs that workers know, unless a test says otherwise. */
const KNOWN = ['note', 'other']
const AHEAD_MS = 20 * 60_000

const jobs = JOBS.map((name) => defineJob(name, { handle: () => undefined }))
const silent = { info: () => {}, warn: () => {}, error: () => {} }

/** What relays and workers of a foreign queue do to the store, step by step. */
class Steps {
  readonly name: string
  readonly #store: Pick<Store, 'brief' | 'read' | 'transaction'>

  constructor(name: string, store: Pick<Store, 'brief' | 'read' | 'transaction'>) {
    this.name = name
    this.#store = store
  }

  async take({ queue = 'q', limit = 1_000 } = {}): Promise<OutboxEntry[]> {
    return this.#store.brief(({ outbox, now }) => outbox.take(queue, this.name, now, limit))
  }

  async confirm(entries: readonly OutboxEntry[]): Promise<OutboxEntry[]> {
    return this.#store.brief(({ outbox, now }) => outbox.confirm(entries, this.name, now))
  }

  async giveBack(entries: readonly OutboxEntry[]): Promise<void> {
    return this.#store.brief(({ outbox }) => outbox.giveBack(entries, this.name))
  }

  /** Takes up what is to be sent, and says that it was. */
  async send(options: { queue?: string; limit?: number } = {}): Promise<OutboxEntry[]> {
    const entries = await this.take(options)
    await this.confirm(entries)
    return entries
  }

  /** As the fence answers. */
  async tryBegin(
    messages: readonly SentAttempt[],
    known: readonly string[] = KNOWN,
  ): Promise<PassedMessages> {
    return this.#store.brief(({ fence, now }) => fence.beginSent(messages, known, this.name, now, LEASE_MS))
  }

  async begin(messages: readonly SentAttempt[], known?: readonly string[]): Promise<BegunOccurrence[]> {
    return [...(await this.tryBegin(messages, known)).done]
  }

  async forget(limit = 1_000, queue = 'q'): Promise<number> {
    return this.#store.brief(({ outbox }) => outbox.forget(queue, limit))
  }

  async withdrawals(limit = 10_000, queue = 'q'): Promise<Withdrawal[]> {
    return this.#store.read(({ outbox }) => outbox.withdrawals(queue, limit))
  }

  async withdrawn(withdrawals: readonly Withdrawal[]): Promise<void> {
    return this.#store.brief(({ outbox }) => outbox.withdrawn(withdrawals))
  }

  async epoch(queue = 'q'): Promise<string | undefined> {
    return this.#store.read(({ outbox }) => outbox.epoch(queue))
  }

  async keepEpoch(last: string | undefined, epoch: string, queue = 'q'): Promise<boolean> {
    return this.#store.transaction(({ outbox, now }) => outbox.keepEpoch(queue, last, epoch, now))
  }

  async backlog(queue = 'q'): Promise<Backlog> {
    return this.#store.read(({ outbox }) => outbox.backlog(queue))
  }

  async dueBetween(from: number, to: number, limit = 1_000): Promise<OutboxEntry[]> {
    return this.#store.read(({ outbox }) => outbox.dueBetween('q', from, to, limit))
  }

  async nextDue(from: number): Promise<number | undefined> {
    return this.#store.read(({ outbox }) => outbox.nextDue('q', from))
  }
}

/** A process with connections of its own that relays, runs what messages bring, and changes schedules. */
export class OutboxActor extends Steps {
  /** The same steps, each in a transaction, so that there is a commit to be stopped at. */
  readonly slow: Steps
  readonly catalog: Catalog
  readonly store: Store
  readonly stage: Stage
  readonly #actor: Actor
  readonly #clock: ManualClock
  readonly #jobs: JobRegistry

  private constructor(actor: Actor, clock: ManualClock) {
    const { name, store, stage } = actor
    super(name, store)
    const transaction: Store['transaction'] = (work) => store.transaction(work)
    this.slow = new Steps(name, { brief: transaction, transaction, read: (work) => store.read(work) })
    this.store = store
    this.stage = stage
    this.#actor = actor
    const registry = new JobRegistry(jobs)
    this.#jobs = registry
    this.#clock = clock
    const parts = {
      store,
      aheadMs: AHEAD_MS,
      jobs: registry,
      queues: QUEUES,
      maxPayloadBytes: 1_000,
      keepMs: 0,
    }
    this.catalog = new Catalog(parts, 'default')
  }

  static async enter(scene: Scene, name: string): Promise<OutboxActor> {
    return new OutboxActor(await scene.actor(name), scene.clock)
  }

  async reap(): Promise<Reaped> {
    return this.#actor.reap()
  }

  /** Takes back all that has run out. @returns how much that was */
  async reapAll(): Promise<number> {
    let taken = 0
    await until('nothing is left to be taken back', async () => {
      const reaped = await this.reap()
      taken += reaped.taken
      return reaped.taken === 0
    })
    return taken
  }

  async finish(runs: readonly RunRef[], outcome: RunOutcome = SUCCEEDED): Promise<readonly RunRef[]> {
    return this.#actor.finish(runs, outcome)
  }

  /** What begins of messages, through the fence and past the guards, as in a worker. */
  async arrive(messages: readonly SentAttempt[]): Promise<BegunOccurrence[]> {
    const passer = { store: this.store, jobs: this.#jobs, clock: this.#clock, logger: silent }
    const { done, held, foreign } = await passFence(
      { ...passer, owner: this.name, leaseMs: LEASE_MS },
      messages.map((message) => ({ ...message, job: 'note', startAt: this.#clock.now() })),
    )
    if (held.length + foreign.length > 0) throw new Error('some are held, or for others')
    return [...done]
  }

  /** Ends runs of guards, which call as many that wait. */
  async leave(runs: readonly RunRef[], outcome: RunOutcome = SUCCEEDED): Promise<void> {
    const finished = runs.map((run) => ({ run, isGuarded: true, outcome }))
    await this.store.transaction((tables) => tables.runs.finish(finished, this.name, tables.now))
  }

  async heartbeat(runs: readonly RunRef[]): Promise<RunRef[]> {
    return this.#actor.heartbeat(runs)
  }

  /** A pass of a dispatcher over what is due. */
  async pass(): Promise<void> {
    await this.#actor.pass()
  }

  /** Claims what the ledger itself delivers. */
  async claim(): Promise<OccurrenceRef[]> {
    return this.#actor.claim()
  }
}

/** The names under which messages are sent, in order. */
export function idsOf(messages: readonly SentAttempt[]): string[] {
  return messages.map(messageId).toSorted()
}

/** What a message says, without what was sent along for other purposes. */
export function sentAttempts(entries: readonly SentAttempt[]): SentAttempt[] {
  return entries.map(({ scheduleId, generation, nominalAt, attempt }) => ({
    scheduleId,
    generation,
    nominalAt,
    attempt,
  }))
}

/** The fence's answer when nothing begins, and nothing is to be asked again. */
export const REFUSED: PassedMessages = { done: [], held: [], inTurn: [], foreign: [] }

export const FAILED_FOR_GOOD: RunOutcome = {
  kind: 'failed',
  error: { code: 'ERROR', message: 'it failed' },
  result: null,
  retryInMs: undefined,
}

export const AT_FIVE = { key: 'a', cron: '5 10 * * *', job: 'note', queue: 'q', retries: 3 }

/** Processes with a message for 10:05 that was sent: who sends, and two who run. */
export async function withMessage(scene: Scene) {
  const [relay, worker, other] = [
    await OutboxActor.enter(scene, 'relay'),
    await OutboxActor.enter(scene, 'worker'),
    await OutboxActor.enter(scene, 'other'),
  ]
  await relay.catalog.schedule(AT_FIVE)
  const [message] = await relay.send()
  return { relay, worker, other, message: message! }
}

interface Change {
  readonly change: string
  readonly reason: string
  readonly make: (actor: OutboxActor) => Promise<unknown>
  readonly planned: readonly string[]
}

/** What withdraws messages, what the ledger says of them then, and what is planned instead at 10:09. */
export const CHANGES: readonly Change[] = [
  {
    change: 'an edit of the timing',
    reason: 'superseded',
    make: ({ catalog }: OutboxActor) => catalog.patch('a', { cron: '9 10 * * *' }),
    planned: ['10:09 g2 planned'],
  },
  {
    change: 'a replacement',
    reason: 'superseded',
    make: ({ catalog }: OutboxActor) =>
      catalog.schedule({ key: 'a', cron: '9 10 * * *', job: 'other', queue: 'q' }),
    planned: ['10:09 g2 planned'],
  },
  {
    change: 'a pause',
    reason: 'paused',
    make: ({ catalog }: OutboxActor) => catalog.pause('a'),
    planned: [],
  },
  {
    change: 'a deletion',
    reason: 'deleted',
    make: ({ catalog }: OutboxActor) => catalog.delete('a'),
    planned: [],
  },
]
