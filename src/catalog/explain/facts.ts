import type { Instant } from '../../clock/clock.ts'
import type { Definition } from '../../schedule/definition.ts'
import type { Recurrence } from '../../schedule/recurrence.ts'
import { seedOf, type ScheduleIdentity } from '../../schedule/schedule-identity.ts'
import { compileTiming } from '../../schedule/timing.ts'
import type { OccurrenceRecord } from '../../store/ledger.ts'
import { parseDefinition, type GenerationCause } from '../../store/schedule-record.ts'
import type { Owed } from '../../store/owed-table.ts'
import { NOBODY, type Author } from '../../store/pause.ts'
import type { ScheduleLife } from '../../store/schedule-lives.ts'
import { names } from './absence.ts'
import { ifReadable } from '../../schedule/if-readable.ts'

/** A generation, and how long it was in force. */
export interface Generation {
  readonly generation: number
  readonly cause: GenerationCause
  /** It is in force for instants after this one, */
  readonly from: Instant
  /** up to this one. */
  readonly until: Instant
  /** Whether nothing was planned from it, since the schedule was paused. */
  readonly isPaused: boolean
  /** Since when it was, perhaps through several generations. */
  readonly pausedFrom: Instant
  /** `undefined` when it cannot be read. */
  readonly definition: Definition | undefined
  /** Who opened it, and what they said about it. */
  readonly author: Author
  /** Whether a dispatcher is still to open it, since the pause before it ends by itself. */
  readonly isToCome: boolean
}

/** All that is known about one instant of a key. */
export interface Facts {
  readonly identity: ScheduleIdentity
  readonly instant: Instant
  readonly now: Instant
  /** The life of the schedule that the instant falls into; `undefined` when there was none. */
  readonly life: ScheduleLife | undefined
  /** The generation that was in force; not there when the schedule did not exist, or was deleted by then. */
  readonly generation: Generation | undefined
  /** The lives before and after the instant, where it falls into none. */
  readonly deletedAt: Instant | undefined
  readonly storedAt: Instant | undefined
  readonly occurrences: readonly OccurrenceRecord[]
  /** The missed range that it lies in, which is still to be caught up. */
  readonly owed: Owed | undefined
  /** Occurrences that finished before this are pruned. */
  readonly keptFrom: Instant
  /** How far ahead what is not paused is planned, in milliseconds. */
  readonly aheadMs: number
}

/** @param lives what is remembered of the key, newest first; at least one */
export function factsOf(
  identity: ScheduleIdentity,
  instant: Instant,
  {
    lives,
    occurrences,
    owed,
    now,
    keptFrom,
    aheadMs,
  }: Pick<Facts, 'occurrences' | 'owed' | 'now' | 'keptFrom' | 'aheadMs'> & {
    readonly lives: readonly ScheduleLife[]
  },
): Facts {
  const life = lives.find(
    ({ createdAt, deletedAt }) => createdAt < instant && instant <= (deletedAt ?? Infinity),
  )
  const generation = life && generationsOf(life).findLast(({ from }) => from < instant)
  return {
    identity,
    instant,
    now,
    life,
    generation,
    deletedAt:
      lives.find(({ deletedAt }) => deletedAt !== null && deletedAt < instant)?.deletedAt ?? undefined,
    storedAt: lives.findLast(({ createdAt }) => createdAt >= instant)?.createdAt,
    occurrences: occurrences.filter((one) => standsFor(one, identity, instant, lives)),
    owed,
    keptFrom,
    aheadMs,
  }
}

/** A range of missed occurrences also has instants between them, which are none. */
function standsFor(
  { scheduleId, generation, nominalAt }: OccurrenceRecord,
  identity: ScheduleIdentity,
  instant: Instant,
  lives: readonly ScheduleLife[],
): boolean {
  if (nominalAt === instant) return true
  const life = lives.find(({ id }) => id === scheduleId)
  const stored = life && generationsOf(life).find((other) => other.generation === generation)
  const recurrence = stored && recurrenceOf(identity, stored)
  return recurrence === undefined || names(recurrence, instant)
}

/** What a generation compiles to; `undefined` when it cannot be. */
export function recurrenceOf(
  identity: ScheduleIdentity,
  { definition }: Pick<Generation, 'definition'>,
): Recurrence | undefined {
  return definition && ifReadable(() => compileTiming(definition, seedOf(identity)))
}

/** The generations of a life, in rising order. */
export function generationsOf(life: ScheduleLife): Generation[] {
  const stored = life.generations.filter(({ cause }) => cause !== 'deleted')
  const generations: Generation[] = []
  for (const [i, { generation, cause, validFrom, definitionText, author }] of stored.entries()) {
    const before = generations.at(-1)
    const isPaused = isPausedIn(life, i)
    generations.push({
      generation,
      cause,
      from: validFrom,
      until: stored[i + 1]?.validFrom ?? life.deletedAt ?? Infinity,
      isPaused,
      pausedFrom: isPaused && before?.isPaused === true ? before.pausedFrom : validFrom,
      definition: ifReadable(() => parseDefinition(definitionText)),
      author,
      isToCome: false,
    })
  }
  return withEnd(generations, life)
}

/** A pause that ends by itself is followed by a generation as if that were there already. */
function withEnd(
  generations: readonly Generation[],
  { pause, deletedAt, state }: ScheduleLife,
): Generation[] {
  const last = generations.at(-1)
  if (last === undefined || deletedAt !== null || state !== 'paused') return [...generations]
  if (pause === null || pause.until === null || pause.isInactive) return [...generations]
  const end = pause.until - 1
  const next = { generation: last.generation + 1, cause: 'resumed', from: end, until: Infinity } as const
  const { definition } = last
  return [
    ...generations.slice(0, -1),
    { ...last, until: end },
    { ...next, definition, isPaused: false, pausedFrom: end, author: NOBODY, isToCome: true },
  ]
}

/** A pause is opened by a generation and ended by one; changes in between leave it. One may also be stored paused. */
function isPausedIn({ generations, state }: ScheduleLife, index: number): boolean {
  const before = generations
    .slice(0, index + 1)
    .findLast(({ cause }) => cause === 'paused' || cause === 'resumed')
  if (before !== undefined) return before.cause === 'paused'
  const after = generations.slice(index + 1).find(({ cause }) => cause === 'paused' || cause === 'resumed')
  if (after !== undefined) return after.cause === 'resumed'
  return state === 'paused'
}
