import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { AlertHook } from '../alert/alert.ts'
import type { ScheduleDeclaration } from '../catalog/declare/declarations.ts'
import { Quotas, type QuotaSettings } from '../catalog/quotas.ts'
import type { Clock } from '../clock/clock.ts'
import { durationMs, type Duration } from '../clock/duration.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { ConfigError } from '../errors.ts'
import type { LockStore } from '../lock/lock-store.ts'
import type { DatabaseInput } from '../sql/database-input.ts'
import { consoleLogger, guarded, type Logger } from '../logger.ts'
import { didYouMean } from '../suggestion.ts'
import type { Task } from '../task/fluent/task.ts'
import type { AnyJob } from '../task/job.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { resolveCatchUp, type CatchUpSettings, type ResolvedCatchUp } from './catch-up-settings.ts'
import { resolveQueues, type QueueChoice } from './queue-choice.ts'
import { buildTasks, type TaskSettings } from './task-settings.ts'

/** What a process does: plan occurrences, run them, run tasks of code. */
export type Role = 'dispatch' | 'work' | 'tasks'

/** How Carillon is set up. The config file holds the same. */
export interface CarillonOptions {
  /**
   * Where schedules and the ledger live: `sqlite:<file>`, `postgres://…`, `mysql://…`, or a pool of connections that the
   * application has. The tables are created and brought up to date when needed.
   */
  readonly database: DatabaseInput
  /** The jobs that schedules can name and this process can run. */
  readonly jobs?: readonly AnyJob[] | undefined
  /** Whether this process runs the built-in job `command`; `false` by default. */
  readonly allowCommands?: boolean | undefined

  /** Schedules that code declares: the database is made to hold them whenever a process starts. */
  readonly schedules?: readonly ScheduleDeclaration[] | undefined
  /** Whose they are, where several programs declare schedules in one database; `config` by default. */
  readonly schedulesOwner?: string | undefined

  /** The queue of schedules that name none; the database itself by default. */
  readonly queue?: QueueChoice | undefined
  /** More queues that schedules can name. */
  readonly queues?: Readonly<Record<string, QueueChoice>> | undefined

  /** The locks that servers share, for tasks; in the database by default. */
  readonly locks?: LockStore | undefined
  /** The tasks that code defines. */
  readonly tasks?: TaskSettings | undefined

  /** How far a dispatch pass looks ahead; `10m` by default. */
  readonly ahead?: Duration | undefined
  /** The time between two passes; `5m` by default. It must not be longer than `ahead`. */
  readonly interval?: Duration | undefined
  /** How much each namespace may have; without limits by default. */
  readonly quotas?: QuotaSettings | undefined
  /** How fast what was missed is caught up, and from when on an operator is asked; at once and never by default. */
  readonly catchUp?: CatchUpSettings | undefined

  /** How many runs at once; 20 by default. */
  readonly concurrency?: number | undefined
  /** How long a run stays this server's when nothing is heard of it; `30s` by default, at least `1s`. */
  readonly lease?: Duration | undefined
  /** How long `stop` lets runs go on before it aborts them; `30s` by default. */
  readonly grace?: Duration | undefined

  /** How long finished occurrences are kept; `7d` by default. */
  readonly keepHistory?: Duration | undefined
  /** The largest payload, in bytes of JSON; 65,536 by default. */
  readonly maxPayloadBytes?: number | undefined

  /**
   * Told of what a human should know of: runs that failed for good, schedules that were paused or are broken, queues out of
   * reach. A function, or several; `webhook(url)` makes one.
   */
  readonly alerts?: AlertHook | readonly AlertHook[] | undefined

  /** Told what this process does, to be measured: `prometheusMetrics()`, `openTelemetry()`, or one of your own. */
  readonly telemetry?: Telemetry | readonly Telemetry[] | undefined

  /**
   * How long after it was due a run is to have begun; then it counts as absent, and a human is told. `15m` by default, 0 for
   * never. A schedule's own `expectWithin` takes its place.
   */
  readonly absentAfter?: Duration | undefined

  /** A name for this process, shown as where a run ran; host name and process id by default. */
  readonly server?: string | undefined
  readonly logger?: Logger | undefined
  /** What time it is, for tests. It is the database's clock otherwise that decides what is due. */
  readonly clock?: Clock | undefined
}

/** The options with every default written out. */
export interface Settings extends ResolvedCatchUp {
  readonly database: DatabaseInput
  readonly jobs: readonly AnyJob[]
  readonly allowCommands: boolean
  readonly schedules: readonly ScheduleDeclaration[]
  readonly schedulesOwner: string
  readonly queues: Readonly<Record<string, QueueChoice>>
  readonly locks: LockStore | undefined
  readonly tasks: TaskSettings | undefined
  readonly builtTasks: readonly Task[]
  readonly aheadMs: number
  readonly intervalMs: number
  readonly concurrency: number
  readonly leaseMs: number
  readonly graceMs: number
  readonly keepMs: number
  readonly maxPayloadBytes: number
  readonly quotas: Quotas
  readonly alerts: readonly AlertHook[]
  readonly telemetry: readonly Telemetry[]
  readonly absentAfterMs: number
  /** Unique for each start of each process. */
  readonly owner: string
  readonly logger: Logger
  readonly clock: Clock
}

const KNOWN = Object.keys({
  database: 1,
  jobs: 1,
  allowCommands: 1,
  schedules: 1,
  schedulesOwner: 1,
  queue: 1,
  queues: 1,
  locks: 1,
  tasks: 1,
  ahead: 1,
  interval: 1,
  catchUp: 1,
  quotas: 1,
  concurrency: 1,
  lease: 1,
  grace: 1,
  keepHistory: 1,
  maxPayloadBytes: 1,
  alerts: 1,
  telemetry: 1,
  absentAfter: 1,
  server: 1,
  logger: 1,
  clock: 1,
} satisfies Record<keyof CarillonOptions, 1>)
const SHORTEST_LEASE_MS = 1_000

/**
 * Checks options and writes out their defaults.
 *
 * @throws {ConfigError} naming what is wrong and what would be right
 * @throws {InvalidInputError} when a duration is not one
 */
export function resolveOptions(options: CarillonOptions): Settings {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name))
  if (unknown !== undefined) throw new ConfigError(`unknown option "${unknown}"${didYouMean(unknown, KNOWN)}`)
  if (options.database === undefined || options.database === null) {
    throw new ConfigError('no database is given: set database, as in "sqlite:./carillon.db"')
  }

  const settings: Settings = {
    database: options.database,
    jobs: options.jobs ?? [],
    allowCommands: options.allowCommands ?? false,
    schedules: options.schedules ?? [],
    schedulesOwner: options.schedulesOwner ?? 'config',
    queues: resolveQueues(options.queue, options.queues),
    locks: options.locks,
    tasks: options.tasks,
    builtTasks: options.tasks === undefined ? [] : buildTasks(options.tasks),
    aheadMs: durationMs(options.ahead ?? '10m', 'ahead'),
    intervalMs: durationMs(options.interval ?? '5m', 'interval'),
    ...resolveCatchUp(options.catchUp),
    concurrency: options.concurrency ?? 20,
    leaseMs: durationMs(options.lease ?? '30s', 'lease'),
    graceMs: durationMs(options.grace ?? '30s', 'grace'),
    keepMs: durationMs(options.keepHistory ?? '7d', 'keepHistory'),
    maxPayloadBytes: options.maxPayloadBytes ?? 64 * 1024,
    quotas: new Quotas(options.quotas),
    alerts: [options.alerts ?? []].flat(),
    telemetry: [options.telemetry ?? []].flat(),
    absentAfterMs: durationMs(options.absentAfter ?? '15m', 'absentAfter'),
    owner: `${options.server ?? `${hostname()}-${process.pid}`}#${randomBytes(4).toString('hex')}`,
    logger: guarded(options.logger ?? consoleLogger),
    clock: options.clock ?? new SystemClock(),
  }
  checkSettings(settings)
  return settings
}

function checkSettings(settings: Settings): void {
  const { jobs, aheadMs, intervalMs, concurrency, leaseMs, maxPayloadBytes } = settings
  if (!Array.isArray(jobs) || !jobs.every(isJob))
    throw new ConfigError('jobs is not a list of jobs: give an array of what defineJob returns')
  if (!Array.isArray(settings.schedules))
    throw new ConfigError('schedules is not a list: give an array of schedules, each with its key')
  if (!/^.{1,200}$/u.test(settings.schedulesOwner))
    throw new ConfigError('schedulesOwner has 1 to 200 characters')
  if (!settings.alerts.every((hook) => typeof hook === 'function'))
    throw new ConfigError('alerts is a function, or a list of functions: give webhook(…), or one of your own')
  if (!settings.telemetry.every(isTelemetry))
    throw new ConfigError(
      'telemetry is what prometheusMetrics or openTelemetry gives, or a list of those; await them',
    )
  if (intervalMs < 1_000) throw new ConfigError('interval is shorter than a second')
  if (aheadMs < intervalMs) {
    throw new ConfigError(
      'ahead is shorter than interval, so runs would fall between two passes: make it longer',
    )
  }
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new ConfigError('concurrency is a whole number from 1')
  if (leaseMs < SHORTEST_LEASE_MS) throw new ConfigError('lease is shorter than a second')
  if (!Number.isInteger(maxPayloadBytes) || maxPayloadBytes < 4)
    throw new ConfigError('maxPayloadBytes is a whole number')
}

function isTelemetry(given: Telemetry | PromiseLike<unknown> | null | undefined): boolean {
  return typeof given === 'object' && given !== null && !('then' in given)
}

function isJob(job: Partial<AnyJob> | null | undefined): boolean {
  return typeof job?.name === 'string' && job.name !== '' && typeof job.handle === 'function'
}
