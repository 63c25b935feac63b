import type { Alarm, Clock, Instant } from '../clock/clock.ts'
import { durationMs, type Duration } from '../clock/duration.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { ConfigError, WorkerStoppedError } from '../errors.ts'
import { BoundedLocks } from '../lock/bounded-locks.ts'
import type { HeldLock, LockStore } from '../lock/lock-store.ts'
import { memoryLocks } from '../lock/memory/memory-locks.ts'
import { consoleLogger, guarded, type Logger } from '../logger.ts'
import { LONGEST_PAUSE_MS } from '../runner/task-control.ts'
import { TaskLoop } from '../runner/task-loop.ts'
import { TaskRunner, type TaskResult } from '../runner/task-runner.ts'
import { serveMinute } from '../runner/task-tick.ts'
import { didYouMean } from '../suggestion.ts'
import type { Task } from '../task/fluent/task.ts'
import { buildTasks, needsDatabase, needsLocks, type TaskSettings } from './task-settings.ts'

export interface TasksOptions {
  readonly tasks: TaskSettings
  /** Where the locks are that servers share. */
  readonly locks?: LockStore | undefined
  readonly logger?: Logger | undefined
  /** How long `stop` lets runs go on before it aborts them; `30s` by default. */
  readonly grace?: Duration | undefined
  /** What time it is, for tests. */
  readonly clock?: Clock | undefined
}

/** What tasks get from the schedules of the same process. */
export interface TaskBackend {
  readonly locks: LockStore | undefined
  readonly enqueue: ((task: Task, nominalAt: Instant) => Promise<unknown>) | undefined
}

/** A task, as it is shown. */
export interface TaskInfo {
  readonly name: string
  readonly description: string | undefined
  /** What it runs. */
  readonly runs: string
  readonly expressions: readonly string[]
  readonly timezone: string
  /** What else is said of when, as `between('8:00', '17:00')`. */
  readonly windows: readonly string[]
  readonly nextAt: Date | undefined
  readonly withoutOverlapping: boolean
  readonly onOneServer: boolean
  readonly environments: readonly string[] | undefined
  /** Whether it is a schedule of the database. */
  readonly stored: boolean
  /** Who has its lock. */
  readonly lock: HeldLock | undefined
}

/** How long one step at the lock server may take. */
const LOCK_STEP_MS = 5_000

/**
 * The tasks that code defines, in one process: each of them at its instants, with locks that keep it from running twice on
 * any number of servers.
 *
 * ```ts
 * await using tasks = await Tasks.open({
 *   locks: redisLocks(redis),
 *   tasks: { schedule: (schedule) => void schedule.call(sendReports).hourly().withoutOverlapping() },
 * })
 * tasks.start()
 * ```
 *
 * @see docs/design/tasks.md
 */
export class Tasks implements AsyncDisposable {
  readonly #options: TasksOptions
  readonly #tasks: readonly Task[]
  readonly #locks: LockStore
  readonly #clock: Clock
  readonly #runner: TaskRunner
  readonly #loop: TaskLoop
  #handOver: ((task: Task, nominalAt: Instant) => Promise<void>) | undefined

  constructor(options: TasksOptions, tasks: readonly Task[], backend: TaskBackend) {
    this.#options = options
    this.#tasks = tasks
    this.#clock = options.clock ?? new SystemClock()
    const logger = guarded(options.logger ?? consoleLogger)
    const locks = backend.locks ?? memoryLocks(this.#clock)
    this.#locks = new BoundedLocks(locks, new SystemClock(), LOCK_STEP_MS)
    const { environment, isDown, sendMail, lockLog } = options.tasks
    const timed = tasks.filter((task) => task.stored === undefined)
    this.#runner = new TaskRunner({
      tasks: timed,
      locks: this.#locks,
      clock: this.#clock,
      logger,
      lockLog: lockLog ?? 'abandoned',
      environment: environment ?? (process.env.NODE_ENV || 'production'),
      isDown: isDown ?? (() => false),
      sendMail,
      enqueue: backend.enqueue,
      handOver: () => this.#handOver,
    })
    this.#loop = new TaskLoop({ runner: this.#runner, clock: this.#clock, logger })
  }

  /**
   * Builds the tasks. Nothing runs before `start`.
   *
   * @throws {ConfigError} when a task contradicts itself, or needs locks or a database and there are none
   */
  static async open(options: TasksOptions): Promise<Tasks> {
    const tasks = buildTasks(options.tasks)
    const stored = tasks.find(needsDatabase)
    if (stored !== undefined)
      throw new ConfigError(`task "${stored.name}" needs a database: give the tasks to Carillon.open`)
    const locking = tasks.find(needsLocks)
    if (locking !== undefined && options.locks === undefined)
      throw new ConfigError(
        `task "${locking.name}" needs locks that all servers share: set locks, as redisLocks(redis)`,
      )
    return new Tasks(options, tasks, { locks: options.locks, enqueue: undefined })
  }

  /** How many runs are under way in this process. */
  get running(): number {
    return this.#loop.running
  }

  /** Runs tasks at their instants, until `stop`. */
  start(): void {
    this.#loop.start()
  }

  /** Starts nothing more, and lets what runs end within `grace`; an aborted `hurry` ends the grace. */
  async stop({
    grace,
    hurry,
  }: { grace?: Duration | undefined; hurry?: AbortSignal | undefined } = {}): Promise<void> {
    const graceMs = durationMs(grace ?? this.#options.grace ?? '30s', 'grace')
    await this.#loop.stop(graceMs, hurry)
  }

  /**
   * Serves the minute that it is, for an outside tick each minute.
   *
   * @param stop ends it early: nothing more begins, what runs may end within `grace`, and is aborted then
   * @param hurry ends the grace
   */
  async runMinute({
    stop,
    hurry,
  }: { stop?: AbortSignal | undefined; hurry?: AbortSignal | undefined } = {}): Promise<
    readonly TaskResult[]
  > {
    const graceMs = durationMs(this.#options.grace ?? '30s', 'grace')
    const stopping = stop ?? new AbortController().signal
    const abort = new AbortController()
    const end = () => abort.abort(new WorkerStoppedError('the server that ran it stops'))
    if (hurry?.aborted === true) end()
    else hurry?.addEventListener('abort', end, { once: true })
    let alarm: Alarm | undefined
    const limit = () => {
      alarm = this.#clock.alarmAt(this.#clock.now() + graceMs, end)
    }
    if (stopping.aborted) limit()
    else stopping.addEventListener('abort', limit, { once: true })
    try {
      const signals = { stop: stopping, abort: abort.signal }
      return await serveMinute(this.#runner, this.#clock, signals)
    } finally {
      alarm?.cancel()
      stopping.removeEventListener('abort', limit)
      hurry?.removeEventListener('abort', end)
    }
  }

  /**
   * Runs one task now, whatever is said of when. Its lock holds all the same.
   *
   * @param nominalAt the instant that it stands for; now by default
   * @throws {ConfigError} when there is no such task
   */
  async test(name: string, signal: AbortSignal, nominalAt?: Date): Promise<TaskResult> {
    const task = this.#find(name)
    return this.#runner.run(task, nominalAt?.getTime() ?? this.#clock.now(), signal, { isForced: true })
  }

  /**
   * Runs one task in this process for one of its instants, on all of its conditions.
   *
   * @throws {ConfigError} when there is no such task
   */
  async runDue(name: string, nominalAt: Date, signal: AbortSignal): Promise<TaskResult> {
    return this.#runner.run(this.#find(name), nominalAt.getTime(), signal, { isHere: true })
  }

  /** All tasks, in the order in which they are defined, and who has their locks. */
  async list(): Promise<readonly TaskInfo[]> {
    const now = this.#clock.now()
    return Promise.all(this.#tasks.map((task) => this.#describe(task, now)))
  }

  /**
   * Keeps all tasks from running, on all servers that share the locks, until `resume`.
   *
   * @param by who does so, and why
   * @returns who has paused them, where somebody had before
   */
  async pause(by: string, duration?: Duration): Promise<HeldLock | undefined> {
    const forMs = duration === undefined ? LONGEST_PAUSE_MS : durationMs(duration, 'for')
    const answer = await this.#runner.control.pause(by, forMs)
    return answer.granted ? undefined : answer.holder
  }

  /** @returns whether they were paused */
  async resume(): Promise<boolean> {
    return this.#runner.control.resume()
  }

  /** Who has paused the tasks, since when and until when; `undefined` when nobody has. */
  async pausedBy(): Promise<HeldLock | undefined> {
    return this.#runner.control.pausedBy()
  }

  /** Ends all repeats below a minute that are under way in this minute, on all servers. */
  async interrupt(by: string): Promise<void> {
    await this.#runner.control.interrupt(by, this.#clock.now())
  }

  /**
   * Frees the lock of a task, whoever has it: its run may be at work still.
   *
   * @returns who had it; `undefined` when nobody did
   * @throws {ConfigError} when there is no such task, or it takes no lock
   */
  async unlock(name: string): Promise<HeldLock | undefined> {
    const { overlap } = this.#find(name)
    if (overlap === undefined)
      throw new ConfigError(`task "${name}" takes no lock: it has no withoutOverlapping()`)
    const holder = await this.#locks.inspect(overlap.lockName)
    return (await this.#locks.forceRelease(overlap.lockName)) ? holder : undefined
  }

  /** How tasks with `runInBackground` get a process of their own; without it, they run in this one. */
  handOverBy(start: (name: string, nominalAt: Date) => Promise<void>): void {
    this.#handOver = (task, nominalAt) => start(task.name, new Date(nominalAt))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #find(name: string): Task {
    const task = this.#tasks.find((one) => one.name === name)
    if (task !== undefined) return task
    const names = this.#tasks.map((one) => one.name)
    throw new ConfigError(
      names.length === 0
        ? 'no tasks are defined'
        : `there is no task "${name}"${didYouMean(name, names) || `: the tasks are ${names.join(', ')}`}`,
    )
  }

  async #describe(task: Task, now: Instant): Promise<TaskInfo> {
    const { spec, recurrence, windows } = task.timing
    const nextMs = recurrence.nextMs(now)
    const { overlap } = task
    return {
      name: task.name,
      description: task.description,
      runs: task.shown,
      expressions: spec.expressions,
      timezone: spec.timezone,
      windows,
      nextAt: nextMs === undefined ? undefined : new Date(nextMs),
      withoutOverlapping: overlap !== undefined,
      onOneServer: task.onOneServer,
      environments: task.environments,
      stored: task.stored !== undefined,
      lock: overlap === undefined ? undefined : await this.#locks.inspect(overlap.lockName),
    }
  }
}
