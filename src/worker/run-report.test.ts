import { describe, expect, it } from 'vitest'
import type { Logger } from '../logger.ts'
import { progressOf, RunReport } from './run-report.ts'

const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} }

describe('a run’s report', () => {
  it('is nothing while nothing was told', () => {
    const report = new RunReport(7)
    report.logger(SILENT, () => 1)
    expect(report.isNew).toBe(false)
    expect(report.take()).toBeUndefined()
    expect(report.takeLast()).toBeUndefined()
  })

  it('is new until what was told is written, and again when more is told meanwhile', () => {
    const report = new RunReport(7)
    const log = report.logger(SILENT, () => 1)
    log.info({}, 'one')
    const first = report.take()!
    expect(first).toMatchObject({ startedAt: 7, mayBeKept: false, log: { first: [{ message: 'one' }] } })
    expect(report.isNew).toBe(true)

    log.warn({}, 'two')
    report.written(first)
    expect(report.isNew).toBe(true)
    const second = report.take()!
    expect(second.version).toBeGreaterThan(first.version)
    expect(second.mayBeKept).toBe(true)
    report.written(second)
    expect(report.isNew).toBe(false)
  })

  it('counts as newer at the end, though nothing was told since', () => {
    const report = new RunReport(7)
    report.progress(0.5, 3)
    const before = report.take()!
    expect(report.takeLast()!.version).toBeGreaterThan(before.version)
  })

  it('hands each line on to the logger as it is', () => {
    const lines: unknown[] = []
    const write = (...line: unknown[]) => void lines.push(line)
    const log = new RunReport(7).logger({ info: write, warn: write, error: write }, () => 1)
    const fields = { rows: 3 }
    log.info(fields, 'm')
    log.error(fields, 'n')
    expect(lines).toEqual([
      [fields, 'm'],
      [fields, 'n'],
    ])
  })
})

describe('progress', () => {
  it.each<[unknown, object]>([
    [0.25, { fraction: 0.25 }],
    [-1, { fraction: 0 }],
    [7, { fraction: 1 }],
    [Number.NaN, {}],
    [
      { done: 3, total: 12 },
      { fraction: 0.25, done: 3, total: 12 },
    ],
    [
      { done: 3, total: 12, note: 'users' },
      { fraction: 0.25, done: 3, total: 12, note: 'users' },
    ],
    [{ done: 3 }, { done: 3 }],
    [{ note: 'warming up' }, { note: 'warming up' }],
    [
      { done: 0, total: 0 },
      { done: 0, total: 0 },
    ],
    [
      { done: 5, total: Infinity },
      { fraction: 0, done: 5 },
    ],
    ['half', {}],
    [null, {}],
    [undefined, {}],
    [{ done: '3', total: null, note: 7 }, {}],
    [{ note: 'x'.repeat(1_000) }, { note: 'x'.repeat(200) }],
  ])('of %j is kept as %j', (input, kept) => {
    expect(progressOf(input)).toEqual(kept)
  })
})
