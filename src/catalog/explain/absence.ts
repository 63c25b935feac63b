import type { Instant } from '../../clock/clock.ts'
import { formatDuration } from '../../clock/duration.ts'
import { absoluteTime, zonedTime } from '../../clock/time-text.ts'
import type { DstRule } from '../../cron/index.ts'
import type { Definition } from '../../schedule/definition.ts'
import type { Recurrence } from '../../schedule/recurrence.ts'
import { compileTiming } from '../../schedule/timing.ts'
import type { ExplanationCode } from './explanation.ts'

/** Why a definition does not name an instant. */
export interface Absence {
  readonly code: Extract<
    ExplanationCode,
    'before-start' | 'after-end' | 'excluded-date' | 'clock-change' | 'not-due'
  >
  readonly text: string
}

/** The time zone in which the times of a definition are told. */
export function zoneOf({ recurrence }: Pick<Definition, 'recurrence'>): string {
  return recurrence.kind === 'cron' ? recurrence.timezone : 'UTC'
}

/** Whether the definition names the instant. */
export function names(recurrence: Recurrence, instant: Instant): boolean {
  return recurrence.nextMs(instant - 1, instant) === instant
}

/**
 * Finds out which part of a definition is to blame that it does not name an instant: the first without which it would.
 *
 * @param definition one that does not name the instant
 * @param seed the schedule's, for `H`
 */
export function absenceOf(definition: Definition, seed: string, instant: Instant): Absence {
  const wouldName = (change: Partial<Definition>) =>
    names(compileTiming({ ...definition, ...change }, seed), instant)
  const { recurrence } = definition
  const free = { startsAt: null, endsAt: null } as const

  if (wouldName(free)) return outOfBounds(definition, instant)
  if (recurrence.kind !== 'cron') return { code: 'not-due', text: notDue(definition) }

  if (wouldName({ ...free, recurrence: { ...recurrence, except: [] } }))
    return {
      code: 'excluded-date',
      text: `${absoluteTime(instant, recurrence.timezone).slice(0, 'yyyy-mm-dd'.length)} is one of the dates on which the schedule does not run.`,
    }
  const wouldUnder = (dst: DstRule) => wouldName({ ...free, recurrence: { ...recurrence, dst, except: [] } })
  if (wouldUnder('literal'))
    return {
      code: 'clock-change',
      text: `A clock change repeats this time of day, and the rule "${recurrence.dst}" runs it on one of the two passes only, which this is not.`,
    }
  if (wouldUnder('shift') || wouldUnder('vixie'))
    return {
      code: 'clock-change',
      text: `A clock change skips the time that the expression names, and the rule "${recurrence.dst}" does not run it here.`,
    }
  return { code: 'not-due', text: notDue(definition) }
}

function outOfBounds(definition: Definition, instant: Instant): Absence {
  const zone = zoneOf(definition)
  const { startsAt, endsAt } = definition
  if (endsAt !== null && instant > endsAt)
    return { code: 'after-end', text: `It is after the end of the schedule, ${zonedTime(endsAt, zone)}.` }
  return {
    code: 'before-start',
    text: `It is before the start of the schedule, ${zonedTime(startsAt!, zone)}.`,
  }
}

function notDue(definition: Definition): string {
  return `The schedule runs ${recurrenceText(definition)}, which does not name this instant.`
}

/** When a definition runs: `*\/5 * * * * in Europe/Berlin`, `every 5m`, `once at …`. */
export function recurrenceText({ recurrence }: Pick<Definition, 'recurrence'>): string {
  switch (recurrence.kind) {
    case 'cron':
      return `${recurrence.expressions.join(' or ')} in ${recurrence.timezone}`
    case 'every':
      return `every ${formatDuration(recurrence.everyMs)}`
    case 'at':
      return `once at ${zonedTime(recurrence.at, 'UTC')}`
  }
}
