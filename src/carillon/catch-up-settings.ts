import { ConfigError } from '../errors.ts'
import type { CatchUpRate } from '../schedule/catch-up-rate.ts'
import { didYouMean } from '../suggestion.ts'

/** How what was missed is caught up, so that a long stop does not end in a flood. */
export interface CatchUpSettings {
  /** How many missed runs a minute are caught up, of all namespaces together: 1 to 60,000, which is the default. */
  readonly perMinute?: number | undefined
  /** How many of them of one namespace; as many as there is room for by default. */
  readonly perMinuteOfNamespace?: number | undefined
  /** When more missed runs than this are to be caught up, they wait for an operator; never by default. */
  readonly holdAbove?: number | undefined
}

/** The settings with every default written out. */
export interface ResolvedCatchUp {
  /** Whether missed runs are caught up at a rate. */
  readonly owes: boolean
  readonly catchUpRate: CatchUpRate
  readonly holdAbove: number
}

const FASTEST = 60_000
const KNOWN = Object.keys({
  perMinute: 1,
  perMinuteOfNamespace: 1,
  holdAbove: 1,
} satisfies Record<keyof CatchUpSettings, 1>)

/** @throws {ConfigError} naming what is wrong and what would be right */
export function resolveCatchUp(settings: CatchUpSettings | undefined): ResolvedCatchUp {
  const { perMinute = FASTEST, perMinuteOfNamespace = Infinity, holdAbove = Infinity } = settings ?? {}
  const unknown = Object.keys(settings ?? {}).find((name) => !KNOWN.includes(name))
  if (unknown !== undefined)
    throw new ConfigError(`unknown option "catchUp.${unknown}"${didYouMean(unknown, KNOWN)}`)
  const rates = { perMinute, perMinuteOfNamespace }
  for (const [name, rate] of Object.entries(rates)) {
    if (rate !== Infinity && (!Number.isInteger(rate) || rate < 1 || rate > FASTEST))
      throw new ConfigError(`catchUp.${name} is a whole number of runs a minute, from 1 to 60,000`)
  }
  if (holdAbove !== Infinity && (!Number.isInteger(holdAbove) || holdAbove < 0))
    throw new ConfigError('catchUp.holdAbove is a whole number of runs, from 0')
  const catchUpRate = { perMinute: Math.min(perMinute, FASTEST), perMinuteOfNamespace }
  return { owes: settings !== undefined, catchUpRate, holdAbove }
}
