import { quoted, scheduleText } from '../alert/alert.ts'
import { zonedTime } from '../clock/time-text.ts'
import type { AbsentOccurrence } from './find-absent.ts'

/** What is wrong, in one sentence, and what to look at. */
export function absentText(absent: AbsentOccurrence): string {
  const { state, owner, attempt, dueAt, nominalAt, queue, job } = absent
  const run = `${scheduleText(absent)}: the run of ${new Date(nominalAt).toISOString()}`
  const since = zonedTime(dueAt, 'UTC')
  switch (state) {
    case 'unplanned':
      return `${run} was not planned: is a server up that dispatches?`
    case 'planned':
      return attempt === 0
        ? `${run} is due since ${since} and has not begun: is a server up that takes from queue "${queue}", knows job "${quoted(job)}" and has room?`
        : `${run} has not ended after ${attempt === 1 ? 'an attempt' : `${attempt} attempts`}, and is to begin again at ${since}`
    case 'sent':
      return `${run} is due since ${since}, was put into queue "${queue}" and has not begun: is a worker of that queue up?`
    case 'running':
      return `${run} has not ended: attempt ${attempt} is under way on ${owner ?? 'an unknown server'}`
  }
}

/** The same of runs that nobody planned in time, and that do not run any more. */
export function missedText(
  schedule: { readonly namespace: string; readonly key: string },
  { from, until, count }: { readonly from: number; readonly until: number; readonly count: number },
): string {
  const which =
    count === 1
      ? `the run of ${new Date(from).toISOString()} was`
      : `${count} runs from ${new Date(from).toISOString()} to ${new Date(until).toISOString()} were`
  return `${scheduleText(schedule)}: ${which} missed, since no dispatcher came to plan in time, and will not be made up for`
}
