import type { Cluster, Redis } from 'ioredis'
import type { Clock, Instant } from '../../clock/clock.ts'

/** How long Redis keeps the count of a process that has died. */
const KEPT_MS = 7 * 24 * 3_600_000
/** When the own count is not trusted any more to be there still. */
const TRUSTED_MS = KEPT_MS / 2

/** Of the hash that BullMQ keeps with each queue, so that it goes where the queue goes. */
const MARK_FIELD = 'carillon'

/**
 * The name of what a queue on Redis holds. A mark stays in the queue for as long as Redis has its data. But a Redis that
 * was killed, or another one that takes over, may come with the mark and without the last writes: so each process counts
 * in a key of its own what it has sent, and when it finds fewer than it was told are kept, it replaces the mark.
 */
export class RedisEpoch {
  readonly #client: Redis | Cluster
  readonly #clock: Clock
  readonly #queueKey: string
  readonly #countKey: string
  #mark = ''
  #written = 0
  #acknowledged = 0
  #acknowledgedAt: Instant = -Infinity

  /** @param toKey makes a key that is on the same node of a cluster as the queue */
  constructor(client: Redis | Cluster, clock: Clock, toKey: (name: string) => string) {
    this.#client = client
    this.#clock = clock
    this.#queueKey = toKey('meta')
    this.#countKey = toKey(`carillon:${crypto.randomUUID()}`)
  }

  /** Counts what this process has sent. What is counted is kept no better than what was sent before. */
  async count(): Promise<void> {
    const written = ++this.#written
    await this.#client.set(this.#countKey, written, 'PX', KEPT_MS)
    this.#acknowledge(written)
  }

  /** The name, which is another one when something was lost. */
  async ask(): Promise<string> {
    const written = ++this.#written
    const isTrusted = this.#clock.now() < this.#acknowledgedAt + TRUSTED_MS
    const values = [
      MARK_FIELD,
      crypto.randomUUID(),
      this.#mark,
      isTrusted ? this.#acknowledged : 0,
      written,
      KEPT_MS,
    ]
    this.#mark = String(await this.#client.eval(ASK, 2, this.#queueKey, this.#countKey, ...values))
    this.#acknowledge(written)
    return this.#mark
  }

  /** Leaves no count behind. */
  async forget(): Promise<void> {
    if (this.#acknowledged > 0) await this.#client.del(this.#countKey)
  }

  #acknowledge(written: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, written)
    this.#acknowledgedAt = this.#clock.now()
  }
}

/** Another process may have replaced the mark already. */
const ASK = `
local mark = redis.call('HGET', KEYS[1], ARGV[1])
local count = tonumber(redis.call('GET', KEYS[2]) or 0)
if not mark or (mark == ARGV[3] and count < tonumber(ARGV[4])) then
  mark = ARGV[2]
  redis.call('HSET', KEYS[1], ARGV[1], mark)
end
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[6])
return mark
`
