import type { Logger } from '../logger.ts'
import type { MeasuredPass, MeasuredRun, Measures, MetricsPage, RunResult, Telemetry } from './telemetry.ts'

/** Tells all that measure, and keeps what goes wrong in them from the scheduler. */
export class TelemetryHub {
  readonly #all: readonly Telemetry[]
  readonly #logger: Logger
  readonly #detaches: (() => void)[] = []
  /** What was told to have failed: each kind once. */
  readonly #told = new Set<string>()

  constructor(all: readonly Telemetry[], logger: Logger) {
    this.#all = all
    this.#logger = logger
  }

  /** Whether nobody measures, so that nothing need be worked out. */
  get isIdle(): boolean {
    return this.#all.length === 0
  }

  attach(measure: () => Promise<Measures>): void {
    this.#tell('attach', (one) => {
      const detach = one.attach?.(measure)
      if (typeof detach === 'function') this.#detaches.push(detach)
    })
  }

  detach(): void {
    for (const detach of this.#detaches.splice(0)) this.#try('detach', detach)
  }

  runBegan(run: MeasuredRun): void {
    this.#tell('runBegan', (one) => one.runBegan?.(run))
  }

  runEnded(run: MeasuredRun, end: { result: RunResult; tookMs: number; error?: unknown }): void {
    this.#tell('runEnded', (one) => one.runEnded?.(run, end))
  }

  passEnded(pass: MeasuredPass): void {
    this.#tell('passEnded', (one) => one.passEnded?.(pass))
  }

  /** Calls a handler inside all that want to be around it. It is called once, whatever they do, and its end is what counts. */
  async aroundRun<T>(run: MeasuredRun, handle: () => Promise<T>): Promise<T> {
    let work: Promise<T> | undefined
    const once = () => (work ??= handle())
    const outermost = this.#all.reduceRight(
      (inner, one) =>
        one.aroundRun === undefined
          ? inner
          : () => this.#around(run, inner, (given, call) => one.aroundRun!(given, call)),
      once,
    )
    void outermost().catch(() => {})
    return once()
  }

  /** Nobody's `render` is there: `undefined`. @throws what it throws */
  async render(): Promise<MetricsPage | undefined> {
    return this.#all.find((one) => one.render !== undefined)?.render?.()
  }

  /** @param around may fail by itself, or since the handler does; only the first is told */
  #around<T>(
    run: MeasuredRun,
    inner: () => Promise<T>,
    around: NonNullable<Telemetry['aroundRun']>,
  ): Promise<T> {
    let work: Promise<T> | undefined
    const call = () => (work ??= inner())
    try {
      around(run, call).catch(async (error: unknown) => {
        const own = await (work ?? Promise.resolve()).then(
          () => true,
          (failure: unknown) => failure !== error,
        )
        if (own) this.#failed('aroundRun', error)
      })
    } catch (error) {
      this.#failed('aroundRun', error)
    }
    return call()
  }

  #tell(what: string, tell: (one: Telemetry) => void): void {
    for (const one of this.#all) this.#try(what, () => tell(one))
  }

  #try(what: string, step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#failed(what, error)
    }
  }

  #failed(what: string, error: unknown): void {
    if (this.#told.has(what)) return
    this.#told.add(what)
    this.#logger.warn({ error, what }, 'telemetry failed; this is told once')
  }
}
