import type { CarillonOptions } from '../../src/index.ts'
import { MortalProcess, type Call } from './mortal-process.ts'
import type { World } from './support.ts'

/** The processes that are at work on histories, two at a time, and what is counted of them. */
export class Fleet {
  readonly world: World
  readonly counts = new Map<string, number>()
  /** What handlers were called for since this was emptied. */
  readonly calls: Call[] = []
  readonly #options: Partial<CarillonOptions>
  readonly #processes: MortalProcess[] = []

  private constructor(world: World, options: Partial<CarillonOptions>) {
    this.world = world
    this.#options = options
  }

  static async start(world: World, options: Partial<CarillonOptions>): Promise<Fleet> {
    const fleet = new Fleet(world, options)
    fleet.#processes.push(await fleet.#open(), await fleet.#open())
    return fleet
  }

  get first(): MortalProcess {
    return this.#processes[0]!
  }

  get second(): MortalProcess {
    return this.#processes[1]!
  }

  /** Opens another process in the place of each that has died. */
  async replaceDead(): Promise<void> {
    for (const [i, process] of this.#processes.entries()) {
      if (!process.isDead) continue
      await process.close()
      this.#processes[i] = await this.#open()
    }
  }

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.close()))
  }

  #open(): Promise<MortalProcess> {
    return MortalProcess.open(this.world, this.#options, (call) => this.calls.push(call))
  }
}
