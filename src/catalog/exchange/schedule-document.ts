import { InvalidInputError } from '../../errors.ts'
import { abbreviate } from '../../schedule/abbreviate.ts'
import type { ScheduleInput } from '../../schedule/schedule-input.ts'
import { scheduleInputOf } from '../schedule-input-of.ts'
import type { Schedule } from '../schedule-view.ts'
import { oneLineOf } from './comment-text.ts'

/** A schedule as a document holds it. */
export type DocumentSchedule = ScheduleInput & { readonly key: string }

/** The version of documents that is written, and the only one that is read. */
const VERSION = 1

export const DOCUMENT_HEAD = `{ "carillon": ${VERSION}, "schedules": [`
export const DOCUMENT_END = '\n] }\n'

/**
 * One schedule of a document, on a line of its own; `undefined` when its row is damaged, so that there is nothing to
 * write. One that is broken for another reason is written as active, which it was meant to be.
 */
export function documentLine(schedule: Schedule): string | undefined {
  const { cron, everyMs, at, state } = schedule
  if (cron === undefined && everyMs === undefined && at === undefined) return undefined
  // JSON.stringify leaves what acts on a terminal in texts as it is, but for the lowest of it.
  return oneLineOf(JSON.stringify({ ...scheduleInputOf(schedule), active: state !== 'paused' }))
}

/**
 * Reads a document. What the schedules in it say is for the catalog to judge; that each has a key of its own is judged
 * here, since without one, reading the same twice would store it twice.
 *
 * @throws {InvalidInputError} when it is none, or of a version that this one does not know
 */
export function readDocument(text: string): readonly DocumentSchedule[] {
  const document = parse(text.replace(/^\uFEFF/, ''))
  if (!isObject(document) || !('carillon' in document))
    throw wrong('it has no "carillon" with the version; carillon schedule export --format json writes one')
  if (document.carillon !== VERSION)
    throw wrong(
      `it is of version ${abbreviate(document.carillon)}, and this Carillon reads ${VERSION}: take a newer one`,
    )

  const stray = Object.keys(document).find((name) => name !== 'carillon' && name !== 'schedules')
  if (stray !== undefined) throw wrong(`it has an unknown part, ${abbreviate(stray)}`)
  const { schedules } = document
  if (!Array.isArray(schedules)) throw wrong('its "schedules" is no array')

  const keys = new Set<string>()
  for (const [i, schedule] of schedules.entries()) checkEntry(schedule, i, keys)
  return schedules as DocumentSchedule[]
}

function checkEntry(schedule: unknown, index: number, keys: Set<string>): void {
  if (!isObject(schedule)) throw wrong(`schedule ${index} is no object`)

  const { key } = schedule
  if (typeof key !== 'string' || key === '') throw wrong(`schedule ${index} has no key`)
  if (keys.has(key)) throw wrong(`schedule ${index} has the key ${abbreviate(key)} of an earlier one`)
  keys.add(key)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw wrong(`it is not JSON: ${cause instanceof Error ? oneLineOf(cause.message) : String(cause)}`, cause)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(problem: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(`the document cannot be read: ${problem}`, 'document', { cause })
}
