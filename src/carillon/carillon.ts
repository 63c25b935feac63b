import { Alerts } from '../alert/alerts.ts'
import { Catalog } from '../catalog/catalog.ts'
import { Declarations, type DeclareReport } from '../catalog/declare/declarations.ts'
import { NewsFeed } from '../catalog/news/news-feed.ts'
import { Requests } from '../catalog/requests/requests.ts'
import { RootCatalog } from '../catalog/root-catalog.ts'
import { Tokens } from '../catalog/tokens/tokens.ts'
import { durationMs, type Duration } from '../clock/duration.ts'
import { ConfigError, InvalidInputError } from '../errors.ts'
import { AbsenceWatch } from '../dispatch/absence-watch.ts'
import { Dispatcher, type DispatcherOptions, type PassReport } from '../dispatch/dispatcher.ts'
import { OwedWriter } from '../dispatch/owed-writer.ts'
import { dropOwed, reportOwed, type OwedReport } from '../dispatch/owed-report.ts'
import { previewPass, type PassPreview } from '../dispatch/preview-pass.ts'
import { Pruner } from '../dispatch/pruner.ts'
import type { Message } from '../queue/message.ts'
import { chooseDatabase } from '../sql/database-input.ts'
import { Store } from '../store/store.ts'
import { commandJob } from '../task/command-job.ts'
import { describeJobs, type JobInfo } from '../task/describe-jobs.ts'
import { JobRegistry } from '../task/job-registry.ts'
import { TelemetryHub } from '../telemetry/telemetry-hub.ts'
import type { MetricsPage } from '../telemetry/telemetry.ts'
import type { OnFailed } from '../worker/failed-run.ts'
import { Reaper } from '../worker/reaper.ts'
import { Worker } from '../worker/worker.ts'
import { absentRuns, type AbsentOptions, type AbsentRun } from './absent-runs.ts'
import { Failures } from './failures.ts'
import { checkHealth, type Health } from './health.ts'
import { LeaseLocks } from './lease-locks.ts'
import { MeasureReader } from './measures.ts'
import { resolveOptions, type CarillonOptions, type Role, type Settings } from './options.ts'
import { Presence, type ServerInfo } from './presence.ts'
import { Queues, type QueueReport } from './queues.ts'
import { jobOf, StoredTasks } from './stored-tasks.ts'
import { DEFAULT_OWNER, type TaskSettings } from './task-settings.ts'
import { Tasks } from './tasks.ts'

/** What a pass did that was asked for. */
export interface DispatchReport extends PassReport {
  /** How many missed runs wait for an operator. */
  readonly held?: number
}

const ROLES: readonly Role[] = ['dispatch', 'work', 'tasks']
const DEFAULT_NAMESPACE = 'default'
/** How long alerts may take at least that were raised as the process stopped. */
const LAST_ALERTS_MS = 1_000
const NO_TASKS: TaskSettings = { schedule: () => {} }

/**
 * The whole of Carillon in one process: the schedules of the default namespace, and what dispatches and runs them.
 *
 * ```ts
 * await using cron = await Carillon.open({ database: 'sqlite:./carillon.db', jobs: [sendReport] })
 * await cron.schedule({ key: 'report:42', cron: '0 9 * * MON-FRI', timezone: 'Europe/Berlin', job: sendReport })
 * await cron.start()
 * ```
 */
export class Carillon extends RootCatalog implements AsyncDisposable {
  readonly #settings: Settings
  readonly #store: Store
  readonly #queues: Queues
  readonly #alerts: Alerts
  readonly #dispatcher: Dispatcher
  readonly #owed: OwedWriter
  readonly #pruner: Pruner
  readonly #absences: AbsenceWatch
  readonly #worker: Worker
  readonly #reaper: Reaper
  readonly #failures: Failures
  readonly #stored: StoredTasks
  readonly #declarations: Declarations
  readonly #presence: Presence
  readonly #telemetry: TelemetryHub
  /** The tasks that code defines. */
  readonly tasks: Tasks
  /** The tokens that open the HTTP API. */
  readonly tokens: Tokens
  /** What was asked for over HTTP under idempotency keys. */
  readonly requests: Requests
  /** What happens to schedules and runs, for those who follow it. */
  readonly news: NewsFeed
  #roles: readonly Role[] = []
  #stopping: Promise<void> | undefined

  private constructor(settings: Settings, store: Store, queues: Queues, alerts: Alerts) {
    // Schedules of the built-in job can be stored anywhere; what runs it is another matter.
    const storedTasks = settings.builtTasks.filter((task) => task.stored !== undefined)
    const own = [
      ...settings.jobs,
      ...storedTasks.map((task) => jobOf(task, (...run) => this.tasks.runDue(...run))),
    ]
    const catalogJobs = new JobRegistry([...own, commandJob])
    const { owner, clock, logger } = settings
    const parts = { ...settings, store, jobs: catalogJobs, queues: queues.names }
    super(parts, DEFAULT_NAMESPACE)
    this.#settings = settings
    this.#store = store
    this.#queues = queues
    this.#alerts = alerts

    const telemetry = new TelemetryHub(settings.telemetry, logger)
    this.#telemetry = telemetry
    const jobs = settings.allowCommands ? catalogJobs : new JobRegistry(own)
    this.#owed = new OwedWriter({ ...settings, store })
    this.#absences = new AbsenceWatch({ ...settings, store, alerts })
    const onMissed: DispatcherOptions['onMissed'] = (ranges) => this.#absences.missed(ranges)
    this.#dispatcher = new Dispatcher({ ...settings, store, owed: this.#owed, alerts, telemetry, onMissed })
    this.#pruner = new Pruner({ ...settings, store })
    this.#failures = new Failures({ ...settings, store, alerts })
    const onFailed: OnFailed = (failed) => this.#failures.report(failed)
    this.#worker = new Worker({ ...settings, store, jobs, queues: queues.all, owner, onFailed, telemetry })
    this.#reaper = new Reaper({ ...settings, store, keepOwn: () => this.#worker.keepOwn(), onFailed })

    const measures = new MeasureReader(this, store)
    telemetry.attach(() => measures.read())
    this.#presence = new Presence({ ...settings, store, running: () => this.running })
    this.tokens = new Tokens({ store, logger })
    this.requests = new Requests(store)
    this.news = new NewsFeed({ store, clock, logger })

    const code = new Catalog({ ...parts, origin: 'code' }, DEFAULT_NAMESPACE)
    this.#declarations = new Declarations(
      {
        ...parts,
        server: owner,
        owner: settings.schedulesOwner,
        defaultNamespace: DEFAULT_NAMESPACE,
        catalogOf: (name) => new Catalog({ ...parts, origin: 'code' }, name),
      },
      settings.schedules,
    )
    const taskOwner = settings.tasks?.owner ?? DEFAULT_OWNER
    this.#stored = new StoredTasks(code, settings.builtTasks, taskOwner, logger)
    const taskOptions = { tasks: settings.tasks ?? NO_TASKS, logger, clock, grace: settings.graceMs }
    this.tasks = new Tasks(taskOptions, settings.builtTasks, {
      locks: settings.locks ?? new LeaseLocks(store),
      enqueue: (task, nominalAt) => this.#stored.enqueue(task, nominalAt),
    })
  }

  /**
   * Opens the database, brings its tables up to date, and wires the parts. Nothing runs before `start`.
   *
   * @throws {ConfigError | InvalidInputError} when an option is not valid
   * @throws {DriverError} when the database cannot be opened
   * @throws {SchemaTooNewError} when a newer version of Carillon has written it
   */
  static async open(options: CarillonOptions): Promise<Carillon> {
    const settings = resolveOptions(options)
    await using stack = new AsyncDisposableStack()
    const store = stack.use(await Store.open(settings.database, options.clock))
    const database = chooseDatabase(settings.database)
    const postgresAddress = database.kind === 'postgres' && 'url' in database ? database.url : undefined
    const locks = new LeaseLocks(store)
    const jobs = new JobRegistry(settings.jobs)
    const alerts = new Alerts({ ...settings, hooks: settings.alerts, server: settings.owner })
    const parts = { ...settings, jobs, store, locks, alerts, postgresAddress }
    const queues = stack.use(await Queues.open(parts))
    const carillon = new Carillon(settings, store, queues, alerts)
    stack.move()
    return carillon
  }

  /** The address of the database. */
  get database(): string {
    return this.#store.address
  }

  /** This process, as its runs name it. */
  get server(): string {
    return this.#settings.owner
  }

  /** The jobs that schedules can have here, with JSON Schemas of their payloads. */
  get jobs(): readonly JobInfo[] {
    const { jobs, allowCommands } = this.#settings
    return describeJobs(allowCommands ? [...jobs, commandJob] : jobs)
  }

  /** How many runs are under way in this process. */
  get running(): number {
    return this.#worker.running
  }

  /**
   * One dispatch pass over all namespaces, now: everything due within `ahead` is written to the ledger and so handed to
   * its queue. For a scheduler that is driven from outside; `start` does this by itself.
   *
   * @throws {InvalidInputError} when `ahead` is not longer than 0
   * @throws {DriverError} when the database fails, another transaction holds a schedule that is due for 10 seconds, or a
   * queue cannot be reached: what was planned is in the ledger then, and is sent as soon as it can be
   */
  async dispatch({ ahead }: { ahead?: Duration } = {}): Promise<DispatchReport> {
    const aheadMs = this.#aheadMs(ahead)
    const report = await this.#dispatcher.pass(aheadMs, { waits: true })
    // The next pass is to come before the horizon, and writes what begins there.
    const { written, held } = await this.#owed.write((await this.#store.now()) + aheadMs - 1)
    if (report.planned + written > 0) this.#store.announce()
    await this.#queues.relay()
    return { ...report, planned: report.planned + written, ...(held > 0 && { held }) }
  }

  /**
   * What `dispatch` would do now; nothing is written.
   *
   * @throws {InvalidInputError} when `ahead` is not longer than 0
   */
  async previewDispatch({ ahead }: { ahead?: Duration } = {}): Promise<PassPreview> {
    return previewPass({ ...this.#settings, store: this.#store }, this.#aheadMs(ahead))
  }

  /** The missed runs that are still to be caught up, of all namespaces. */
  async owed(): Promise<OwedReport> {
    return reportOwed(this.#store, this.#settings.holdAbove)
  }

  /**
   * Lets missed runs go that wait for an operator, since there are more than `catchUp.holdAbove`. They are caught up at the
   * rate.
   *
   * @param namespace only those of it
   * @returns how many they are
   */
  async releaseOwed({ namespace }: { namespace?: string } = {}): Promise<number> {
    const released = await this.#store.transaction((tables) => tables.owed.release(namespace))
    this.#store.announce()
    return released
  }

  /**
   * Drops missed runs that are still to be caught up: the ledger tells of them as cancelled.
   *
   * @param namespace only those of it
   * @returns how many they were
   */
  async dropOwed({ namespace }: { namespace?: string } = {}): Promise<number> {
    return dropOwed(this.#store, namespace)
  }

  /**
   * Starts to dispatch, to run what is dispatched, and to run tasks; with `roles`, only some of it. Harmless when it has
   * started.
   *
   * @throws {ConfigError} when a task is to be stored under the key of a user's schedule
   */
  async start({ roles = ROLES }: { roles?: readonly Role[] } = {}): Promise<void> {
    const unknown = roles.find((role) => !ROLES.includes(role))
    if (unknown !== undefined)
      throw new ConfigError(`unknown role "${unknown}": the roles are ${ROLES.join(' and ')}`)
    await this.#stopping?.catch(() => undefined)
    if (this.#roles.length > 0) return

    this.#roles = roles
    try {
      if (roles.some((role) => role !== 'work')) {
        await this.declareTasks()
        await this.#declarations.start()
      }
    } catch (error) {
      this.#roles = []
      throw error
    }
    if (roles.includes('dispatch')) {
      this.#dispatcher.start()
      this.#queues.startRelays()
      this.#pruner.start()
      this.#absences.start()
    }
    if (roles.includes('work')) this.#worker.start()
    if (roles.some((role) => role !== 'tasks')) this.#reaper.start()
    if (roles.includes('tasks')) this.tasks.start()
    this.#presence.start(roles)
  }

  /**
   * Makes the database hold the tasks that are to be schedules; `start` does this by itself.
   *
   * @throws {ConfigError} when a user's schedule has the name of one
   */
  async declareTasks(): Promise<void> {
    if (this.#settings.tasks !== undefined) await this.#stored.declare()
  }

  /**
   * Makes the database hold the schedules that code declares (the option `schedules`): new ones are stored, changed ones
   * changed, and those that are declared no more deleted. What other owners have declared is not touched, and an operator's
   * pause stays. While a newer release that declares something else is alive, nothing is done. `start` does this by itself.
   *
   * @param dryRun only says what it would do
   * @throws {ConfigError} when one has the key of a schedule that is not this owner's
   * @throws as `schedule`, when one is not valid
   */
  async declareSchedules(options: { dryRun?: boolean } = {}): Promise<DeclareReport> {
    return this.#declarations.declare(options)
  }

  /**
   * Runs what a message is about that the application has taken out of a queue by itself, with a worker of its own: waits
   * for the due instant and for room, passes the fence, and runs the job to its end. A message that is void runs nothing.
   *
   * @returns `done` when the queue is to forget the message; `again` when it is to give it to another server, since this
   * one stops or does not know the job
   */
  async deliver(message: Message): Promise<'done' | 'again'> {
    if (this.#stopping !== undefined) return 'again'
    this.#worker.start({ consumes: false })
    this.#reaper.start()
    return this.#worker.handle(message)
  }

  /** How this process is, for orchestrators. Never fails, and takes some seconds at most. */
  async health(): Promise<Health> {
    return checkHealth(this.#store, this.#queues, {
      isStopping: this.#stopping !== undefined,
      server: this.server,
      roles: this.#roles,
      running: this.running,
    })
  }

  /**
   * The runs of all namespaces that have not begun, or not ended, by when they were expected to: what `alerts` tell of, asked
   * from outside. It reads the database alone, so it answers when no server is alive.
   *
   * @throws {InvalidInputError} when `after` is not longer than 0
   */
  async absent(options: AbsentOptions = {}): Promise<AbsentRun[]> {
    return absentRuns(this.#store, options, this.#settings.absentAfterMs)
  }

  /** The servers that have started and not stopped, whatever they do, by name; those that have died for a day. */
  async servers(): Promise<ServerInfo[]> {
    return this.#presence.list()
  }

  /** What Prometheus scrapes, where `telemetry` has it; `undefined` otherwise. */
  async metrics(): Promise<MetricsPage | undefined> {
    return this.#telemetry.render()
  }

  /** How the queues are, and what waits in them and before them. */
  async describeQueues(): Promise<QueueReport[]> {
    return this.#queues.report()
  }

  /**
   * Stops: takes nothing more, gives back what has not begun, lets runs end within `grace`, then aborts them and gives
   * them back; an aborted `hurry` ends the grace. The schedules stay usable; harmless when nothing has started.
   */
  async stop({ grace, hurry }: { grace?: Duration; hurry?: AbortSignal } = {}): Promise<void> {
    const graceMs = grace === undefined ? this.#settings.graceMs : durationMs(grace, 'grace')
    this.#stopping ??= this.#stop(graceMs, hurry).finally(() => {
      this.#stopping = undefined
      this.#roles = []
    })
    await this.#stopping
  }

  /** Stops, and closes the database. */
  async close(): Promise<void> {
    await this.stop()
    await this.news.stop()
    this.#telemetry.detach()
    await this.#queues.close()
    await this.tokens.settle()
    await this.#store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #aheadMs(ahead: Duration | undefined): number {
    const aheadMs = ahead === undefined ? this.#settings.aheadMs : durationMs(ahead, 'ahead')
    if (aheadMs === 0) throw new InvalidInputError('ahead must be longer than 0', 'ahead')
    return aheadMs
  }

  async #stop(graceMs: number, hurry: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#settings
    const until = clock.now() + graceMs
    await Promise.all([
      this.#declarations.stop(),
      this.#dispatcher.stop(),
      this.#pruner.stop(),
      this.#worker.stop(graceMs, hurry),
      this.#reaper.stop(),
      this.#queues.stopRelays(),
      this.tasks.stop({ grace: graceMs, hurry }),
    ])
    await Promise.all([this.#failures.stop(), this.#absences.stop(), this.#presence.stop()])
    await this.#alerts.settle(Math.max(until, clock.now() + LAST_ALERTS_MS), hurry)
  }
}
