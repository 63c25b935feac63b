/** A run, as those who measure are told of it. */
export interface MeasuredRun {
  /** The id of its occurrence. */
  readonly id: string
  readonly namespace: string
  readonly key: string
  readonly group: string | undefined
  readonly job: string
  readonly queue: string
  /** From 1. */
  readonly attempt: number
  readonly nominalAt: Date
  readonly dueAt: Date
  /** How long after its due instant it began, in milliseconds. */
  readonly lateMs: number
}

/** How an attempt ended. One that is given back, since its server stops or has lost it, begins again elsewhere. */
export type RunResult = 'succeeded' | 'failed' | 'retried' | 'given-back'

/** A dispatch pass. */
export interface MeasuredPass {
  readonly beganAt: Date
  readonly tookMs: number
  /** Occurrences written to the ledger. */
  readonly planned: number
  /** Missed occurrences that were dropped. */
  readonly missed: number
  /** Schedules that turned out to be broken. */
  readonly broken: number
  /** Why it failed, if it did. */
  readonly error?: unknown
}

/** How things stand, read from the database when somebody asks. */
export interface Measures {
  /** Occurrences by state: what is planned or sent and has not begun, and what runs. */
  readonly open: Readonly<Record<'planned' | 'sent' | 'running', number>>
  /** Missed runs that are still to be caught up, and how many of them wait for an operator. */
  readonly owed: number
  readonly held: number
  /** Runs that have not begun, or not ended, by when they were expected to; counted up to 500. */
  readonly absent: number
  readonly queues: readonly MeasuredQueue[]
  /** How many runs are under way in this process. */
  readonly running: number
}

export interface MeasuredQueue {
  readonly name: string
  readonly driver: string
  readonly isUp: boolean
  /** What is planned and was not put into it yet; of the database queue, what has not begun. */
  readonly unsent: number
  /** How long ago the oldest of that was due; 0 while all of it is due later. */
  readonly overdueMs: number
  /** How long ago the oldest of that was planned; 0 of the database queue, where that means nothing. */
  readonly lagMs: number
  /** What is in it and has not begun. */
  readonly sent: number
}

/** What a telemetry answers to a scrape. */
export interface MetricsPage {
  readonly contentType: string
  readonly text: string
}

/**
 * Whom Carillon tells what it does, to be measured. Everything is optional; what it throws is logged and harms nothing. It
 * is told while runs begin and end, so it must not take long.
 */
export interface Telemetry {
  /**
   * Called when a process opens.
   *
   * @param measure reads how things stand; several that ask at once share one look
   * @returns what is called when the process closes
   */
  attach?(measure: () => Promise<Measures>): (() => void) | void
  runBegan?(run: MeasuredRun): void
  runEnded?(run: MeasuredRun, end: { result: RunResult; tookMs: number; error?: unknown }): void
  /** Has the handler of a run called, in a context of its own. It calls `handle` before it returns, once. */
  aroundRun?<T>(run: MeasuredRun, handle: () => Promise<T>): Promise<T>
  passEnded?(pass: MeasuredPass): void
  /** What `GET /metrics` answers. */
  render?(): Promise<MetricsPage>
}
