/** How large a cluster is, what falls due, and how much goes wrong. */
export interface Scale {
  readonly dispatchers: number
  readonly workers: number
  readonly schedules: number
  /** How many compressed minutes; each schedule falls due once in each. */
  readonly minutes: number
  /** How long a compressed minute really is: whole seconds that divide a minute. */
  readonly minuteMs: number

  readonly aheadMs: number
  readonly intervalMs: number
  readonly leaseMs: number
  readonly concurrency: number
  readonly handlerMs: number
  /** One schedule in so many runs for longer than a lease. */
  readonly longRunEvery: number

  readonly kills: number
  readonly crashes: number
  readonly cuts: number
  readonly partitions: number

  /** From storing the schedules to the first due instant, at least. */
  readonly leadMs: number
  /** How long all that is left may take to run, once nothing goes wrong any more. */
  readonly drainMs: number
}

/** Runs with all other tests. */
export const SHORT: Scale = {
  dispatchers: 2,
  workers: 2,
  schedules: 800,
  minutes: 2,
  minuteMs: 6_000,
  aheadMs: 4_000,
  intervalMs: 2_000,
  leaseMs: 2_000,
  concurrency: 100,
  handlerMs: 3,
  longRunEvery: 50,
  kills: 3,
  crashes: 1,
  cuts: 4,
  partitions: 1,
  leadMs: 4_000,
  drainMs: 120_000,
}

/** Runs by command. */
export const LONG: Scale = {
  dispatchers: 4,
  workers: 4,
  schedules: 20_000,
  minutes: 10,
  minuteMs: 30_000,
  aheadMs: 30_000,
  intervalMs: 10_000,
  leaseMs: 3_000,
  concurrency: 250,
  handlerMs: 3,
  longRunEvery: 200,
  kills: 75,
  crashes: 5,
  cuts: 60,
  partitions: 12,
  leadMs: 30_000,
  drainMs: 600_000,
}

/** How long the window is in which everything falls due and everything goes wrong. */
export function windowMs({ minutes, minuteMs }: Scale): number {
  return minutes * minuteMs
}
