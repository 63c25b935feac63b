import type { SSEStreamingApi } from 'hono/streaming'
import type { News } from '../catalog/news/news.ts'
import type { Clock } from '../clock/clock.ts'
import { waitAtMost } from '../clock/wait.ts'

/** How much may wait for a client that is slow to read. */
const MOST_WAITING = 1_000
/** How often something is sent while nothing happens, so that nobody in between takes the connection for dead. */
const BEAT_MS = 15_000

/** Sends news to one client, as fast as it reads them. */
export class EventStream {
  readonly #clock: Clock
  #waiting: News[] = []
  #news = Promise.withResolvers<void>()
  #isEnded = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes a piece of news. A client that does not keep up is told that it has missed some. */
  readonly tell = (news: News): void => {
    if (this.#waiting.length >= MOST_WAITING) this.#waiting = [{ type: 'gap', at: news.at }]
    else this.#waiting.push(news)
    this.#news.resolve()
  }

  /** Nothing more is sent. */
  readonly end = (): void => {
    this.#isEnded = true
    this.#news.resolve()
  }

  /**
   * Sends what it is told, until it ends or the client goes.
   *
   * @param isWelcome asked with each beat; when it is not any more, the stream ends
   */
  async pipe(stream: SSEStreamingApi, isWelcome: () => Promise<boolean>): Promise<void> {
    stream.onAbort(this.end)
    await stream.writeSSE({ event: 'ready', data: JSON.stringify({ at: new Date(this.#clock.now()) }) })
    let beatAt = this.#clock.now() + BEAT_MS
    while (!this.#isEnded) {
      await waitAtMost(this.#clock, beatAt, this.#news.promise)
      await this.#send(stream)
      if (this.#clock.now() < beatAt || this.#isEnded) continue
      if (!(await isWelcome())) return
      await stream.write(': still here\n\n')
      beatAt = this.#clock.now() + BEAT_MS
    }
  }

  async #send(stream: SSEStreamingApi): Promise<void> {
    this.#news = Promise.withResolvers()
    const waiting = this.#waiting
    this.#waiting = []
    for (const { type, ...news } of waiting) {
      if (this.#isEnded) return
      await stream.writeSSE({ event: type, data: JSON.stringify(news) })
    }
  }
}

/** Counts what is open at a time, of each sender and of all. */
export class OpenStreams {
  readonly #of = new Map<string, number>()
  readonly #mostOfOne: number
  readonly #most: number
  #all = 0

  constructor({ mostOfOne = 10, most = 1_000 } = {}) {
    this.#mostOfOne = mostOfOne
    this.#most = most
  }

  /** @returns how to say that it has ended; nothing when there are too many */
  open(sender: string): (() => void) | undefined {
    const own = this.#of.get(sender) ?? 0
    if (own >= this.#mostOfOne || this.#all >= this.#most) return undefined
    this.#of.set(sender, own + 1)
    this.#all++
    return () => this.#close(sender)
  }

  #close(sender: string): void {
    const own = this.#of.get(sender)! - 1
    if (own === 0) this.#of.delete(sender)
    else this.#of.set(sender, own)
    this.#all--
  }
}
