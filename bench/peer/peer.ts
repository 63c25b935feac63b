/** A schedule as every scheduler has it. */
export interface PeerSchedule {
  readonly key: string
  readonly cron: string
  readonly timezone: string
  readonly payload: object
}

/** Another scheduler, on one of the servers of the bench. Each call has a store of its own. */
export interface Peer {
  readonly name: string

  /**
   * Runs something at each of these instants that does nothing.
   *
   * @param concurrency how much of it at once
   * @returns how late each began, in milliseconds
   */
  lateness(instants: readonly number[], concurrency: number): Promise<readonly number[]>

  /** Lets `work` create schedules, in an empty store. */
  withSchedules<T>(work: (create: (schedule: PeerSchedule) => Promise<unknown>) => Promise<T>): Promise<T>

  /** Creates schedules and goes on to run them, until it is disposed of. */
  run(schedules: readonly PeerSchedule[], onRun?: () => void): Promise<AsyncDisposable>
}
