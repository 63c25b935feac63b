import { ScheduleConflictError } from '../errors.ts'
import type { ResolvedSchedule } from '../schedule/resolve-definition.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'

/**
 * @param expected 0 when it must not be there
 * @throws {ScheduleConflictError} when it is at another one
 */
export function checkRevision(record: ScheduleRecord, expected: number | undefined): void {
  if (expected === undefined || record.revision === expected) return
  if (expected === 0) throw new ScheduleConflictError(`the key "${record.key}" is taken`, record.key)

  const message = `schedule "${record.key}" is at revision ${record.revision}, not ${expected}: read it again, then change it`
  throw new ScheduleConflictError(message, record.key)
}

/** @throws {ScheduleConflictError} when one was expected that is there */
export function checkAbsent(key: string, expected: number | undefined): void {
  if (expected === undefined || expected === 0) return
  throw new ScheduleConflictError(
    `schedule "${key}" is not there, so not at revision ${expected}: it was deleted, or never stored`,
    key,
  )
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
