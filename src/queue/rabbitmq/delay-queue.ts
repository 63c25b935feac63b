import type { Instant } from '../../clock/clock.ts'

/**
 * The kind of all queues, whatever a virtual host says by default. Quorum queues are none for delays. One that goes on to
 * another quorum queue lost what fell due while a server was down, in 3.10, and any one loses everything when it was down
 * for longer than the queue is kept. A classic one that goes on to a quorum queue loses what it finds due after a start.
 */
export const QUEUE_TYPE = { 'x-queue-type': 'classic' }

/** Names of the queues that belong together. */
export interface QueueNames {
  /** What is due, for the consumers. */
  readonly work: string
  /** What had too far to go for one delay, and comes out before it is due, to be sent on. */
  readonly early: string
  readonly epoch: string
}

export function queueNames(name: string): QueueNames {
  return { work: name, early: `${name}.early`, epoch: `${name}.epoch` }
}

/** A queue in which all messages expire at one instant and go on from there; so none of them holds up another. */
export interface DelayQueue {
  readonly name: string
  /** When what is in it goes on. */
  readonly endsAt: Instant
  /** Where it goes. */
  readonly target: string
  /** For how long the server keeps the queue after it was declared, in milliseconds. */
  readonly keptMs: number
}

interface Tier {
  readonly label: string
  /** How far apart the instants are, in milliseconds. */
  readonly widthMs: number
  /** For what falls due within this time from now. */
  readonly withinMs: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What is due within this time goes on most precisely. */
export const SOON_MS = MINUTE

/**
 * Near ones end at the first instant of their raster that is not before the message's: none comes early. It is the
 * coarser the farther they are, so that there are hundreds of queues at a time and not thousands: each takes the server
 * some 2 ms to make and 40 to 90 kB to keep.
 */
const NEAR: readonly Tier[] = [
  { label: '200ms', widthMs: 200, withinMs: SOON_MS },
  { label: '1s', widthMs: SECOND, withinMs: 15 * MINUTE },
]

/**
 * Far ones end a minute or more before the message is due: then it goes into a near one. An expiry of RabbitMQ has at
 * most 2^32 - 1 ms (49 days), so what is farther than the last of these takes several of them.
 */
const FAR: readonly Tier[] = [
  { label: '1m', widthMs: MINUTE, withinMs: 6 * HOUR },
  { label: '1h', widthMs: HOUR, withinMs: 10 * DAY },
]
const LEAD_MS = MINUTE

/**
 * How long a queue is kept beyond the last instant at which a message may go on from it. The server removes it then,
 * with all that is in it; after a start it counts anew.
 */
const SPARE_MS = 2 * MINUTE

/** Where a message waits that is due at `dueAt`; `undefined` when it is due now. */
export function delayQueue(names: QueueNames, dueAt: Instant, now: Instant): DelayQueue | undefined {
  const delayMs = dueAt - now
  if (delayMs <= 0) return undefined

  const near = NEAR.find(({ withinMs }) => delayMs <= withinMs)
  if (near !== undefined)
    return queueOf(names, near, Math.ceil(dueAt / near.widthMs) * near.widthMs, names.work)

  const far = FAR.find(({ withinMs }) => delayMs <= withinMs) ?? FAR.at(-1)!
  const latest = Math.min(dueAt - LEAD_MS, now + far.withinMs)
  return queueOf(names, far, Math.floor(latest / far.widthMs) * far.widthMs, names.early)
}

/** How a delay queue is declared: the same by all processes, as the server insists on. */
export function delayQueueArguments({ target, keptMs }: DelayQueue): object {
  return {
    ...QUEUE_TYPE,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': target,
    'x-expires': keptMs,
  }
}

function queueOf(names: QueueNames, tier: Tier, endsAt: Instant, target: string): DelayQueue {
  const { label, widthMs, withinMs } = tier
  const name = `${names.work}.delay.${label}.${new Date(endsAt).toISOString()}`
  return { name, endsAt, target, keptMs: withinMs + widthMs + SPARE_MS }
}
