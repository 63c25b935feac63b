import type { Instant } from '../../clock/clock.ts'
import { formatDuration } from '../../clock/duration.ts'
import { zonedTime } from '../../clock/time-text.ts'
import type { Definition } from '../../schedule/definition.ts'
import type { Recurrence } from '../../schedule/recurrence.ts'
import { seedOf } from '../../schedule/schedule-identity.ts'
import type { OccurrenceRecord } from '../../store/ledger.ts'
import type { Owed } from '../../store/owed-table.ts'
import { describeOccurrence } from '../occurrence-view.ts'
import { absenceOf, names, recurrenceText, zoneOf } from './absence.ts'
import type { Explanation, GenerationInForce, Told } from './explanation.ts'
import { recurrenceOf, type Facts, type Generation } from './facts.ts'
import { isWithdrawn, tellOccurrence } from './tell-occurrence.ts'

/** Says from what is known why an instant has the run that it has, or none. Knows no database. */
export function explainInstant(facts: Facts): Explanation {
  const { identity, instant, generation, occurrences } = facts
  const recurrence = generation?.isPaused === false ? recurrenceOf(identity, generation) : undefined
  const [occurrence, ...others] = [...occurrences].sort(
    (a, b) => rankOf(a, generation) - rankOf(b, generation) || b.generation - a.generation,
  )
  const told =
    occurrence === undefined ? tellAbsence(facts, recurrence) : tellPresence(facts, occurrence, recurrence)
  const previousMs = recurrence?.previousMs(instant)
  const nextMs = recurrence?.nextMs(instant)
  return {
    ...identity,
    instant: new Date(instant),
    ...told,
    occurrence: occurrence && describeOccurrence(occurrence),
    others: others.map(describeOccurrence),
    inForce: generation && describeGeneration(generation),
    previousAt: previousMs === undefined ? undefined : new Date(previousMs),
    nextAt: nextMs === undefined ? undefined : new Date(nextMs),
  }
}

/** What ran or is to run tells more than what was withdrawn; of those, what was in force then. */
function rankOf(occurrence: OccurrenceRecord, inForce: Generation | undefined): number {
  return (isWithdrawn(occurrence) ? 2 : 0) + (occurrence.generation === inForce?.generation ? 0 : 1)
}

function tellPresence(facts: Facts, occurrence: OccurrenceRecord, recurrence: Recurrence | undefined): Told {
  const told = tellOccurrence(facts, occurrence, recurrence)
  const isOfAnother = occurrence.generation !== facts.generation?.generation
  if (!isWithdrawn(occurrence) || !isOfAnother) return told
  // What came after it decides: had that named the instant, it would have planned it.
  return { ...told, text: `${told.text} ${tellAbsence(facts, recurrence).text}` }
}

function tellAbsence(facts: Facts, recurrence: Recurrence | undefined): Told {
  const { instant, now, life, generation, identity } = facts
  const not = instant > now ? 'will-not-run' : 'did-not-run'
  if (life === undefined || generation === undefined) return tellNoSchedule(facts, not)

  const { definition, until, pausedFrom } = generation
  const zone = definition === undefined ? 'UTC' : zoneOf(definition)
  const at = (time: Instant) => zonedTime(time, zone)
  if (generation.isPaused) {
    // One that ends by itself leaves its end to what follows, which is a whole second as a rule.
    const ended = until % 1_000 === 999 ? until + 1 : until
    const end = until === Infinity ? '' : ` until ${at(ended)}`
    const text = `The schedule was paused from ${at(pausedFrom)}${end}${authorText(generation)}.`
    return { verdict: not, code: 'paused', text }
  }
  const isPresent = until === Infinity
  const isBroken = isPresent && life.state === 'broken' && (life.nextAt ?? -Infinity) <= instant
  if (definition === undefined || recurrence === undefined || isBroken) {
    const reason = life.reason ?? 'its definition cannot be read'
    return {
      verdict: not,
      code: 'broken',
      text: `The schedule is broken and nothing is planned from it: ${reason}.`,
    }
  }
  if (!names(recurrence, instant))
    return { verdict: not, ...absenceOf(definition, seedOf(identity), instant) }
  if (facts.owed !== undefined) return tellOwed(facts.owed, at)
  return isPresent ? tellUnplanned(facts, definition, not) : tellLost(facts, definition, not)
}

function tellOwed({ count, from, until }: Owed, at: (time: Instant) => string): Told {
  const others = count === 1 ? '' : ` It is one of ${count} from ${at(from)} to ${at(until)}.`
  const text = `It fell due while no dispatcher passed, and is to be caught up: it waits until the rate of catching up allows it, or an operator lets it go.${others}`
  return { verdict: 'will-run', code: 'owed', text }
}

/** The definition names it and it is not in the ledger, which the cursor must explain. */
function tellUnplanned(facts: Facts, definition: Definition, not: Explanation['verdict']): Told {
  const { instant, now, life, generation, aheadMs } = facts
  const isToCome = generation?.isToCome === true
  const cursor = isToCome ? generation.from + 1 : life!.nextAt
  const at = (time: Instant) => zonedTime(time, zoneOf(definition))
  if (cursor === null || instant < cursor) return tellLost(facts, definition, not)
  if (instant > now) {
    if (isToCome && generation.from >= now) {
      const text = `The schedule is paused until ${at(cursor)}, and plans it when the pause ends.`
      return { verdict: 'will-run', code: 'to-be-planned', text }
    }
    const text = 'It is further ahead than dispatchers look; a pass plans it minutes before it is due.'
    return { verdict: 'will-run', code: 'to-be-planned', text }
  }
  // What a pause kept from being planned ahead is not too late for having been planned late.
  const withinMs = Math.max(definition.catchUp.withinMs, isToCome ? aheadMs + 1 : 0)
  const isCaughtUp = now - instant < withinMs
  const fate = isCaughtUp
    ? 'The next pass makes up for it.'
    : `The next pass records it as missed: ${withinMs === 0 ? 'catch-up is off' : `catch-up takes nothing older than ${formatDuration(withinMs)}`}.`
  return {
    verdict: isCaughtUp ? 'will-run' : 'did-not-run',
    code: 'not-dispatched',
    text: `No dispatcher has passed since ${at(cursor)}: none is up, or none reaches the database. ${fate}`,
  }
}

/** Who is behind a pause, and why. */
function authorText({ author, cause }: Generation): string {
  const { actor, note } = cause === 'paused' ? author : { actor: null, note: null }
  return (actor === null ? '' : `, by ${actor}`) + (note === null ? '' : ` (${note})`)
}

function tellLost({ instant, keptFrom }: Facts, { maxRuns }: Definition, not: Explanation['verdict']): Told {
  if (instant <= keptFrom) {
    const text = 'It is so long ago that the ledger no longer holds what finished then.'
    return { verdict: 'unknown', code: 'forgotten', text }
  }
  if (maxRuns !== null) {
    const runs = maxRuns === 1 ? 'one run' : `${maxRuns} runs`
    return { verdict: not, code: 'max-runs', text: `The schedule is limited to ${runs}, which it has had.` }
  }
  const text =
    'The definition in force names it, and the ledger does not hold it. That should not be: please report it.'
  return { verdict: 'unknown', code: 'unaccounted', text }
}

function tellNoSchedule({ deletedAt, storedAt }: Facts, not: Explanation['verdict']): Told {
  const at = (time: Instant) => zonedTime(time, 'UTC')
  const anew =
    storedAt === undefined
      ? ''
      : ` It was stored ${deletedAt === undefined ? '' : 'anew '}at ${at(storedAt)}.`
  if (deletedAt === undefined)
    return { verdict: not, code: 'not-stored', text: `There was no such schedule yet.${anew}` }
  return { verdict: not, code: 'deleted', text: `The schedule was deleted at ${at(deletedAt)}.${anew}` }
}

function describeGeneration({
  generation,
  cause,
  from,
  until,
  definition,
  author,
}: Generation): GenerationInForce {
  return {
    generation,
    cause,
    from: new Date(from),
    until: until === Infinity ? undefined : new Date(until),
    by: author.actor ?? undefined,
    note: author.note ?? undefined,
    recurrence: definition === undefined ? 'unreadable' : recurrenceText(definition),
  }
}
