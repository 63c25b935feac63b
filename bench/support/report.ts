import Table from 'cli-table3'
import type { DatabaseKind } from './databases.ts'

/** One measured thing, beside the least that it could cost. */
export interface BenchRow {
  readonly name: string
  /** What ours took: a median, unless the name says otherwise. */
  readonly value: number
  readonly unit: string
  /** What the floor took in the same rounds; null where there is none. */
  readonly floor: number | null
  /** `value / floor`; null too where the floor is 0 or, of a timer that rings early, below it. */
  readonly ratio: number | null
}

export interface BenchReport {
  readonly bench: string
  readonly rows: readonly BenchRow[]
}

export interface BenchOptions {
  /** A few seconds instead of minutes: smaller sizes, the same code. */
  readonly quick: boolean
  /** Without the peers, which take most of the time. */
  readonly alone: boolean
  /** The databases on which Carillon and its floors are measured. */
  readonly kinds: readonly DatabaseKind[]
  /** The one queue to measure, by its name in the report; without it, all of them. */
  readonly only?: string | undefined
}

/** What a bench module exports under the name `bench`. */
export type Bench = (options: BenchOptions) => Promise<BenchReport>

/** A row with its ratio worked out. */
export function row(name: string, unit: string, value: number, floor: number | null): BenchRow {
  return { name, value, unit, floor, ratio: floor === null || floor <= 0 ? null : value / floor }
}

/** A table for people, then the report on a line of its own for programs. */
export function printReport(report: BenchReport): void {
  const table = new Table({
    head: [report.bench, 'ours', 'floor', 'ratio', 'unit'],
    colAligns: ['left', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  })
  for (const { name, value, floor, ratio, unit } of report.rows) {
    table.push([name, digits(value), digits(floor), ratio === null ? '' : ratio.toFixed(2), unit])
  }
  console.log(table.toString())
  console.log(JSON.stringify({ bench: report.bench, rows: report.rows.map(rounded) }))
}

/** Three significant digits or none after the point: more would be noise. */
function digits(value: number | null): string {
  if (value === null) return ''
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function rounded(given: BenchRow): BenchRow {
  const round = (value: number | null) => (value === null ? null : Math.round(value * 1e4) / 1e4)
  return { ...given, value: round(given.value)!, floor: round(given.floor), ratio: round(given.ratio) }
}
