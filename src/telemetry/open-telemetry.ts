import type { Attributes, BatchObservableCallback, Meter, Tracer } from '@opentelemetry/api'
import { loadDriver } from '../sql/load-driver.ts'
import type { MeasuredRun, Measures, Telemetry } from './telemetry.ts'

export interface OpenTelemetryOptions {
  /** By default that of the provider that the application has registered. */
  readonly meter?: Meter | undefined
  /** The same. */
  readonly tracer?: Tracer | undefined
}

const NAME = 'carillon'

/**
 * Metrics and traces by OpenTelemetry's API, for whichever SDK the application has set up. Each run is a span, in which its
 * handler is called, so that what the handler does is part of it; so is each dispatch pass that did something.
 *
 * @throws {ConfigError} when `@opentelemetry/api` is not installed
 * @see docs/guides/metrics.md
 */
export async function openTelemetry(options: OpenTelemetryOptions = {}): Promise<Telemetry> {
  const api = await loadDriver(
    () => import('@opentelemetry/api'),
    '@opentelemetry/api',
    'telemetry by OpenTelemetry',
  )
  const meter = options.meter ?? api.metrics.getMeter(NAME)
  const tracer = options.tracer ?? api.trace.getTracer(NAME)
  const seconds = (name: string, description: string) =>
    meter.createHistogram(name, { description, unit: 's' })
  const lateness = seconds('carillon.run.lateness', 'How long after its due instant a run began.')
  const durations = seconds('carillon.run.duration', 'How long an attempt took.')
  const passes = seconds('carillon.pass.duration', 'How long a dispatch pass took.')
  const planned = meter.createCounter('carillon.planned', {
    description: 'Occurrences that passes of this process have planned.',
  })
  const missed = meter.createCounter('carillon.missed', {
    description: 'Occurrences that passes of this process have found too late to run.',
  })
  const gauge = (name: string, description: string, unit = '1') =>
    meter.createObservableGauge(name, { description, unit })
  const open = gauge('carillon.runs.open', 'Occurrences that have not begun, or not ended, by state.')
  const owed = gauge('carillon.runs.owed', 'Missed runs that are still to be caught up.')
  const absent = gauge(
    'carillon.runs.absent',
    'Runs that have not begun, or not ended, in time; counted up to 500.',
  )
  const unsent = gauge('carillon.queue.unsent', 'What is planned and not in its queue yet.')
  const overdue = gauge(
    'carillon.queue.overdue',
    'How long ago the oldest of that was due; 0 while all of it is due later.',
    's',
  )
  const lag = gauge('carillon.queue.lag', 'How long ago the oldest of that was planned.', 's')
  const all = [open, owed, absent, unsent, overdue, lag]

  return {
    attach: (measure: () => Promise<Measures>) => {
      const observe: BatchObservableCallback = async (observer) => {
        const measures = await measure().catch(() => undefined)
        // What is not known is not told.
        if (measures === undefined) return
        for (const [state, count] of Object.entries(measures.open)) observer.observe(open, count, { state })
        observer.observe(owed, measures.owed)
        observer.observe(absent, measures.absent)
        for (const { name, driver, ...queue } of measures.queues) {
          observer.observe(unsent, queue.unsent, { queue: name, driver })
          observer.observe(overdue, queue.overdueMs / 1_000, { queue: name, driver })
          observer.observe(lag, queue.lagMs / 1_000, { queue: name, driver })
        }
      }
      meter.addBatchObservableCallback(observe, all)
      return () => meter.removeBatchObservableCallback(observe, all)
    },

    runBegan: ({ job, queue, lateMs }) => lateness.record(lateMs / 1_000, { job, queue }),
    runEnded: ({ job, queue }, { result, tookMs }) =>
      durations.record(tookMs / 1_000, { job, queue, result }),
    passEnded: ({ beganAt, tookMs, error, ...pass }) => {
      passes.record(tookMs / 1_000, { result: error === undefined ? 'done' : 'failed' })
      planned.add(pass.planned)
      missed.add(pass.missed)
      if (pass.planned + pass.missed + pass.broken === 0 && error === undefined) return
      const span = tracer.startSpan('dispatch', {
        startTime: beganAt,
        attributes: { 'carillon.planned': pass.planned, 'carillon.missed': pass.missed },
      })
      if (error !== undefined) {
        span.recordException(error as Error)
        span.setStatus({ code: api.SpanStatusCode.ERROR })
      }
      span.end()
    },

    aroundRun: (run, handle) =>
      tracer.startActiveSpan(
        `run ${run.job}`,
        { kind: api.SpanKind.CONSUMER, attributes: attributesOf(run) },
        async (span) => {
          try {
            return await handle()
          } catch (error) {
            span.recordException(error as Error)
            span.setStatus({
              code: api.SpanStatusCode.ERROR,
              message: error instanceof Error ? error.message : String(error),
            })
            throw error
          } finally {
            span.end()
          }
        },
      ),
  }
}

function attributesOf(run: MeasuredRun): Attributes {
  return {
    'carillon.occurrence': run.id,
    'carillon.namespace': run.namespace,
    'carillon.key': run.key,
    'carillon.group': run.group,
    'carillon.job': run.job,
    'carillon.queue': run.queue,
    'carillon.attempt': run.attempt,
    'carillon.nominal_at': run.nominalAt.toISOString(),
    'carillon.lateness_ms': run.lateMs,
  }
}
