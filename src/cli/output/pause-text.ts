import type { SchedulePause } from '../../catalog/schedule-view.ts'
import type { PauseInForce } from '../../catalog/scoped-pauses.ts'
import type { Style } from './style.ts'
import { table } from './table.ts'
import { absoluteTime, localZone, relativeTime } from './time.ts'

/** Pauses of many schedules in a table. */
export function pausesTable(pauses: readonly PauseInForce[], now: number, style: Style): string {
  if (pauses.length === 0) return 'No pause of a group or of all schedules is in force.'
  const rows = pauses.map(({ namespace, group, state, since, until, by, note }) => [
    namespace ?? style.bold('all'),
    group ?? style.bold('all'),
    state,
    absoluteTime(since),
    until === undefined ? '-' : `${absoluteTime(until)} (${relativeTime(until, now)})`,
    by ?? '-',
    note ?? '-',
  ])
  const head = ['NAMESPACE', 'GROUP', 'STATE', `SINCE (${localZone()})`, 'UNTIL', 'BY', 'NOTE']
  return table(head, rows, style)
}

/** `by anna since 2026-03-29 09:00:00 until …, with group x: a note`. */
export function pauseText({ by, since, until, note, with: many }: SchedulePause): string {
  const parts = [
    by === undefined ? '' : `by ${by} `,
    `since ${absoluteTime(since)}`,
    until === undefined ? '' : ` until ${absoluteTime(until)}`,
    many === undefined ? '' : `, with ${withText(many)}`,
    note === undefined ? '' : `: ${note}`,
  ]
  return parts.join('')
}

function withText({ namespace, group }: NonNullable<SchedulePause['with']>): string {
  const what = group === undefined ? 'all schedules' : `all of group ${group}`
  return namespace === undefined ? `${what} of all namespaces` : what
}
