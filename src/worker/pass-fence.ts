import type { Clock, Instant } from '../clock/clock.ts'
import type { Logger } from '../logger.ts'
import type { Delivery } from '../queue/queue.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { PassedMessages, PassedOccurrences } from '../store/fence.ts'
import type { Store } from '../store/store.ts'
import type { PassedGuards } from '../store/turns.ts'
import type { SentAttempt } from '../store/way.ts'
import type { JobRegistry } from '../task/job-registry.ts'

/** Who passes through the fence. */
export interface Passer {
  readonly store: Store
  readonly jobs: JobRegistry
  readonly clock: Clock
  readonly logger: Logger
  readonly owner: string
  readonly leaseMs: number
}

/** What became of deliveries. */
export interface PassedDeliveries extends Omit<PassedMessages, 'inTurn'> {
  /** When the fence was asked, by this process's clock. */
  readonly askedAt: Instant
  /** Runs were told to end, here or elsewhere. */
  readonly hasReplaced: boolean
}

const NOTHING: PassedOccurrences = { done: [], held: [], inTurn: [] }

/**
 * Asks the fence to let deliveries begin, claimed ones and those that messages brought, in one transaction; and in another
 * one the guards of those that have any.
 */
export async function passFence(passer: Passer, due: readonly Delivery[]): Promise<PassedDeliveries> {
  const { store, jobs, clock, owner, leaseMs } = passer
  const claimed = due.filter(isClaimed)
  const brought = due.filter(isBrought)
  let askedAt = clock.now()
  const { done, held, foreign, inTurn } = await store.brief(async ({ fence, now }) => {
    askedAt = clock.now()
    const own = claimed.length === 0 ? NOTHING : await fence.begin(claimed, owner, now, leaseMs)
    if (brought.length === 0) return { ...own, foreign: [] }
    const sent = await fence.beginSent(brought, jobs.names, owner, now, leaseMs)
    return {
      done: [...own.done, ...sent.done],
      held: [...own.held, ...sent.held],
      inTurn: [...own.inTurn, ...sent.inTurn],
      foreign: sent.foreign,
    }
  })
  if (inTurn.length === 0) return { done, held, foreign, askedAt, hasReplaced: false }

  const guarded = new Set(inTurn.map(occurrenceId))
  const asked = due.filter((delivery) => guarded.has(occurrenceId(delivery)))
  const inTheirTurn = await passGuards(passer, asked).catch((error: unknown) => {
    // What has begun beside them must not be asked for again on their account.
    passer.logger.warn({ error }, 'whose turn it is could not be decided; it is tried again')
    return { done: [], held: inTurn, hasReplaced: false }
  })
  return {
    done: [...done, ...inTheirTurn.done],
    held: [...held, ...inTheirTurn.held],
    foreign,
    askedAt,
    hasReplaced: inTheirTurn.hasReplaced,
  }
}

/** Asks the guards of deliveries whose turn it is. */
async function passGuards(
  { store, jobs, owner, leaseMs }: Passer,
  due: readonly Delivery[],
): Promise<Omit<PassedGuards, 'hasNews'>> {
  const beginner = { owner, jobs: jobs.names, leaseMs }
  const claimed = due.filter(isClaimed)
  const brought = due.filter(isBrought)
  const { hasNews, ...passed } = await store.transaction(async (tables) => {
    const clock = () => tables.exactNow()
    const own = await tables.turns.begin(claimed, beginner, clock)
    const sent = await tables.turns.beginSent(brought, beginner, clock)
    return {
      done: [...own.done, ...sent.done],
      held: [...own.held, ...sent.held],
      hasNews: own.hasNews || sent.hasNews,
      hasReplaced: own.hasReplaced || sent.hasReplaced,
    }
  })
  if (hasNews) store.announce()
  return passed
}

/**
 * Of what was delivered, each once, by the last of its attempts, and nothing that is here already. While the fence keeps
 * it waiting for longer than the queue holds it, an occurrence may be claimed again and delivered again, and a message may
 * come twice; and the fence, which takes a second question for a lost answer, would let it through twice.
 *
 * @param busy the occurrences that are here
 */
export function eachOnce(
  delivered: readonly Delivery[],
  busy: ReadonlySet<string>,
): { passing: Map<string, Delivery>; copies: readonly Delivery[] } {
  const passing = new Map<string, Delivery>()
  const copies: Delivery[] = []
  for (const delivery of delivered) {
    const id = occurrenceId(delivery)
    const before = passing.get(id)
    const isLater = (delivery.attempt ?? 0) > (before?.attempt ?? -1)
    if (busy.has(id) || !isLater) copies.push(delivery)
    else {
      if (before !== undefined) copies.push(before)
      passing.set(id, delivery)
    }
  }
  return { passing, copies }
}

/** It was claimed in the ledger, and is held there. */
export function isClaimed({ attempt }: Delivery): boolean {
  return attempt === undefined
}

/** A message brought it. */
export function isBrought(delivery: Delivery): delivery is Delivery & SentAttempt {
  return delivery.attempt !== undefined
}

/** Tells the queue that brought it what is to become of its message. */
export function settle(delivery: Delivery, end: 'done' | 'again'): void {
  delivery.settle?.(end)
}

/** Those of the deliveries that are of these occurrences. */
export function deliveriesOf(
  refs: readonly OccurrenceRef[],
  among: ReadonlyMap<string, Delivery>,
): Delivery[] {
  return refs.map((ref) => among.get(occurrenceId(ref))!)
}
