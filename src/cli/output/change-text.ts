import type { FieldChange } from '../../catalog/audit/diff-inputs.ts'
import type { ScheduleChange } from '../../catalog/audit/remembered.ts'
import type { Style } from './style.ts'
import { properties, shorten } from './table.ts'
import { absoluteTime, relativeTime } from './time.ts'
import { oneLine } from './visible.ts'

const LONGEST_VALUE = 60

/** What was done to a schedule: a line a change, and under it what it changed. */
export function changesText(changes: readonly ScheduleChange[], now: number, style: Style): string {
  if (changes.length === 0) return 'Nothing more.'
  return changes.map((change) => changeText(change, now, style)).join('\n')
}

function changeText(
  { revision, kind, at, by, note, fields }: ScheduleChange,
  now: number,
  style: Style,
): string {
  const who = by === undefined ? '' : ` by ${by}`
  const why = note === undefined ? '' : `: ${note}`
  const head = `${style.bold(String(revision))} ${kind}${who}, ${absoluteTime(at)} (${relativeTime(at, now)})${why}`
  return [oneLine(head), ...(fields.length === 0 ? [] : [fieldsText(fields, style)])].join('\n')
}

/** What differs, a line a field. */
export function fieldsText(fields: readonly FieldChange[], style: Style): string {
  return properties(
    fields.map(({ path, before, after }) => [path, `${valueText(before)} → ${valueText(after)}`] as const),
    style,
  )
}

function valueText(value: unknown): string {
  if (value === undefined) return '-'
  return shorten(value instanceof Date ? value.toISOString() : JSON.stringify(value), LONGEST_VALUE)
}
