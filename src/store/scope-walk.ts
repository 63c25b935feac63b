import { waitUntil } from '../clock/wait.ts'
import { giveWay } from '../clock/give-way.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { DriverError } from '../errors.ts'
import type { MemberFilter, MemberPlace } from './operating-table.ts'
import type { ScopePause } from './pause-table.ts'
import { NOBODY, type Author, type Scope } from './pause.ts'
import {
  hasEnded,
  isPausedBy,
  pauseBy,
  pauseSchedules,
  resumeSchedules,
  type Resumed,
} from './pause-schedules.ts'
import type { ScheduleRecord } from './schedule-record.ts'
import type { Tables, Transactions } from './store.ts'

/** How many schedules one transaction pauses or resumes. */
const STEP = 500
/** How long a pause is left to whoever is at work on it, from their last step on. */
export const LEFT_ALONE_MS = 30_000
/** How long the work waits for schedules that somebody else holds, without being able to take any. */
const PATIENCE_MS = 10_000
const LOOK_AGAIN_MS = 20

/** What a walk has done so far. */
export interface WalkProgress {
  /** How many schedules it has paused or resumed. */
  readonly schedules: number
  readonly planned: number
  readonly missed: number
}

/** Where a walk has come to. */
interface Position {
  readonly place: MemberPlace | undefined
  /** How many schedules were passed over since it began from the start. */
  readonly heldBefore: number
}

interface Step extends WalkProgress {
  /** Whether nothing is left of the pause to be done. */
  readonly isDone: boolean
  /** Where the next page begins. */
  readonly place: MemberPlace | undefined
  /** How many schedules were passed over, since somebody else holds them. */
  readonly held: number
}

/**
 * Carries out what the row of a pause of many says: pauses the schedules that it covers, or resumes those that it has
 * paused, in steps of one transaction each. Any number of processes may be at it; each step holds the row. Whoever dies
 * leaves the rest to the next.
 *
 * @param work what is to be done; it is over when the row says something else
 * @returns what this process has done of it
 * @throws {DriverError} when others don't let go of schedules; a dispatcher goes on with it
 */
export async function walkScope(
  store: Transactions,
  scope: Scope,
  work: ScopePause['state'],
  aheadMs: number,
  onProgress: (progress: WalkProgress) => void = () => {},
): Promise<WalkProgress> {
  const waits = new SystemClock()
  let sum: WalkProgress = { schedules: 0, planned: 0, missed: 0 }
  let place: MemberPlace | undefined
  let held = 0
  let giveUpAt = waits.now() + PATIENCE_MS
  for (;;) {
    const step = await store.transaction((tables) =>
      stepOf(tables, scope, work, { place, heldBefore: held }, aheadMs),
    )
    if (step.schedules > 0) {
      const { schedules, planned, missed } = sum
      sum = {
        schedules: schedules + step.schedules,
        planned: planned + step.planned,
        missed: missed + step.missed,
      }
      onProgress(sum)
      store.announce()
      giveUpAt = waits.now() + PATIENCE_MS
    }
    if (step.isDone) return sum
    held = step.place === undefined ? 0 : held + step.held
    place = step.place
    if (step.place !== undefined || step.schedules > 0) {
      await giveWay()
      continue
    }
    if (waits.now() >= giveUpAt)
      throw new DriverError('schedules that are to be paused or resumed are held by other transactions', {
        retryable: true,
      })
    await waitUntil(waits, waits.now() + LOOK_AGAIN_MS)
  }
}

async function stepOf(
  tables: Tables,
  scope: Scope,
  work: ScopePause['state'],
  { place, heldBefore }: Position,
  aheadMs: number,
): Promise<Step> {
  const nothing = { schedules: 0, planned: 0, missed: 0, held: 0, place: undefined }
  const pause = await tables.pauses.lock(scope)
  if (pause === undefined) return { ...nothing, isDone: true }
  // Its schedules end their pauses by themselves.
  if (pause.state !== 'resuming' && pause.endsAt !== null && pause.endsAt <= tables.now) {
    await forget(tables, scope)
    return { ...nothing, isDone: true }
  }
  if (pause.state === 'paused' || pause.state !== work) return { ...nothing, isDone: true }

  const filter = memberFilter(pause)
  const page = await tables.operating.members(filter, place, STEP)
  if (page.length === 0) {
    // From the start once more, for those that were passed over.
    if (heldBefore > 0) return { ...nothing, isDone: false }
    if (pause.state === 'resuming') await forget(tables, scope)
    else await tables.pauses.note(scope, { state: 'paused', lookAt: pause.endsAt })
    return { ...nothing, isDone: true }
  }

  const free = new Map(
    (await tables.lockFree(page.map(({ id }) => id))).map((record) => [record.id, record] as const),
  )
  const records = page.flatMap(({ id }) => free.get(id) ?? [])
  const done =
    pause.state === 'resuming'
      ? await resumeMembers(tables, records, pause, aheadMs)
      : await pauseMembers(tables, records, pause)
  const lookAt = tables.now + LEFT_ALONE_MS
  await tables.pauses.note(scope, { state: pause.state, lookAt })
  const last = done.isWhole ? page.at(-1)! : done.last
  return { ...done, isDone: false, place: last, held: page.length - records.length }
}

/** Which schedules a pause is still to deal with. */
export function memberFilter(pause: ScopePause): MemberFilter {
  const { namespace, group, endsAt } = pause
  const scope = { namespace, group }
  return pause.state === 'resuming' ? { scope, which: 'paused' } : { scope, which: 'to-pause', endsAt }
}

async function forget(tables: Tables, scope: Scope): Promise<void> {
  await tables.pauses.closeGate()
  await tables.pauses.remove(scope)
}

type Done = WalkProgress & { readonly isWhole: boolean; readonly last: MemberPlace | undefined }

async function pauseMembers(
  tables: Tables,
  records: readonly ScheduleRecord[],
  pause: ScopePause,
): Promise<Done> {
  const members = records.filter(
    (record) =>
      isCovered(record, pause) &&
      (record.state !== 'paused' || (isPausedBy(record, pause) && record.pause?.until !== pause.endsAt)),
  )
  await pauseSchedules(
    tables,
    members.map((record) => ({ record, pause: pauseBy(pause, record.pause?.isInactive) })),
    authorOf(pause),
  )
  return { schedules: members.length, planned: 0, missed: 0, isWhole: true, last: undefined }
}

async function resumeMembers(
  tables: Tables,
  records: readonly ScheduleRecord[],
  pause: ScopePause,
  aheadMs: number,
): Promise<Done> {
  const members = records.filter((record) => isPausedBy(record, pause))
  const ending = { kind: 'resumed', missed: pause.missed ?? 'skip' } as const
  const resumed = await resumeSchedules(tables, members, ending, authorOf(pause), aheadMs)
  const { done, planned, missed } = resumed
  return { schedules: done, planned, missed, isWhole: done === members.length, last: members[done - 1] }
}

function isCovered({ namespace, group }: ScheduleRecord, scope: Scope): boolean {
  return (
    (scope.namespace === null || scope.namespace === namespace) &&
    (scope.group === null || scope.group === group)
  )
}

function authorOf({ actor, note }: ScopePause): Author {
  return { actor, note }
}

/**
 * Ends the pauses whose time is over, those left out that somebody else is at work on: what fell due before a pause of many
 * began or ended is not its to keep.
 */
export async function endDuePauses(store: Transactions, aheadMs: number): Promise<void> {
  const now = await store.now()
  for (;;) {
    const ids = await store.read((tables) => tables.operating.ended(now, STEP))
    if (ids.length === 0) return
    const { done } = await store.transaction((tables) => endFree(tables, ids, aheadMs))
    if (done === 0) return
  }
}

/** Ends those of the pauses whose time is over and that nobody else is at work on. */
export async function endFree(tables: Tables, ids: readonly number[], aheadMs: number): Promise<Resumed> {
  const records = await tables.lockFree(ids)
  const over = records.filter((record) => hasEnded(record, tables.now))
  return resumeSchedules(tables, over, { kind: 'ended' }, NOBODY, aheadMs)
}
