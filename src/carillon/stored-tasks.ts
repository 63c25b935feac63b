import type { Catalog } from '../catalog/catalog.ts'
import type { Instant } from '../clock/clock.ts'
import { ConfigError, DriverError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { PolicyInput } from '../schedule/schedule-input.ts'
import type { TaskResult, TaskSkipReason } from '../runner/task-runner.ts'
import type { Task } from '../task/fluent/task.ts'
import { defineJob, type AnyJob } from '../task/job.ts'

/** Every policy at its default, for what a task does not say any more. */
const DEFAULTS: { readonly [K in keyof Required<Omit<PolicyInput, 'active'>>]: null } = {
  group: null,
  catchUp: null,
  startsAt: null,
  endsAt: null,
  maxRuns: null,
  spread: null,
  jitter: null,
  retries: null,
  backoff: null,
  pauseAfter: null,
  expectWithin: null,
  overlap: null,
  maxRunning: null,
  mutex: null,
  minimumBreak: null,
  timeout: null,
  queue: null,
  whenFinished: null,
  note: null,
}

const OF_LOCKS: readonly TaskSkipReason[] = ['overlap', 'locks-unavailable']

/** The job, and the key of the schedule, by which a task reaches the database. */
function reservedName(task: Task): string {
  return `task ${task.name}`
}

/** The job that runs a stored task on whatever worker its occurrence comes to. */
export function jobOf(
  task: Task,
  run: (name: string, nominalAt: Date, signal: AbortSignal) => Promise<TaskResult>,
): AnyJob {
  return defineJob(reservedName(task), {
    handle: async ({ occurrence, signal }) => {
      const result = await run(task.name, occurrence.nominalAt, signal)
      if (result.kind === 'skipped') {
        // What failed before, or cannot be decided, has not been done: the retries of the schedule go on.
        const isOpen = result.reason === 'locks-unavailable' || occurrence.attempt > 1
        if (isOpen && OF_LOCKS.includes(result.reason))
          throw new DriverError(`the lock of task "${task.name}" could not be had: ${result.reason}`, {
            retryable: true,
          })
        return { skipped: result.reason }
      }
      if (result.kind === 'failed') throw result.error
      return result.kind === 'succeeded' && result.output !== '' ? { output: result.output } : null
    },
  })
}

/** Tasks as schedules of the database: declared, kept in step, and run by name. */
export class StoredTasks {
  readonly #catalog: Catalog
  readonly #tasks: readonly Task[]
  readonly #owner: string
  readonly #logger: Logger

  /** @param catalog whose new schedules are the code's */
  constructor(catalog: Catalog, tasks: readonly Task[], owner: string, logger: Logger) {
    this.#catalog = catalog
    this.#tasks = tasks
    this.#owner = owner
    this.#logger = logger
  }

  /**
   * Makes the database hold what the code declares: new ones are stored, changed ones changed, and what this owner has
   * declared before and does not any more is deleted. A pause stays, whoever has paused what.
   *
   * @throws {ConfigError} when a user's schedule has the name of a task
   */
  async declare(): Promise<void> {
    const declared = new Set<string>()
    const counts = { created: 0, changed: 0, deleted: 0 }
    for (const task of this.#tasks) {
      if (task.work.kind === 'job' && task.stored === undefined) declared.add(reservedName(task))
      if (task.stored === undefined) continue
      declared.add(task.name)
      const change = await this.#declareOne(task, task.stored)
      if (change !== undefined) counts[change]++
    }
    for await (const { key, origin } of this.#catalog.describeAll({ group: this.#owner })) {
      if (origin === 'code' && !declared.has(key) && (await this.#catalog.delete(key))) counts.deleted++
    }
    if (counts.created + counts.changed + counts.deleted > 0)
      this.#logger.info(counts, 'stored tasks were brought up to date')
  }

  /** Puts a run of a task's job on its queue; the same instant is put there once. */
  async enqueue(task: Task, nominalAt: Instant): Promise<void> {
    if (task.work.kind !== 'job') return
    const { job, payload, queue } = task.work
    const key = reservedName(task)
    // Paused: it has runs when it is told, and no instants of its own.
    if ((await this.#catalog.describe(key))?.origin === 'user')
      throw new ConfigError(`a user's schedule has the key "${key}", which task "${task.name}" needs`)
    const note = `runs of task "${task.name}"`
    const options = { key, group: this.#owner, at: 0, active: false, job, payload, note }
    await this.#catalog.schedule(queue === undefined ? options : { ...options, queue })
    await this.#catalog.trigger(key, { nominalAt })
  }

  async #declareOne(
    task: Task,
    { active, ...policy }: PolicyInput,
  ): Promise<'created' | 'changed' | undefined> {
    const { expressions, timezone } = task.timing.spec
    const what = {
      cron: expressions,
      timezone,
      // A job of the database runs by itself; everything else by way of the task.
      ...(task.work.kind === 'job'
        ? { job: task.work.job, payload: task.work.payload, queue: task.work.queue ?? 'default' }
        : { job: reservedName(task), payload: null }),
      ...policy,
      group: this.#owner,
    }
    const present = await this.#catalog.describe(task.name)
    if (present === undefined) {
      await this.#catalog.schedule({ key: task.name, ...what, active: active ?? true })
      return 'created'
    }
    if (present.origin === 'user')
      throw new ConfigError(
        `task "${task.name}" cannot be stored: a user's schedule has this key; give the task another name`,
      )
    const changed = await this.#catalog.patch(task.name, { ...DEFAULTS, ...what })
    return changed.revision === present.revision ? undefined : 'changed'
  }
}
