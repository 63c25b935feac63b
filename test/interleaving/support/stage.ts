/** Which statement of an actor's is meant, without quotes and schemas of names; of several that fit, the first that comes. */
export interface Cue {
  readonly at: RegExp
  /** Only in a transaction in which such a statement was carried out before. */
  readonly after?: RegExp | undefined
}

/** Where an actor stands still. */
export interface Stop {
  /** Resolves when the actor has come to it; the statement is not sent yet. */
  readonly reached: Promise<void>
  /** Lets the actor go on. */
  go(): void
  /** Ends the transaction in which the actor stands, as if its process had died. */
  crash(): void
}

/** What a crashed actor's call fails with. */
export class Crash extends Error {}

/** How a connection breaks: before a statement was sent, or before its answer came back. */
export type Loss = 'before' | 'after'

interface Interruption {
  matches(text: string, earlier: readonly string[]): boolean
  play<T>(send: () => Promise<T>, sever: () => Promise<never>): Promise<T>
}

/**
 * Decides how the statements of one actor fare. The connections of its pool ask here before they send one, so an actor can
 * be stopped between any two of them, and its connection can break at any of them.
 */
export class Stage {
  readonly #interruptions: Interruption[] = []
  readonly #open = new Set<Stop>()
  #heard: string[] | undefined

  /** The actor stops before it sends this statement. */
  stop({ at, after }: Cue): Stop {
    const arrival = Promise.withResolvers<void>()
    const leave = Promise.withResolvers<void>()
    const stop = {
      reached: arrival.promise,
      go: () => leave.resolve(),
      crash: () => leave.reject(new Crash('the actor crashed')),
    }
    leave.promise.catch(() => {})
    this.#open.add(stop)
    this.#interruptions.push({
      matches: (text, earlier) => fits(text, earlier, { at, after }),
      async play(send) {
        arrival.resolve()
        await leave.promise
        return send()
      },
    })
    return stop
  }

  /** The connection breaks at this statement. @returns a promise that resolves when it has */
  lose({ at, after }: Cue, when: Loss): Promise<void> {
    return this.#lose((text, earlier) => fits(text, earlier, { at, after }), when)
  }

  /** The connection breaks at the n-th statement from now on, counted from 0. */
  loseNth(n: number, when: Loss): Promise<void> {
    let count = 0
    return this.#lose(() => count++ === n, when)
  }

  #lose(matches: Interruption['matches'], when: Loss): Promise<void> {
    const lost = Promise.withResolvers<void>()
    this.#interruptions.push({
      matches,
      async play(send, sever) {
        if (when === 'after') await send()
        lost.resolve()
        return sever()
      },
    })
    return lost.promise
  }

  /** Writes down the statements from now on. */
  hear(): string[] {
    this.#heard = []
    return this.#heard
  }

  /** Forgets what has not happened, and lets everybody go on. */
  clear(): void {
    this.#interruptions.length = 0
    for (const stop of this.#open) stop.go()
  }

  /** @param earlier the statements that this transaction has carried out; extended by this one */
  async perform<T>(
    text: string,
    earlier: string[],
    send: () => Promise<T>,
    sever: () => Promise<never>,
  ): Promise<T> {
    const plain = text
      .replaceAll(/["`]/g, '')
      .replaceAll(/\w+\.(?=carillon_)/g, '')
      .replaceAll(/\s+/g, ' ')
      .trim()
    if (isSignal(plain)) return send()
    if (/^(begin|set transaction)/.test(plain)) earlier.length = 0

    this.#heard?.push(plain)
    const index = this.#interruptions.findIndex((one) => one.matches(plain, earlier))
    const [interruption] = index === -1 ? [] : this.#interruptions.splice(index, 1)
    const answer = await (interruption?.play(send, sever) ?? send())
    earlier.push(plain)
    return answer
  }
}

/** Signals go out by themselves, at a time of their own. */
export function isSignal(statement: string): boolean {
  return /pg_notify|^listen|^pragma/.test(statement)
}

function fits(text: string, earlier: readonly string[], { at, after }: Cue): boolean {
  return at.test(text) && (after === undefined || earlier.some((statement) => after.test(statement)))
}
