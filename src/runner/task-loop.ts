import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import { waitAtMost } from '../clock/wait.ts'
import { WorkerStoppedError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Task } from '../task/fluent/task.ts'
import type { TaskRunner } from './task-runner.ts'

export interface TaskLoopOptions {
  readonly runner: TaskRunner
  readonly clock: Clock
  readonly logger: Logger
}

/** An instant that is older, because the machine slept or was busy, is missed. */
const LATEST_MS = 60_000
/** How long runs may take to end after they were aborted, before they are no longer waited for. */
const ABORT_GRACE_MS = 5_000

/**
 * Runs tasks at their instants, one after another or at the same time, as they fall. No run keeps another task waiting.
 */
export class TaskLoop {
  readonly #options: TaskLoopOptions
  readonly #loop: Loop
  readonly #runs = new Set<Promise<void>>()
  #stop = new AbortController()
  /** The next instant of each task. */
  #next = new Map<Task, Instant>()
  #lookedAt: Instant = -Infinity
  #isStarted = false

  constructor(options: TaskLoopOptions) {
    this.#options = options
    this.#loop = new Loop(
      options.clock,
      async () => this.#step(),
      (error) => {
        options.logger.error({ error }, 'tasks could not be looked through; it is tried again')
        return options.clock.now() + 1_000
      },
    )
  }

  /** How many runs are under way. */
  get running(): number {
    return this.#runs.size
  }

  /** Begins with the first instants after now. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#stop = new AbortController()
    this.#plan(this.#options.clock.now())
    this.#loop.start()
  }

  /** Starts nothing more; lets what runs end within `graceMs`, or until `hurry` is aborted, and then aborts it. */
  async stop(graceMs: number, hurry?: AbortSignal): Promise<void> {
    if (!this.#isStarted) return
    this.#isStarted = false
    await this.#loop.stop()

    const { clock } = this.#options
    if (this.#runs.size > 0) await waitAtMost(clock, clock.now() + graceMs, this.#idle(), hurry)
    if (this.#runs.size === 0) return
    this.#stop.abort(new WorkerStoppedError('the server that ran it stops'))
    await waitAtMost(clock, clock.now() + ABORT_GRACE_MS, this.#idle())
  }

  async #idle(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all(this.#runs)
  }

  #plan(after: Instant): void {
    this.#lookedAt = after
    this.#next = new Map()
    for (const task of this.#options.runner.tasks) this.#advance(task, after)
  }

  #advance(task: Task, after: Instant): void {
    const next = task.timing.recurrence.nextMs(after)
    if (next === undefined) this.#next.delete(task)
    else this.#next.set(task, next)
  }

  /** Starts what is due. @returns the next instant */
  #step(): Instant {
    const { clock, logger } = this.#options
    const now = clock.now()
    // The clock was set back by more than a correction: what is planned would be waited for by that much longer.
    if (now < this.#lookedAt - LATEST_MS) this.#plan(now)
    this.#lookedAt = Math.max(now, this.#lookedAt)

    for (const [task, first] of this.#next) {
      if (first > now) continue
      // Of several that are due at once, since this process was busy or asleep, the latest stands for all.
      const nominalAt = task.timing.recurrence.previousMs(now + 1, first) ?? first
      if (nominalAt < now - LATEST_MS)
        logger.warn(
          { task: task.name, nominalAt: new Date(nominalAt).toISOString(), lateMs: now - nominalAt },
          'a task was missed: this process was asleep or busy at its instant',
        )
      else this.#run(task, nominalAt)
      this.#advance(task, now)
    }
    return Math.min(...this.#next.values())
  }

  #run(task: Task, nominalAt: Instant): void {
    const { runner, logger } = this.#options
    const run = runner.run(task, nominalAt, this.#stop.signal).then(
      () => {},
      (error: unknown) => logger.error({ task: task.name, error }, 'a task could not be brought to its end'),
    )
    const tracked: Promise<void> = run.finally(() => this.#runs.delete(tracked))
    this.#runs.add(tracked)
  }
}
