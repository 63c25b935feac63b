import { durationMs, type Duration } from '../../src/clock/duration.ts'
import { waitUntil } from '../../src/clock/wait.ts'
import type { JobContext } from '../../src/index.ts'
import { time, type World } from './support.ts'

export const EVERY_MINUTE = { cron: '* * * * *', job: 'work' } as const

/** What happens to runs that take their time. */
export class Work {
  /** As `10:01 begins 10:01`, with the key of the schedule where that is not `a`. */
  happened: string[] = []
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** A job whose runs take so long, and end when they are told to. */
  thatTakes(takes: Duration) {
    this.happened = []
    const { clock } = this.#world
    return this.#world.job('work', async ({ occurrence, signal }: JobContext) => {
      const name = `${occurrence.key === 'a' ? '' : `${occurrence.key} `}${time(occurrence.nominalAt)}`
      const say = (what: string) => this.happened.push(`${time(clock.now())} ${what} ${name}`)
      say('begins')
      await waitUntil(clock, clock.now() + durationMs(takes, 'takes'), signal)
      if (signal.aborted) say('is told to end:')
      else say('ends')
      signal.throwIfAborted()
    })
  }
}
