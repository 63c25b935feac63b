import { pauseBy } from '../store/pause-schedules.ts'
import type { Cover } from '../store/pause-table.ts'
import type { Pause, Scope } from '../store/pause.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'

/** Whether a schedule runs, and by which operator's pause it does not. */
export interface Activity {
  readonly state: 'active' | 'paused'
  readonly pause: Pause | null
}

/**
 * What a definition that is stored makes of a schedule. An operator's pause outlasts it, unless the definition says
 * `active: true`; a pause of many takes what comes under it, and lets go of what is moved elsewhere.
 *
 * @param record the schedule as it is; `undefined` for a new one
 * @param active what the definition says about it; `undefined` when it says nothing
 */
export function activityOf(
  record: Pick<ScheduleRecord, 'state' | 'pause' | 'group'> | undefined,
  group: string | null,
  active: boolean | undefined,
  cover: Cover,
): Activity {
  const isInactive = active === false
  const pause = record?.pause ?? null
  if (pause !== null && pause.scope === null && active !== true)
    return { state: 'paused', pause: { ...pause, isInactive } }

  if (isInactive) {
    const isLeft = pause?.scope?.group != null && pause.scope.group !== group
    return { state: 'paused', pause: pause === null || isLeft ? null : { ...pause, isInactive } }
  }
  // What runs is looked at by the pause that covers it, unless it is only now brought there.
  if (record !== undefined && record.state !== 'paused' && record.group === group)
    return { state: 'active', pause: null }
  const covering = cover(group)
  return covering === undefined
    ? { state: 'active', pause: null }
    : { state: 'paused', pause: pauseUnder(pause, pauseBy(covering)) }
}

/** The pause that it is in already, if it is the same. */
function pauseUnder(present: Pause | null, covering: Pause): Pause {
  const isSame = present?.scope != null && scopeText(present.scope) === scopeText(covering.scope!)
  return isSame ? { ...present, isInactive: false } : covering
}

/** Which schedules a pause of many covers, in words. */
export function scopeText({ namespace, group }: Scope): string {
  const where = namespace === null ? 'all namespaces' : `namespace "${namespace}"`
  return group === null ? `all schedules of ${where}` : `group "${group}" of ${where}`
}

/** What a schedule's own definition says about whether it runs. */
export function activeOf({ state, pause }: Pick<ScheduleRecord, 'state' | 'pause'>): boolean | undefined {
  const isInactive = pause === null ? state === 'paused' : pause.isInactive
  return isInactive ? false : undefined
}
