import type { Instant } from '../clock/clock.ts'
import { InvalidInputError } from '../errors.ts'

/** The identity of an occurrence: one nominal instant of one generation of one schedule. */
export interface OccurrenceRef {
  readonly scheduleId: number
  readonly generation: number
  readonly nominalAt: Instant
}

/** Where an occurrence stands. The last three are final. */
export const OCCURRENCE_STATES = ['planned', 'sent', 'running', 'succeeded', 'failed', 'skipped'] as const
export type OccurrenceState = (typeof OCCURRENCE_STATES)[number]

/** Why an occurrence was skipped. */
export const SKIP_REASONS = [
  'missed',
  'overlap',
  'superseded',
  'paused',
  'deleted',
  'expired',
  'quota',
  'cancelled',
] as const
export type SkipReason = (typeof SKIP_REASONS)[number]

/** What brought an occurrence about. */
export const OCCURRENCE_ORIGINS = ['schedule', 'catch-up', 'manual', 'backfill'] as const
export type OccurrenceOrigin = (typeof OCCURRENCE_ORIGINS)[number]

/** The text form of an occurrence's identity, unique in a database and fit for a message id: `17-3-1774746000000`. */
export function occurrenceId({ scheduleId, generation, nominalAt }: OccurrenceRef): string {
  return `${scheduleId}-${generation}-${nominalAt}`
}

/** @throws {InvalidInputError} when the text is not the id of an occurrence */
export function parseOccurrenceId(id: string): OccurrenceRef {
  const match = /^(\d{1,15})-(\d{1,15})-(-?\d{1,15})$/.exec(id)
  if (match === null)
    throw new InvalidInputError(`${JSON.stringify(id)} is not the id of an occurrence`, 'id')

  const [, scheduleId, generation, nominalAt] = match
  return { scheduleId: Number(scheduleId), generation: Number(generation), nominalAt: Number(nominalAt) }
}
