import { ConfigError } from '../errors.ts'
import type { LockLogLevel } from '../lock/overlap-guard.ts'
import type { TaskMail } from '../runner/perform-task.ts'
import type { Task } from '../task/fluent/task.ts'
import { TaskSchedule } from '../task/fluent/task-schedule.ts'
import { zoneTable } from '../cron/zone.ts'
import { didYouMean } from '../suggestion.ts'

/** The tasks that code defines, and what holds for all of them. */
export interface TaskSettings {
  /** Defines the tasks. */
  readonly schedule: (schedule: TaskSchedule) => void
  /** The time zone of tasks that name none; UTC by default. */
  readonly timezone?: string | undefined
  /** What `environments` is compared with; `NODE_ENV` by default, or else `production`. */
  readonly environment?: string | undefined
  /** Whether the application is in maintenance mode; asked before each run. */
  readonly isDown?: (() => boolean | Promise<boolean>) | undefined
  /** Sends the output of tasks that ask for it. */
  readonly sendMail?: ((mail: TaskMail) => unknown) | undefined
  /** What is written about locks; `abandoned` by default. */
  readonly lockLog?: LockLogLevel | undefined
  /** Who declares stored tasks: those of other owners are left alone. `tasks` by default. */
  readonly owner?: string | undefined
}

const KNOWN = Object.keys({
  schedule: 1,
  timezone: 1,
  environment: 1,
  isDown: 1,
  sendMail: 1,
  lockLog: 1,
  owner: 1,
} satisfies Record<keyof TaskSettings, 1>)
const LEVELS: readonly string[] = ['none', 'abandoned', 'conflicts', 'verbose'] satisfies LockLogLevel[]
export const DEFAULT_OWNER = 'tasks'

/**
 * The tasks that the settings define.
 *
 * @throws {ConfigError} when a setting is not valid, or a task contradicts itself
 */
export function buildTasks(settings: TaskSettings): readonly Task[] {
  const unknown = Object.keys(settings).find((name) => !KNOWN.includes(name))
  if (unknown !== undefined)
    throw new ConfigError(`unknown option "tasks.${unknown}"${didYouMean(unknown, KNOWN)}`)
  const { schedule: define, timezone = 'UTC', lockLog = 'abandoned', sendMail, owner } = settings
  if (typeof define !== 'function')
    throw new ConfigError('tasks.schedule is not a function: write schedule(schedule) { … }')
  if (!LEVELS.includes(lockLog))
    throw new ConfigError(`tasks.lockLog is one of ${LEVELS.join(', ')}${didYouMean(lockLog, LEVELS)}`)
  if (owner === '') throw new ConfigError('tasks.owner is empty')

  zoneTable(timezone)
  const schedule = new TaskSchedule()
  const result: unknown = define(schedule)
  if (result instanceof Promise)
    throw new ConfigError('tasks.schedule is asynchronous: await what it needs before defineConfig')
  const tasks = schedule.build({ timezone })
  const mails = tasks.find((task) => task.outputs.some(({ kind }) => kind === 'mail'))
  if (mails !== undefined && sendMail === undefined)
    throw new ConfigError(`task "${mails.name}" mails its output: set tasks.sendMail, which sends it`)
  return tasks
}

/** Whether a task takes a lock. */
export function needsLocks(task: Task): boolean {
  return task.overlap !== undefined || task.onOneServer
}

/** Whether a task is of no use without a database. */
export function needsDatabase(task: Task): boolean {
  return task.work.kind === 'job' || task.stored !== undefined
}
