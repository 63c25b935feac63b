import { randomUUID } from 'node:crypto'
import type { Clock, Instant } from '../clock/clock.ts'
import type { HeldLock, LockStore } from '../lock/lock-store.ts'
import { Outage } from '../lock/outage.ts'
import { OverlapGuard, tellsOf, type LockLogLevel } from '../lock/overlap-guard.ts'
import { withFields, type Logger } from '../logger.ts'
import type { Task } from '../task/fluent/task.ts'
import { performTask, type Performance, type TaskMail } from './perform-task.ts'
import { TaskControl } from './task-control.ts'

/** Why a task did not run at an instant. */
export type TaskSkipReason =
  | 'paused'
  | 'maintenance'
  | 'environment'
  | 'when'
  | 'skip'
  | 'another-server'
  | 'overlap'
  | 'locks-unavailable'

/** What became of one instant of a task. */
export type TaskResult =
  | (Performance & { readonly task: string; readonly nominalAt: Date })
  | {
      readonly kind: 'skipped'
      readonly task: string
      readonly nominalAt: Date
      readonly reason: TaskSkipReason
      /** Who has its lock, where that is why. */
      readonly holder?: HeldLock
    }
  /** Another process runs it. */
  | { readonly kind: 'handed-over'; readonly task: string; readonly nominalAt: Date }

export interface TaskRunnerOptions {
  readonly tasks: readonly Task[]
  readonly locks: LockStore
  readonly clock: Clock
  readonly logger: Logger
  /** What is written about locks. */
  readonly lockLog: LockLogLevel
  readonly environment: string
  /** Whether the application is in maintenance mode. */
  readonly isDown: () => boolean | Promise<boolean>
  readonly sendMail: ((mail: TaskMail) => unknown) | undefined
  /** Puts a run of a task's job on its queue. Without it, tasks that do so fail. */
  readonly enqueue: ((task: Task, nominalAt: Instant) => Promise<unknown>) | undefined
  /** What runs a task in a process of its own. Without it, those that ask for one run here. */
  readonly handOver: () => ((task: Task, nominalAt: Instant) => Promise<void>) | undefined
}

export interface TaskRunOptions {
  /** Whether it runs whatever is said of when: by hand. The lock of `withoutOverlapping` holds all the same. */
  readonly isForced?: boolean
  /** Whether it runs in this process although it asks for one of its own. */
  readonly isHere?: boolean
}

/** How long a server remembers that an instant was run. Clocks must not be further apart than that. */
const ONCE_MS = 3_600_000
/** How long the answer whether tasks are paused is good for. */
const PAUSE_KNOWN_MS = 500

/**
 * Runs tasks at their instants: checks what was said of when, takes the locks that were asked for, runs, and tells the
 * hooks. It never throws for what a task does.
 *
 * @see docs/design/tasks.md
 */
export class TaskRunner {
  readonly control: TaskControl
  readonly #options: TaskRunnerOptions
  readonly #owner = randomUUID()
  readonly #outage: Outage
  readonly #guard: OverlapGuard
  #paused: { readonly at: Instant; readonly answer: Promise<boolean> } | undefined

  constructor(options: TaskRunnerOptions) {
    const { clock, logger, locks, lockLog } = options
    this.#options = options
    this.#outage = new Outage(clock, logger)
    this.#guard = new OverlapGuard({
      locks,
      clock,
      logger,
      logLevel: lockLog,
      owner: this.#owner,
      outage: this.#outage,
    })
    this.control = new TaskControl(locks)
  }

  get tasks(): readonly Task[] {
    return this.#options.tasks
  }

  /**
   * Runs a task for one of its instants.
   *
   * @param stop aborts the run
   */
  async run(
    task: Task,
    nominalAt: Instant,
    stop: AbortSignal,
    { isForced = false, isHere = isForced }: TaskRunOptions = {},
  ): Promise<TaskResult> {
    const { logger: given } = this.#options
    const handOver = this.#options.handOver()
    const base = { task: task.name, nominalAt: new Date(nominalAt) }
    const logger = withFields(given, { task: task.name, nominalAt: base.nominalAt.toISOString() })
    const skip = (reason: TaskSkipReason, holder?: HeldLock): TaskResult => {
      // What the locks say is told by the level that was asked for, or once a minute.
      const isTold =
        reason === 'another-server' ? tellsOf(this.#options.lockLog, 'conflicts') : !OF_GUARD.has(reason)
      if (isTold) logger.info({ reason }, 'a task was skipped')
      return { kind: 'skipped', ...base, reason, ...(holder === undefined ? {} : { holder }) }
    }

    if (!isForced) {
      const reason = await this.#reasonToSkip(task, logger)
      if (reason !== undefined) return skip(reason)
    }
    if (task.inBackground && handOver !== undefined && !isHere) {
      try {
        await handOver(task, nominalAt)
        return { kind: 'handed-over', ...base }
      } catch (error) {
        logger.error({ error }, 'a task could not be given a process of its own')
        return { kind: 'failed', ...base, error, output: '', tookMs: 0 }
      }
    }
    // An occurrence of the ledger begins on one server anyway, and again there when it has failed.
    if (task.onOneServer && !isForced && task.stored === undefined) {
      const taken = await this.#takeInstant(task, nominalAt)
      if (taken !== 'taken') return skip(taken)
    }

    const perform = (lock: HeldLock | undefined, lost?: AbortSignal) =>
      performTask({
        task,
        nominalAt,
        token: lock?.token,
        stop: lost === undefined ? stop : AbortSignal.any([stop, lost]),
        clock: this.#options.clock,
        logger,
        sendMail: this.#options.sendMail,
        enqueue: this.#options.enqueue,
      })
    if (task.overlap === undefined) return { ...base, ...(await perform(undefined)) }

    const guarded = await this.#guard.run(task.overlap.lockName, task.overlap, perform)
    if (guarded.kind === 'held') return skip('overlap', guarded.holder)
    if (guarded.kind === 'unavailable') return skip('locks-unavailable')
    return { ...base, ...guarded.value }
  }

  async #reasonToSkip(task: Task, logger: Logger): Promise<TaskSkipReason | undefined> {
    const { environment, isDown } = this.#options
    if (task.environments !== undefined && !task.environments.includes(environment)) return 'environment'
    if (!task.evenInMaintenanceMode && (await this.#says(isDown, logger))) return 'maintenance'
    if (!task.evenWhenPaused && (await this.#isPaused(task))) return 'paused'
    try {
      for (const predicate of task.when) if (!(await predicate())) return 'when'
      for (const predicate of task.skip) if (await predicate()) return 'skip'
    } catch (error) {
      logger.error({ error }, 'it could not be decided whether a task runs, so it does not')
      return 'when'
    }
    return undefined
  }

  /** One that throws says yes: then nothing runs. */
  async #says(predicate: () => boolean | Promise<boolean>, logger: Logger): Promise<boolean> {
    try {
      return await predicate()
    } catch (error) {
      logger.error({ error }, 'it is not known whether the application is down, so nothing runs')
      return true
    }
  }

  /** When the locks cannot be asked, what needs none goes on; what needs one meets the same fault. */
  async #isPaused(task: Task): Promise<boolean> {
    try {
      return await this.#askPaused()
    } catch (error) {
      this.#outage.tell(
        { task: task.name, error },
        'the locks cannot be asked: whether tasks are paused is not known',
      )
      return false
    }
  }

  /** Tasks that are due together, or nearly so, ask once. */
  #askPaused(): Promise<boolean> {
    const now = this.#options.clock.now()
    if (this.#paused === undefined || Math.abs(now - this.#paused.at) >= PAUSE_KNOWN_MS) {
      const answer = this.control.pausedBy().then((by) => by !== undefined)
      this.#paused = { at: now, answer }
    }
    return this.#paused.answer
  }

  /** Each instant has a lock of its own, by the schedule's time and no server's clock; nobody gives it back. */
  async #takeInstant(
    task: Task,
    nominalAt: Instant,
  ): Promise<'taken' | 'another-server' | 'locks-unavailable'> {
    const name = `once ${task.name} ${new Date(nominalAt).toISOString()}`
    try {
      const { granted } = await this.#options.locks.acquire(name, this.#owner, ONCE_MS)
      return granted ? 'taken' : 'another-server'
    } catch (error) {
      this.#outage.tell({ lock: name, error }, 'the locks cannot be asked: nothing runs that needs one')
      return 'locks-unavailable'
    }
  }
}

const OF_GUARD = new Set<TaskSkipReason>(['overlap', 'locks-unavailable'])
