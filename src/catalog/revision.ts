import { ScheduleConflictError } from '../errors.ts'
import type { ResolvedSchedule } from '../schedule/resolve-definition.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'

/** @throws {ScheduleConflictError} when it is at another one */
export function checkRevision(record: ScheduleRecord, expected: number | undefined): void {
  if (expected === undefined || record.revision === expected) return

  const message = `schedule "${record.key}" is at revision ${record.revision}, not ${expected}: read it again, then change it`
  throw new ScheduleConflictError(message, record.key)
}

/** Whether a schedule is what a change was to make of it. */
export function isAs(record: ScheduleRecord, { group, active, definition }: ResolvedSchedule): boolean {
  return (
    record.group === group &&
    isActiveAs(record, active) &&
    record.definitionText === JSON.stringify(definition)
  )
}

/** What is to run may be paused all the same, by an operator or with many others. */
function isActiveAs({ state, pause }: ScheduleRecord, active: boolean | undefined): boolean {
  if (active === false) return state === 'paused' && pause?.isInactive !== false
  if (state === 'active') return true
  return pause !== null && !pause.isInactive && (active === undefined || pause.scope !== null)
}
