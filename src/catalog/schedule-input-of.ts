import { backoffInput } from '../schedule/resolve-definition.ts'
import type { ScheduleInput } from '../schedule/schedule-input.ts'
import type { Schedule } from './schedule-view.ts'

/** What `schedule()` would have to be given to store a schedule as it is described. */
export function scheduleInputOf(schedule: Schedule): ScheduleInput & { readonly key: string } {
  const { key, group, cron, timezone, dst, syntax, except, everyMs, anchor, at } = schedule
  const { job, payload, startsAt, endsAt, maxRuns, spreadMs, jitterMs, retries, timeoutMs, queue, note } =
    schedule
  const { catchUp, backoff, pauseAfter, expectWithinMs, whenFinished } = schedule
  const { overlap, maxRunning, mutex, minimumBreakMs } = schedule
  const guard = overlap === 'allow' ? {} : { overlap, maxRunning, mutex, minimumBreak: minimumBreakMs }
  const when = { cron, timezone, dst, syntax, except, every: everyMs, anchor, at, startsAt, endsAt, maxRuns }
  return {
    ...when,
    ...guard,
    key,
    group,
    job,
    payload,
    queue,
    note,
    retries,
    whenFinished,
    active: schedule.state === 'active',
    spread: spreadMs,
    jitter: jitterMs,
    timeout: timeoutMs,
    catchUp: { within: catchUp.withinMs, policy: catchUp.policy, max: catchUp.max },
    backoff: backoffInput(backoff),
    pauseAfter,
    expectWithin: expectWithinMs,
  }
}
