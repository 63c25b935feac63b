import { inject } from 'vitest'
import { Carillon, defineJob, type CarillonOptions } from '../../src/index.ts'
import type { CrashPoint } from '../interleaving/support/lifeline.ts'
import { openMortal, type MortalDatabase } from '../interleaving/support/mortal-database.ts'
import type { World } from './support.ts'

/** One call of a handler. */
export interface Call {
  /** Of the occurrence. */
  readonly id: string
  readonly attempt: number
  readonly at: number
  readonly dueAt: number
}

/** How long after an attempt that failed the next one follows. */
export const RETRY_MS = 5_000

/** Whether an attempt fails: of some occurrences the first one does. */
export function fails(nominalAt: number, attempt: number): boolean {
  return attempt === 1 && Math.floor(nominalAt / 60_000) % 3 === 0
}

const silent = { info: () => {}, warn: () => {}, error: () => {} }

/** A process that may die over any statement that it sends. */
export class MortalProcess {
  readonly #world: World
  readonly #database: MortalDatabase<Carillon>

  private constructor(world: World, database: MortalDatabase<Carillon>) {
    this.#world = world
    this.#database = database
  }

  /** @param called told of each call of a handler, while the process is alive */
  static async open(
    world: World,
    options: Partial<CarillonOptions>,
    called: (call: Call) => void,
  ): Promise<MortalProcess> {
    let isDead = () => false
    const note = defineJob('note', {
      handle({ occurrence: { id, attempt, nominalAt, dueAt } }) {
        if (isDead()) return
        called({ id, attempt, at: world.clock.now(), dueAt: dueAt.getTime() })
        if (fails(nominalAt.getTime(), attempt)) throw new Error('it failed')
      },
    })
    const { clock } = world
    const database = await openMortal(inject('database'), world.database, (input) =>
      Carillon.open({ database: input, clock, logger: silent, jobs: [note], ...options }),
    )
    isDead = () => database.lifeline.isCut
    return new MortalProcess(world, database)
  }

  get cron(): Carillon {
    return this.#database.opened
  }

  get isDead(): boolean {
    return this.#database.lifeline.isCut
  }

  /**
   * Does something; it dies over it if it comes to this point.
   *
   * @returns whether it was done to its end, and answered
   */
  async attempt(work: (cron: Carillon) => Promise<unknown>, point: CrashPoint | undefined): Promise<boolean> {
    const { lifeline } = this.#database
    if (point !== undefined) lifeline.arm(point)
    try {
      await work(this.cron)
      return true
    } catch (error) {
      if (!this.isDead) throw error
      return false
    } finally {
      lifeline.disarm()
    }
  }

  /** Works for a while, as a server does that is started and stopped, or dies meanwhile. */
  async work(ms: number, point: CrashPoint | undefined): Promise<void> {
    const { clock } = this.#world
    const until = clock.now() + ms
    await this.attempt(async (cron) => {
      await cron.start({ roles: ['work'] })
      await clock.advance(0)
      while (clock.now() < until && !this.isDead)
        await clock.advanceTo(Math.min(clock.pending[0] ?? until, until))
      if (!this.isDead) await cron.stop()
    }, point)
  }

  /** Dispatches, prunes and looks once, as a server does that has just been started. */
  async serve(point: CrashPoint | undefined): Promise<boolean> {
    await this.attempt(async (cron) => {
      await cron.start({ roles: ['dispatch'] })
      await this.#world.clock.advance(0)
      if (!this.isDead) await cron.stop()
    }, point)
    return !this.isDead
  }

  /** Lets go of what is left of it. */
  async close(): Promise<void> {
    await this.cron.stop({ grace: 0 })
    await this.cron.close()
    await this.#database.end()
  }
}
