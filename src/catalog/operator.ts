import type { Instant } from '../clock/clock.ts'
import { InvalidInputError } from '../errors.ts'
import { instantMs } from '../schedule/instant-input.ts'
import type { InstantInput } from '../schedule/schedule-input.ts'
import { didYouMean } from '../suggestion.ts'
import type { Author, Pause } from '../store/pause.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'
import type { ResumeAnswer } from './catalog-options.ts'

const LONGEST_ACTOR = 255
const LONGEST_NOTE = 4_000
const RESUME_ANSWERS: readonly string[] = ['skip', 'latest', 'all'] satisfies ResumeAnswer[]

/**
 * Who changes something, and what they say about it.
 *
 * @throws {InvalidInputError} when it cannot be kept
 */
export function authorOf(actor: string | undefined, note: string | undefined): Author {
  if (actor !== undefined) checkText(actor, 'actor', LONGEST_ACTOR)
  if (note !== undefined) checkText(note, 'note', LONGEST_NOTE)
  return { actor: actor ?? null, note: note ?? null }
}

/** The same author, with another note where one is given. */
export function noting(author: Author, note: string | undefined): Author {
  return note === undefined ? author : authorOf(author.actor ?? undefined, note)
}

function checkText(text: string, path: string, longest: number): void {
  const isPlain = typeof text === 'string' && !text.includes('\u0000') && text.isWellFormed()
  if (isPlain && text !== '' && text.length <= longest) return
  throw new InvalidInputError(
    `${path} is not a text of 1 to ${longest} characters without NUL characters`,
    path,
  )
}

/** @throws {InvalidInputError} when it is no instant, or none that is still to come */
export function untilMs(until: InstantInput, now: Instant): Instant {
  const at = instantMs(until, 'until')
  if (at > now) return at
  throw new InvalidInputError(
    `until ${new Date(at).toISOString()} has passed already: give an instant that is still to come`,
    'until',
  )
}

/** @throws {InvalidInputError} when it is no answer for the occurrences of a pause */
export function checkMissed(missed: ResumeAnswer): void {
  if (RESUME_ANSWERS.includes(missed)) return
  const message = `missed ${JSON.stringify(missed)} is not one of ${RESUME_ANSWERS.join(', ')}`
  const hint = typeof missed === 'string' ? didYouMean(missed, RESUME_ANSWERS) : ''
  throw new InvalidInputError(message + hint, 'missed')
}

/** The pause that an operator gives a schedule of its own; `undefined` when it has just this one. */
export function ownPause(
  { state, pause }: ScheduleRecord,
  { until, note }: { readonly until: Instant | null; readonly note: string | undefined },
  author: Author,
  now: Instant,
): Pause | undefined {
  const isOwn = pause !== null && pause.scope === null
  if (isOwn && pause.until === until && (note === undefined || note === pause.note)) return undefined
  const isInactive = pause === null ? state === 'paused' : pause.isInactive
  return { ...author, at: now, until, scope: null, isInactive }
}
