import type { OwedReport } from '../../dispatch/owed-report.ts'
import type { PassCounts, PassPreview } from '../../dispatch/preview-pass.ts'
import type { Style } from './style.ts'
import { table } from './table.ts'
import { relativeTime } from './time.ts'

/** The missed runs that are still to be caught up. */
export function owedText({ runs: all, held, namespaces }: OwedReport, now: number, style: Style): string {
  if (all === 0) return 'Nothing is left to catch up.'
  const rows = namespaces.map(({ namespace, schedules, runs: own, oldestAt }) => [
    style.bold(namespace),
    String(own),
    String(schedules),
    relativeTime(oldestAt, now),
  ])
  const waiting = held === 0 ? '' : `\n\n${heldText(held)}`
  return table(['NAMESPACE', 'MISSED RUNS', 'SCHEDULES', 'OLDEST'], rows, style) + waiting
}

/** What to do about missed runs that wait for an operator. */
export function heldText(held: number): string {
  return `${runs(held)} to catch up wait for your word: carillon catch-up release, or carillon catch-up drop --yes.`
}

/** What a pass would do. */
export function previewText(preview: PassPreview, style: Style): string {
  const { schedules, owed, held, broken, namespaces, largest } = preview
  if (schedules === 0)
    return ['A pass would do nothing: no schedule is due.', ...owedNotes(owed, held)].join('\n')
  const notes = [`A pass would take up ${schedules} schedule${schedules === 1 ? '' : 's'}:`]
  const spaces = namespaces.map((one) => [style.bold(one.namespace), String(one.schedules), ...countsOf(one)])
  const top = largest.map((one) => [
    style.bold(one.key),
    one.namespace,
    ...(one.broken === undefined ? countsOf(one) : ['', '', '', style.paint('red', `broken: ${one.broken}`)]),
  ])
  const counts = ['PLANNED', 'CAUGHT UP', 'DROPPED']
  notes.push(table(['NAMESPACE', 'SCHEDULES', ...counts], spaces, style))
  notes.push('', 'Most of it for:', table(['KEY', 'NAMESPACE', ...counts, ''], top, style))
  if (broken > 0) notes.push('', `${broken} cannot be planned: see carillon schedule list.`)
  return [...notes, ...owedNotes(owed, held), '', 'Nothing was written.'].join('\n')
}

export function runs(count: number): string {
  return `${count} missed run${count === 1 ? '' : 's'}`
}

function countsOf({ planned, caughtUp, missed }: PassCounts): string[] {
  return [planned, caughtUp, missed].map(String)
}

function owedNotes(owed: number, held: number): string[] {
  const notes = owed === 0 ? [] : ['', `${runs(owed)} of earlier passes are still to be caught up.`]
  return held === 0 ? notes : [...notes, '', heldText(held)]
}
