import { Crash, isSignal, type Loss } from './stage.ts'

/** At which statement a process dies, counted from 0: before it is sent, or when it was carried out and not answered yet. */
export interface CrashPoint {
  /** Of all statements, or of the commits alone. */
  readonly of: 'statements' | 'commits'
  readonly nth: number
  readonly when: Loss
}

/**
 * How long the statements of one process reach its database. From the point on at which the process dies none is sent any
 * more, and none is answered: whatever its code does afterwards is without effect.
 */
export class Lifeline {
  readonly #sever: () => Promise<void> | void
  #point: CrashPoint | undefined
  #met = 0
  #isCut = false
  /** What is under way on the other connections of the process. */
  readonly #sent = new Set<Promise<unknown>>()

  /** @param sever breaks all its connections, with the transactions that are open on them */
  constructor(sever: () => Promise<void> | void) {
    this.#sever = sever
  }

  get isCut(): boolean {
    return this.#isCut
  }

  /** From now on statements are counted. */
  arm(point: CrashPoint): void {
    this.#point = point
    this.#met = 0
  }

  disarm(): void {
    this.#point = undefined
  }

  /**
   * Sends a statement, or lets the process die over it.
   *
   * @param sever breaks the connection of this statement
   * @throws {Crash} when it has died
   */
  async perform<T>(
    text: string,
    _earlier: readonly string[],
    send: () => Promise<T>,
    sever: () => Promise<never>,
  ): Promise<T> {
    const loss = this.#meet(text)
    // Woken by others' writes at moments of the machine's clock, it would not do the same again.
    if (text.startsWith('listen')) throw new Error('it does not listen')
    if (loss === 'before') return this.#die(sever)
    const sent = send()
    if (loss === 'after') {
      await sent
      return this.#die(sever)
    }
    this.#sent.add(sent)
    try {
      const answer = await sent
      this.#checkAlive()
      return answer
    } finally {
      this.#sent.delete(sent)
    }
  }

  /** The same where the database answers at once. */
  performNow<T>(text: string, send: () => T): T {
    const loss = this.#meet(text)
    if (loss === undefined) return send()
    if (loss === 'after') send()
    this.#isCut = true
    void this.#sever()
    throw new Crash('the process crashed')
  }

  /** How this statement is lost, if it is the one that the process dies over. */
  #meet(text: string): Loss | undefined {
    this.#checkAlive()
    const point = this.#point
    if (point === undefined || isSignal(text)) return undefined
    if (point.of === 'commits' && !text.startsWith('commit')) return undefined
    if (this.#met++ !== point.nth) return undefined
    return point.when
  }

  async #die(sever: () => Promise<never>): Promise<never> {
    this.#isCut = true
    await sever().catch(() => {})
    // What other connections were asked before is carried out; some of it may have waited for this one.
    await Promise.allSettled(this.#sent)
    await this.#sever()
    throw new Crash('the process crashed')
  }

  #checkAlive(): void {
    if (this.#isCut) throw new Crash('the process has crashed')
  }
}
