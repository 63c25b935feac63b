import { InvalidInputError } from '../errors.ts'

/** A length of time: milliseconds, or text such as `'90s'`, `'5m'`, `'1h30m'`, `'7d'`. */
export type Duration = number | string

/** Two hundred years: with any instant that schedules may name, the sum is one too. */
const LONGEST_MS = 200 * 366 * 86_400_000

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/**
 * The milliseconds of a duration.
 *
 * @param path names the option that holds it, for the error
 * @throws {InvalidInputError} when it is negative, not finite, or not of the form number and unit (ms s m h d w)
 */
export function durationMs(duration: Duration, path = 'duration'): number {
  const ms = typeof duration === 'string' ? textMs(duration) : duration
  if (typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 && ms <= LONGEST_MS) return Math.round(ms)

  throw new InvalidInputError(
    `${path} ${JSON.stringify(duration)} is not a duration: give milliseconds, or text such as "90s", "5m", "1h30m", "7d"`,
    path,
  )
}

function textMs(text: string): number | undefined {
  if (text.length > 64 || !/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return undefined

  let ms = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    ms += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
  }
  return ms
}

/** The shortest text for `ms` that `durationMs` reads back: `5400000` gives `'1h30m'`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms)
  let text = ''
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(rest / UNIT_MS[unit])
    rest -= amount * UNIT_MS[unit]
    if (amount > 0) text += `${amount}${unit}`
  }
  return text === '' ? '0s' : text
}
