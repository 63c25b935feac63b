import { InvalidInputError } from '../errors.ts'
import { didYouMean } from '../suggestion.ts'

/**
 * What happens to a local time that a clock change skips.
 *
 * - `shift`: it fires later by the length of the gap, so 02:30 fires at 03:30.
 * - `after`: it fires at the instant at which the gap ends, unless its hour repeats (see `auto`): then the next run is
 *   near and the skipped one is lost.
 * - `skip`: it does not fire.
 */
export type GapRule = 'shift' | 'after' | 'skip'

/**
 * On which pass a local time fires that a clock change repeats.
 *
 * - `auto`: on both if its hour repeats, otherwise on the first. An hour h repeats if the hour field is exactly `*`, or
 *   has a plain range a-b with a ≤ h < b.
 * - `first`, `last`, `both`: as the word says.
 */
export type OverlapRule = 'auto' | 'first' | 'last' | 'both'

/** The two choices that make a daylight saving rule. */
export interface DstChoice {
  readonly gap: GapRule
  readonly overlap: OverlapRule
}

/** A daylight saving rule by name. */
export type DstRule = 'shift' | 'vixie' | 'skip' | 'literal'

/** What the names stand for. */
export const DST_RULES: Readonly<Record<DstRule, DstChoice>> = {
  shift: { gap: 'shift', overlap: 'auto' },
  vixie: { gap: 'after', overlap: 'auto' },
  skip: { gap: 'skip', overlap: 'first' },
  literal: { gap: 'skip', overlap: 'both' },
}

const GAPS: readonly string[] = ['shift', 'after', 'skip'] satisfies GapRule[]
const OVERLAPS: readonly string[] = ['auto', 'first', 'last', 'both'] satisfies OverlapRule[]

/**
 * The two choices of a rule; a choice that is left out is that of `shift`.
 *
 * @throws {InvalidInputError} when there is no such rule or choice
 */
export function resolveDstRule(rule: DstRule | Partial<DstChoice>): DstChoice {
  if (typeof rule === 'string') {
    if (Object.hasOwn(DST_RULES, rule)) return DST_RULES[rule]
    throw unknownChoice('dst', rule, Object.keys(DST_RULES))
  }
  if (typeof rule !== 'object' || rule === null) throw unknownChoice('dst', rule, Object.keys(DST_RULES))

  const { gap = 'shift', overlap = 'auto' } = rule
  if (!GAPS.includes(gap)) throw unknownChoice('dst.gap', gap, GAPS)
  if (!OVERLAPS.includes(overlap)) throw unknownChoice('dst.overlap', overlap, OVERLAPS)
  return { gap, overlap }
}

/** An option that has no such value. */
export function unknownChoice(path: string, value: unknown, choices: readonly string[]): InvalidInputError {
  const shown = typeof value === 'string' ? `"${value.slice(0, 40)}"` : `a value of type ${typeof value}`
  const hint = typeof value === 'string' && value.length <= 40 ? didYouMean(value, choices) : ''
  return new InvalidInputError(`${path} is ${shown}, not one of ${choices.join(', ')}${hint}`, path)
}
