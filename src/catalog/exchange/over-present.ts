import { scheduleInputOf } from '../schedule-input-of.ts'
import type { Schedule } from '../schedule-view.ts'
import type { CrontabSchedule } from './read-crontab.ts'

/**
 * A line of a crontab laid over the schedule that has its key already: it says when and what, and all that a crontab
 * cannot say stays as it is, such as a pause, a timeout, or retries that were added since.
 */
export function overPresent(line: CrontabSchedule, present: Schedule | undefined): CrontabSchedule {
  // Of a broken one it is not known what is right in it.
  if (present === undefined || present.state === 'broken') return line

  const { every: _every, anchor: _anchor, at: _at, syntax: _syntax, ...input } = scheduleInputOf(present)
  // An operator's pause outlasts what is stored, as long as that does not speak of it.
  const { active, ...rest } = input
  const kept = present.pause === undefined ? { ...rest, active } : rest
  return { ...kept, ...line }
}
