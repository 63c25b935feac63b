import type { EventLog, Reached } from './event-log.ts'
import type { Step } from './steps.ts'

/** At which step a process dies, and how often it reaches that before. */
export interface FatalStep {
  readonly step: Step
  /** It dies when it reaches the step for this time; 1 is the first. */
  readonly time: number
}

/** Counts how often a process reaches each step, and ends it by SIGKILL at the one that is fatal to it. */
export class Fate {
  readonly #fatal: FatalStep | undefined
  readonly #log: EventLog
  readonly reached: Reached = {}

  constructor(fatal: FatalStep | undefined, log: EventLog) {
    this.#fatal = fatal
    this.#log = log
  }

  /** Whether this process is to die at that step, so that it is worth to go there in an unusual way. */
  isFatal(step: Step): boolean {
    return this.#fatal?.step === step
  }

  reach(step: Step): void {
    const times = (this.reached[step] ?? 0) + 1
    this.reached[step] = times
    if (!this.isFatal(step) || times < this.#fatal!.time) return

    this.#log.write({ event: 'dies', step, reached: this.reached })
    process.kill(process.pid, 'SIGKILL')
  }
}
