import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { CarillonError, ConfigError } from '../../errors.ts'
import type { PolicyInput } from '../../schedule/schedule-input.ts'
import { TaskAttributes } from './task-attributes.ts'
import type { Task, TaskWork } from './task.ts'

/** What holds for all tasks that say nothing else. */
export interface TaskDefaults {
  readonly timezone: string
}

/** What a task does, and how it is told from others. */
export interface NamedWork {
  readonly work: TaskWork
  /** The name that it has if it is given none; `undefined` when it must be given one. */
  readonly name: string | undefined
  /** What it does, in a few words. */
  readonly shown: string
}

/** One task under construction. */
export class TaskBuilder extends TaskAttributes {
  readonly #named: NamedWork
  #name: string | undefined
  #lockName: string | undefined
  #stored: PolicyInput | undefined

  constructor(named: NamedWork, group?: TaskAttributes) {
    super(group)
    this.#named = named
  }

  /** Tells it from all others: in lists, in the names of its locks, on the command line. */
  name(name: string): this {
    if (name === '' || name.length > 100 || !name.isWellFormed())
      throw new ConfigError('the name of a task has 1 to 100 characters')
    if (this.#name !== undefined && this.#name !== name)
      throw new ConfigError(`name('${name}') contradicts name('${this.#name}')`)
    this.#name = name
    return this
  }

  /** The lock of `withoutOverlapping`; tasks with one lock never run at the same time. By default from expression and work. */
  lockName(name: string): this {
    if (name === '' || name.length > 200 || !name.isWellFormed())
      throw new ConfigError('the name of a lock has 1 to 200 characters')
    if (this.#lockName !== undefined && this.#lockName !== name)
      throw new ConfigError(`lockName('${name}') contradicts lockName('${this.#lockName}')`)
    this.#lockName = name
    return this
  }

  /**
   * Makes it a schedule of the database: planned ahead, run once by whichever worker has room, with a history. Its key is
   * its name, its origin is `code`.
   */
  store(policy: PolicyInput = {}): this {
    if (this.#stored !== undefined && !isDeepStrictEqual(this.#stored, policy))
      throw new ConfigError('store() is called twice with different arguments')
    this.#stored = policy
    return this
  }

  /** @throws {ConfigError} when what was said of it does not go together */
  build({ timezone }: TaskDefaults): Task {
    const { work, shown } = this.#named
    const { overlap, ...traits } = this.traits()
    const name = this.#name ?? this.#named.name
    if (name === undefined)
      throw new ConfigError(`${shown} has no name: a function without one needs name('…')`)
    try {
      const timing = this.timetable.compile(name, timezone)
      const { expressions, timezone: zone } = timing.spec
      const lockName =
        this.#lockName === undefined
          ? `task ${digest([expressions, zone, shown, work, work.kind === 'call' ? name : ''])}`
          : `lock ${this.#lockName}`
      const task: Task = {
        ...traits,
        ...this.lists(),
        name,
        shown,
        work,
        timing,
        overlap: overlap === undefined ? undefined : { ...overlap, lockName },
        stored: this.#stored,
      }
      checkTask(task)
      return task
    } catch (error) {
      if (error instanceof CarillonError) error.message = `task "${name}": ${error.message}`
      throw error
    }
  }
}

function checkTask(task: Task): void {
  const { work, user, stored, timing, inBackground, name } = task
  if (user !== undefined && work.kind !== 'command')
    throw new ConfigError('user() is for commands: a function runs as this process does')
  if (work.kind === 'job' && inBackground)
    throw new ConfigError('runInBackground() contradicts job(), which runs on a worker anyway')
  if (name.startsWith('task ')) throw new ConfigError('names that begin with "task " are kept for jobs')
  if (stored === undefined) return
  if (stored.group != null)
    throw new ConfigError('store({ group }) is not possible: its group is the owner, tasks.owner')
  if (timing.windows.length > 0)
    throw new ConfigError(`${timing.windows[0]} cannot be stored: write the hours into cron('…')`)
  if (inBackground)
    throw new ConfigError('store() contradicts runInBackground(): a stored task runs on workers')
  const ignored = work.kind === 'job' ? traitsOf(task) : undefined
  if (ignored !== undefined)
    throw new ConfigError(
      `${ignored} contradicts store() of a job, which is a schedule like any other: say it in store({ … }), or leave store() out`,
    )
}

/** The first thing said of a task that only a run by way of the task would heed. */
function traitsOf(task: Task): string | undefined {
  const { overlap, environments, timeoutMs, when, skip, before, after, onSuccess, onFailure, outputs } = task
  if (overlap !== undefined) return 'withoutOverlapping()'
  if (environments !== undefined) return 'environments()'
  if (timeoutMs !== undefined) return 'timeout()'
  if (when.length + skip.length > 0) return 'when() or skip()'
  if (before.length + after.length + onSuccess.length + onFailure.length > 0) return 'a hook'
  return outputs.length > 0 ? 'an output' : undefined
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40)
}
