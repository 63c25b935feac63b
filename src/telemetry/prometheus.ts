import type { Registry } from 'prom-client'
import { loadDriver } from '../sql/load-driver.ts'
import type { Measures, Telemetry } from './telemetry.ts'

export interface PrometheusOptions {
  /** Where the metrics are kept: one that the application has, or one of their own. */
  readonly register?: Registry | undefined
  /** What their names begin with; `carillon_` by default. */
  readonly prefix?: string | undefined
}

const LATENESS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const DURATION_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600]

/**
 * Metrics for Prometheus, kept by `prom-client`: hand it to `telemetry`, and `GET /metrics` of the HTTP API answers them.
 * Labels are jobs and queues, of which there are few, and never keys.
 *
 * @throws {ConfigError} when `prom-client` is not installed
 * @see docs/guides/metrics.md
 */
export async function prometheusMetrics({ register, prefix = 'carillon_' }: PrometheusOptions = {}): Promise<
  Telemetry & { readonly register: Registry }
> {
  const client = await loadDriver(() => import('prom-client'), 'prom-client', 'metrics for Prometheus')
  const own = register ?? new client.Registry()
  const metric = (name: string, help: string, labelNames: string[] = []) => {
    return { name: prefix + name, help, labelNames, registers: [own] }
  }

  const lateness = new client.Histogram({
    ...metric('run_lateness_seconds', 'How long after its due instant a run began.', ['job', 'queue']),
    buckets: LATENESS_SECONDS,
  })
  const durations = new client.Histogram({
    ...metric('run_duration_seconds', 'How long an attempt took.', ['job', 'queue', 'result']),
    buckets: DURATION_SECONDS,
  })
  const passes = new client.Histogram({
    ...metric('pass_duration_seconds', 'How long a dispatch pass took.', ['result']),
    buckets: DURATION_SECONDS,
  })
  const counter = (name: string, help: string) => new client.Counter(metric(name, help))
  const planned = counter('planned_total', 'Occurrences that passes of this process have planned.')
  const missed = counter(
    'missed_total',
    'Occurrences that passes of this process have found too late to run.',
  )
  const broken = counter('broken_total', 'Schedules that passes of this process have found broken.')

  const gauge = (name: string, help: string, labels?: string[]) =>
    new client.Gauge({ ...metric(name, help, labels), collect: () => look() })
  const open = gauge('open_runs', 'Occurrences that have not begun, or not ended, by state.', ['state'])
  const owed = gauge('owed_runs', 'Missed runs that are still to be caught up.')
  const held = gauge('held_runs', 'Missed runs that wait for an operator.')
  const absent = gauge('absent_runs', 'Runs that have not begun, or not ended, in time; counted up to 500.')
  const running = gauge('running_runs', 'Runs under way in this process.')
  const unsent = gauge('queue_unsent', 'What is planned and not in its queue yet.', ['queue', 'driver'])
  const overdue = gauge(
    'queue_overdue_seconds',
    'How long ago the oldest of that was due; 0 while all of it is due later.',
    ['queue', 'driver'],
  )
  const lag = gauge('queue_lag_seconds', 'How long ago the oldest of that was planned.', ['queue', 'driver'])
  const sent = gauge('queue_sent', 'What is in a queue and has not begun.', ['queue', 'driver'])
  const isUp = gauge('queue_up', 'Whether a queue can be reached.', ['queue', 'driver'])
  const database = gauge('database_up', 'Whether the database answers.')

  let measure: (() => Promise<Measures>) | undefined
  const read = async () => {
    const measures = await measure?.().catch(() => undefined)
    database.set(measures === undefined ? 0 : 1)
    // What is not known is not told: an old number would be a wrong one.
    for (const one of [open, unsent, overdue, lag, sent, isUp]) one.reset()
    for (const one of [owed, held, absent, running]) one.remove()
    if (measures === undefined) return
    for (const [state, count] of Object.entries(measures.open)) open.set({ state }, count)
    owed.set(measures.owed)
    held.set(measures.held)
    absent.set(measures.absent)
    running.set(measures.running)
    for (const queue of measures.queues) {
      const labels = { queue: queue.name, driver: queue.driver }
      unsent.set(labels, queue.unsent)
      overdue.set(labels, queue.overdueMs / 1_000)
      lag.set(labels, queue.lagMs / 1_000)
      sent.set(labels, queue.sent)
      isUp.set(labels, queue.isUp ? 1 : 0)
    }
  }

  /** Each gauge asks when its registry is scraped, whoever scrapes it; all of one scrape share the answer. */
  let looking: Promise<void> | undefined
  const look = () =>
    (looking ??= read().finally(() => {
      looking = undefined
    }))

  return {
    register: own,
    attach: (given) => {
      measure = given
      return () => {
        if (measure === given) measure = undefined
      }
    },
    runBegan: ({ job, queue, lateMs }) => lateness.observe({ job, queue }, lateMs / 1_000),
    runEnded: ({ job, queue }, { result, tookMs }) =>
      durations.observe({ job, queue, result }, tookMs / 1_000),
    passEnded: (pass) => {
      passes.observe({ result: pass.error === undefined ? 'done' : 'failed' }, pass.tookMs / 1_000)
      planned.inc(pass.planned)
      missed.inc(pass.missed)
      broken.inc(pass.broken)
    },
    render: async () => ({ contentType: own.contentType, text: await own.metrics() }),
  }
}
