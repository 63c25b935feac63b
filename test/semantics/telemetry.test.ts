import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { MeasuredRun, Measures, RunResult, Telemetry } from '../../src/index.ts'
import { openTelemetry } from '../../src/telemetry/open-telemetry.ts'
import { prometheusMetrics } from '../../src/telemetry/prometheus.ts'
import { instant, useWorld } from './support.ts'

const world = useWorld()
const OFTEN = { cron: '*/5 * * * *', job: 'work' }

/** Fails on its first attempt at each instant. */
const work = () =>
  world.job('work', ({ occurrence }) => {
    if (occurrence.attempt === 1) throw new Error('not yet')
  })

describe('a telemetry', () => {
  it('is told of passes, and of each attempt', async () => {
    const told: string[] = []
    let measure: (() => Promise<Measures>) | undefined
    const telemetry: Telemetry = {
      attach: (given) => {
        measure = given
      },
      runBegan: ({ key, attempt, lateMs }: MeasuredRun) =>
        told.push(`${key} ${attempt} begins ${lateMs} late`),
      runEnded: ({ key, attempt }, { result }: { result: RunResult }) =>
        told.push(`${key} ${attempt} ${result}`),
      passEnded: ({ planned, missed, error }) => {
        if (planned + missed > 0)
          told.push(`planned ${planned}, missed ${missed}, ${error === undefined ? 'done' : 'failed'}`)
      },
    }
    const cron = await world.open({ jobs: [work()], telemetry, ahead: '10m', interval: '5m' })
    await cron.schedule({ ...OFTEN, key: 'a', retries: 1, backoff: { initial: '7s' } })
    expect((await measure!()).open).toEqual({ planned: 2, sent: 0, running: 0 })
    await cron.start()
    await world.clock.advanceTo(instant('10:05:10'))
    expect(told).toEqual([
      'planned 1, missed 0, done',
      'a 1 begins 0 late',
      'a 1 retried',
      'a 2 begins 0 late',
      'a 2 succeeded',
    ])
  })

  it('that fails harms nothing', async () => {
    const fail = () => {
      throw new Error('broken')
    }
    const telemetry = { attach: fail, runBegan: fail, runEnded: fail, aroundRun: fail, passEnded: fail }
    const cron = await world.open({ telemetry })
    await cron.schedule({ ...OFTEN, job: 'note', key: 'a' })
    await cron.start()
    await world.clock.advance('10m')
    expect(world.beginnings).toEqual(['10:05 a', '10:10 a'])
  })
})

describe('metrics for Prometheus', () => {
  it('say what was done and how things stand, and never name a key', async () => {
    const telemetry = await prometheusMetrics()
    const cron = await world.open({ jobs: [work()], telemetry, absentAfter: '15m' })
    const mayBeRead = {
      ...OFTEN,
      key: 'secret key',
      payload: { secret: 1 },
      retries: 1,
      backoff: { initial: '7s' },
    }
    await cron.schedule(mayBeRead)
    await cron.start()
    await world.clock.advanceTo(instant('10:06'))

    const { text, contentType } = (await cron.metrics())!
    expect(contentType).toContain('text/plain')
    const samples = new Map(
      text.split('\n').flatMap((line) => {
        const [, name, value] = /^(\w+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? []
        return name === undefined ? [] : [[name, Number(value)] as const]
      }),
    )
    const run = 'job="work",queue="default"'
    expect(Object.fromEntries(samples)).toMatchObject({
      [`carillon_run_lateness_seconds_count{${run}}`]: 2,
      [`carillon_run_lateness_seconds_bucket{le="0.001",${run}}`]: 2,
      [`carillon_run_duration_seconds_count{${run},result="retried"}`]: 1,
      [`carillon_run_duration_seconds_count{${run},result="succeeded"}`]: 1,
      'carillon_open_runs{state="planned"}': 2,
      'carillon_open_runs{state="running"}': 0,
      carillon_running_runs: 0,
      carillon_owed_runs: 0,
      carillon_absent_runs: 0,
      carillon_database_up: 1,
      'carillon_queue_up{queue="default",driver="database"}': 1,
      'carillon_queue_unsent{queue="default",driver="database"}': 2,
      'carillon_queue_overdue_seconds{queue="default",driver="database"}': 0,
    })
    expect(samples.get('carillon_planned_total')).toBeGreaterThan(0)
    expect(text).not.toContain('secret')
  })

  it('say that the database is down, and nothing that they do not know', async () => {
    const telemetry = await prometheusMetrics({ prefix: 'x_' })
    const cron = await world.open({ telemetry })
    await cron.close()
    const text = (await cron.metrics())!.text
    expect(text).toContain('x_database_up 0')
    expect(text).not.toMatch(/^x_(owed_runs|open_runs.*) \d/m)
  })
})

describe('OpenTelemetry', () => {
  const spans = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meters = new MeterProvider({ readers: [reader] })
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  })
  afterAll(async () => {
    context.disable()
    await meters.shutdown()
  })

  it('has a span for each run, in which the handler works, and measures lateness', async () => {
    const tracer = provider.getTracer('test')
    const job = world.job('work', async ({ occurrence }) => {
      await Promise.resolve()
      tracer.startSpan('inside').end()
      if (occurrence.attempt === 1) throw new Error('not yet')
    })
    const meter = meters.getMeter('test')
    const added = vi.spyOn(meter, 'addBatchObservableCallback')
    const removed = vi.spyOn(meter, 'removeBatchObservableCallback')
    const telemetry = await openTelemetry({ tracer, meter })
    const cron = await world.open({ jobs: [job], telemetry })
    await cron.schedule({ ...OFTEN, key: 'a', retries: 1, backoff: { initial: '7s' } })
    await cron.start()
    await world.clock.advanceTo(instant('10:06'))

    const runs = spans.getFinishedSpans().filter(({ name }) => name === 'run work')
    const inside = spans.getFinishedSpans().filter(({ name }) => name === 'inside')
    expect(runs.map(({ attributes, status }) => [attributes['carillon.attempt'], status.code])).toEqual([
      [1, 2],
      [2, 0],
    ])
    expect(runs[0]).toMatchObject({
      attributes: {
        'carillon.key': 'a',
        'carillon.job': 'work',
        'carillon.nominal_at': '2026-06-01T10:05:00.000Z',
      },
      status: { message: 'not yet' },
      events: [{ name: 'exception' }],
    })
    expect(inside.map((span) => span.parentSpanContext?.spanId)).toEqual(
      runs.map((span) => span.spanContext().spanId),
    )
    expect(trace.getActiveSpan()).toBeUndefined()

    await reader.forceFlush()
    const metrics = exporter
      .getMetrics()
      .at(-1)!
      .scopeMetrics.flatMap((scope) => scope.metrics)
    const of = (name: string) => metrics.find(({ descriptor }) => descriptor.name === name)!.dataPoints
    expect(of('carillon.run.lateness')).toMatchObject([
      { value: { count: 2 }, attributes: { job: 'work', queue: 'default' } },
    ])
    expect(of('carillon.run.duration').map(({ attributes }) => attributes['result'])).toEqual([
      'retried',
      'succeeded',
    ])
    expect(of('carillon.queue.unsent')).toMatchObject([
      { value: 2, attributes: { queue: 'default', driver: 'database' } },
    ])

    // A process that has closed is not asked any more.
    await cron.close()
    expect(removed.mock.calls).toEqual(added.mock.calls)
  })
})
