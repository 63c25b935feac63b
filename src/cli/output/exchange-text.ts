import type { ScheduleComparison } from '../../catalog/compare-schedules.ts'
import type { CrontabWarning } from '../../catalog/exchange/crontab-warning.ts'
import type { CrontabSchedule } from '../../catalog/exchange/read-crontab.ts'
import type { Style } from './style.ts'
import { table } from './table.ts'
import { oneLine } from './visible.ts'

/** What came of an import, or would come of it. */
export interface ImportOutcome {
  readonly schedules: readonly CrontabSchedule[]
  /** One for each schedule. */
  readonly changes: readonly ScheduleComparison[]
  readonly warnings: readonly CrontabWarning[]
  readonly isDryRun: boolean
}

/** An import: a line for each schedule, what cron would do otherwise, and the counts. */
export function importText({ schedules, changes, warnings, isDryRun }: ImportOutcome, style: Style): string {
  const rows = changes.map(({ key, change }, i) => [key, change, whenOf(schedules[i]!)])
  const parts = [
    ...(rows.length === 0 ? [] : [table(['KEY', 'CHANGE', 'WHEN'], rows, style)]),
    ...alike(warnings).map((group) => warningText(group, style)),
    countsText(changes, warnings, isDryRun),
  ]
  return parts.join('\n\n')
}

/** When a schedule runs, in the words in which it was given. */
function whenOf({ cron = [], timezone = 'UTC', every, at }: CrontabSchedule): string {
  const expressions = typeof cron === 'string' ? [cron] : cron
  if (expressions.length > 0) return `${expressions.join(' or ')} in ${timezone}`
  return every === undefined
    ? `once at ${String(at)}`
    : `every ${typeof every === 'number' ? `${every} ms` : every}`
}

/** Warnings that say the same, together. */
function alike(warnings: readonly CrontabWarning[]): CrontabWarning[][] {
  const groups = Map.groupBy(warnings, ({ differs, remedy, isRefused }) =>
    JSON.stringify([differs, remedy, isRefused]),
  )
  return [...groups.values()]
}

function warningText(warnings: readonly CrontabWarning[], style: Style): string {
  const [first] = warnings as [CrontabWarning]
  const heading = first.isRefused ? style.paint('red', 'Left out:') : style.paint('yellow', 'Differs:')
  const lines = warnings.flatMap(({ line, text }) => (line === undefined ? [] : [`  line ${line}: ${text}`]))
  return [`${heading} ${first.differs}.`, ...lines, `  ${style.dim('to do:')} ${first.remedy}`]
    .map(oneLine)
    .join('\n')
}

function countsText(
  changes: readonly ScheduleComparison[],
  warnings: readonly CrontabWarning[],
  isDryRun: boolean,
): string {
  const count = (wanted: ScheduleComparison['change']) =>
    changes.filter(({ change }) => change === wanted).length
  const counts = `${count('created')} created, ${count('changed')} changed, ${count('unchanged')} unchanged`
  const refused = new Set(warnings.filter(({ isRefused }) => isRefused).map(({ line }) => line)).size
  const left = refused === 0 ? '' : `; ${refused} ${refused === 1 ? 'line' : 'lines'} left out`
  return isDryRun ? `It would be ${counts}${left}. Nothing was written.` : `${counts}${left}.`
}
