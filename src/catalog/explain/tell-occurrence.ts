import type { Instant } from '../../clock/clock.ts'
import { formatDuration } from '../../clock/duration.ts'
import { lengthOfTime, zonedTime } from '../../clock/time-text.ts'
import type { CatchUp, Definition } from '../../schedule/definition.ts'
import { overlapOf, type RunOverlap } from '../../schedule/overlap.ts'
import type { SkipReason } from '../../schedule/occurrence.ts'
import type { Recurrence } from '../../schedule/recurrence.ts'
import type { OccurrenceRecord } from '../../store/ledger.ts'
import { zoneOf } from './absence.ts'
import type { Told } from './explanation.ts'
import type { Facts, Generation } from './facts.ts'

/** What is late by less is on time. */
const LATE_MS = 1_000

/** It had been planned, and a change of the schedule took it back. */
export function isWithdrawn({ state, reason }: OccurrenceRecord): boolean {
  return state === 'skipped' && (reason === 'superseded' || reason === 'paused' || reason === 'deleted')
}

/** What has to be known beside the occurrence. */
export interface Known extends Pick<Facts, 'instant' | 'now'> {
  readonly generation: Pick<Generation, 'definition'> | undefined
}

/** What became of an occurrence, and why. */
export function tellOccurrence(
  { instant, now, generation }: Known,
  occurrence: OccurrenceRecord,
  recurrence: Recurrence | undefined,
): Told {
  const definition = generation?.definition
  const at = (time: Instant) => zonedTime(time, definition === undefined ? 'UTC' : zoneOf(definition))
  const { state, dueAt, attempt, error } = occurrence
  const notes = [
    ...changesOf(occurrence, instant, recurrence, definition),
    ...latenessOf(occurrence, definition, at),
  ]
  const tell = (verdict: Told['verdict'], code: Told['code'], ...sentences: string[]): Told => ({
    verdict,
    code,
    text: sentences.join(' '),
  })
  switch (state) {
    case 'succeeded':
      return tell(
        'ran',
        'succeeded',
        `${begunText(occurrence, at)} and succeeded${tookText(occurrence)}.`,
        ...notes,
      )
    case 'failed': {
      const why = error === null ? '' : `: ${error.code}, ${error.message}`
      return tell(
        'ran',
        'failed',
        `${begunText(occurrence, at)} and failed${tookText(occurrence)}${why}.`,
        ...notes,
      )
    }
    case 'running':
      return tell('runs', 'running', `${begunText(occurrence, at)} and is under way.`, ...notes)
    case 'skipped':
      return tell('did-not-run', occurrence.reason ?? 'missed', skippedText(occurrence, definition, at))
    case 'planned':
    case 'sent': {
      const where = state === 'sent' ? ` It is in the queue "${occurrence.queue}".` : ''
      if (attempt > 0) {
        const why =
          error === null ? 'its server vanished or stopped' : `the last one failed: ${error.message}`
        return tell(
          'will-run',
          'retrying',
          `It is to begin again at ${at(dueAt)}, attempt ${attempt + 1}: ${why}.${where}`,
        )
      }
      if (dueAt > now) return tell('will-run', 'waiting', `It is planned for ${at(dueAt)}.${where}`, ...notes)
      return tell('will-run', 'waiting', overdueText(occurrence, definition, at) + where, ...notes)
    }
  }
}

function begunText({ owner, startedAt, attempt }: OccurrenceRecord, at: (time: Instant) => string): string {
  const which = attempt > 1 ? `, attempt ${attempt},` : ''
  if (startedAt === null) return 'It never began'
  return `It began at ${at(startedAt)}${which} on ${owner ?? 'an unknown server'}`
}

function tookText({ startedAt, finishedAt }: OccurrenceRecord): string {
  if (startedAt === null || finishedAt === null) return ''
  return ` after ${lengthOfTime(Math.max(finishedAt - startedAt, 0))}`
}

/** How its instant came about. */
function changesOf(
  { origin, dueAt, nominalAt, attempt, overlap }: OccurrenceRecord,
  instant: Instant,
  recurrence: Recurrence | undefined,
  definition: Definition | undefined,
): string[] {
  if (origin === 'manual') return ['It was begun by hand.']
  const by = overlap === null ? '' : `, with overlap ${overlap}`
  const notes = origin === 'backfill' ? [`A backfill made up for it${by}.`] : []
  const change = recurrence?.clockChangeAt?.(instant)
  if (change !== undefined && change.shiftedMs > 0)
    notes.push(
      `A clock change skips the time that the expression names, so it runs ${formatDuration(change.shiftedMs)} later by the clock on the wall.`,
    )
  if (change?.secondPass === true)
    notes.push('It is the second of two runs at this time of day, which a clock change repeats.')
  if (attempt <= 1 && dueAt > nominalAt && origin === 'schedule')
    notes.push(
      `It is due ${formatDuration(dueAt - nominalAt)} after the instant, by ${delayText(definition)}.`,
    )
  return notes
}

/** What may have moved an occurrence. */
function delayText(definition: Definition | undefined): string {
  if (definition === undefined) return 'its spread, its jitter or a break'
  const { spreadMs, jitterMs, overlap } = definition
  const own = [...(spreadMs > 0 ? ['its spread'] : []), ...(jitterMs > 0 ? ['its jitter'] : [])].join(' and ')
  // A break is a policy, and one that has moved an occurrence may be gone.
  const mayBreak = own === '' || (overlap !== null && overlap.minimumBreakMs > 0)
  return [...(own === '' ? [] : [own]), ...(mayBreak ? ['a break'] : [])].join(' or ')
}

/** Why it was late, if it was. */
function latenessOf(
  { startedAt, dueAt, attempt, plannedAt, origin }: OccurrenceRecord,
  definition: Definition | undefined,
  at: (time: Instant) => string,
): string[] {
  const lateMs = (startedAt ?? dueAt) - dueAt
  if (origin === 'manual' || origin === 'backfill' || lateMs <= LATE_MS) return []
  const late = `It was late by ${lengthOfTime(lateMs)}:`
  if (attempt > 1) return [`${late} earlier attempts failed, or their servers vanished.`]
  if (plannedAt > dueAt)
    return [`${late} it was planned at ${at(plannedAt)} only, since no dispatcher had passed before.`]
  if (definition?.overlap != null)
    return [
      `${late} it waited for its turn (overlap ${definition.overlap.policy}), or for a server with room.`,
    ]
  return [`${late} no server that knows its job and had room was up before.`]
}

function skippedText(
  occurrence: OccurrenceRecord,
  definition: Definition | undefined,
  at: (time: Instant) => string,
): string {
  const { reason, generation, plannedAt, finishedAt } = occurrence
  const withdrawn = (why: string) =>
    `It had been planned by generation ${generation}, and was withdrawn at ${at(finishedAt ?? plannedAt)}: the schedule was ${why}.`
  const texts: Readonly<Record<SkipReason, () => string>> = {
    missed: () => missedText(occurrence, definition, at),
    overlap: () =>
      `There was no room for it: as many runs were under way as may be${overlapText(occurrence, definition)}.`,
    superseded: () => withdrawn('changed'),
    paused: () => withdrawn('paused'),
    deleted: () => withdrawn('deleted'),
    expired: () => 'It came too late to begin.',
    quota: () => 'The quota of its namespace was used up.',
    cancelled: () => 'It was cancelled.',
  }
  return texts[reason ?? 'missed']()
}

function overlapText(occurrence: OccurrenceRecord, definition: Definition | undefined): string {
  const overlap = overlapIn(occurrence, definition)
  if (overlap === undefined) return ''
  const { policy, maxRunning, mutex } = overlap
  const guard = mutex === null ? '' : ` under the mutex "${mutex}"`
  return ` (overlap ${policy}, ${maxRunning} at a time${guard})`
}

/** By what it goes when it is to begin; `undefined` when nobody knows, or nothing keeps it from it. */
function overlapIn(
  { origin, overlap }: OccurrenceRecord,
  definition: Definition | undefined,
): RunOverlap | undefined {
  const found = overlapOf({ origin, own: overlap }, definition?.overlap ?? null)
  return found?.policy === 'allow' ? undefined : found
}

function missedText(
  { plannedAt, missedCount, missedUntil, nominalAt }: OccurrenceRecord,
  definition: Definition | undefined,
  at: (time: Instant) => string,
): string {
  const range =
    missedUntil === null || missedUntil === nominalAt
      ? ''
      : ` It is one of ${missedCount ?? 'several'} from ${at(nominalAt)} to ${at(missedUntil)}.`
  const rule = definition === undefined ? '' : `: ${catchUpText(definition.catchUp)}`
  return `It fell due while no dispatcher passed, and was dropped at ${at(plannedAt)}${rule}.${range}`
}

function catchUpText({ withinMs, policy, max }: CatchUp): string {
  if (withinMs === 0) return 'catch-up is off'
  const runs = policy === 'latest' ? 'the latest run' : `the newest ${max} runs`
  return `catch-up takes ${runs} of the last ${formatDuration(withinMs)}`
}

function overdueText(
  occurrence: OccurrenceRecord,
  definition: Definition | undefined,
  at: (time: Instant) => string,
): string {
  const { dueAt, queue } = occurrence
  const overlap = overlapText(occurrence, definition)
  const turn = overlap === '' ? '' : `, or it waits for its turn${overlap}`
  const job = definition === undefined ? 'its job' : `the job "${definition.job}"`
  return `It is due since ${at(dueAt)} and has not begun: no server that takes from the queue "${queue}", knows ${job} and has room is up${turn}.`
}
