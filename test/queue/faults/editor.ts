import { setTimeout as sleep } from 'node:timers/promises'
import { Carillon } from '../../../src/index.ts'
import { queueOf, type Places, type QueueKind } from './queue-kind.ts'
import type { Quiet } from './verdict.ts'
import {
  CHANGED,
  changeAtRandom,
  FAILING,
  onceOf,
  scheduleOf,
  SHAKEN,
  STEADY,
  TIMES,
  workJob,
  type Change,
} from './workload.ts'

const EVERY_MS = 400
/** When runs at one instant are due, from now. */
const SOON_MS = 2_500

/** Stores schedules and changes them all the time, and keeps account of when one must not run. */
export class Editor implements AsyncDisposable {
  readonly #cron: Carillon
  readonly #random: () => number
  readonly #quiet: Quiet[] = []
  readonly #quietSince = new Map<string, number>()
  #number = 0
  #ended: Promise<void> | undefined
  #isEnding = false

  private constructor(cron: Carillon, random: () => number) {
    this.#cron = cron
    this.#random = random
  }

  static async open(kind: QueueKind, places: Places, random: () => number): Promise<Editor> {
    const cron = await Carillon.open({
      database: places.database,
      queue: queueOf(kind, places),
      jobs: [workJob(undefined, undefined)],
      ...TIMES,
    })
    return new Editor(cron, random)
  }

  async store(): Promise<void> {
    await this.#cron.scheduleMany([...STEADY, ...FAILING, ...CHANGED, ...SHAKEN].map(scheduleOf))
  }

  /** Begins to change schedules. @param onFailure told when that fails, which it must not */
  start(onFailure: (error: unknown) => void): void {
    this.#ended = this.#work().catch(onFailure)
  }

  async stop(): Promise<void> {
    this.#isEnding = true
    await this.#ended
  }

  /** The times in which schedules must not begin. */
  quiet(): Quiet[] {
    return [...this.#quiet, ...[...this.#quietSince].map(([key, from]) => ({ key, from, to: Infinity }))]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.#cron.close()
  }

  async #work(): Promise<void> {
    while (!this.#isEnding) {
      await this.#cron.schedule(onceOf(++this.#number, this.#random() * SOON_MS))
      await this.#trigger()
      await this.#change()
      await sleep(EVERY_MS)
    }
  }

  async #trigger(): Promise<void> {
    if (this.#number % 5 === 0) await this.#cron.trigger(STEADY[this.#number % STEADY.length]!)
  }

  async #change(): Promise<void> {
    const calledAt = Date.now()
    const { key, change } = await changeAtRandom(this.#cron, CHANGED, this.#random)
    const isQuiet: Record<Change, boolean | undefined> = {
      pause: true,
      delete: true,
      trigger: undefined,
      // What is paused stays so; but for that it is simpler not to know.
      faster: false,
      slower: false,
      store: false,
      resume: false,
    }
    const since = this.#quietSince.get(key)
    if (isQuiet[change] === true && since === undefined) this.#quietSince.set(key, Date.now())
    if (isQuiet[change] !== false || since === undefined) return
    this.#quiet.push({ key, from: since, to: calledAt })
    this.#quietSince.delete(key)
  }
}
