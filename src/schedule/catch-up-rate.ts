import type { Instant } from '../clock/clock.ts'

/** How fast what was missed is caught up, after a long stop. */
export interface CatchUpRate {
  /** How many runs a minute, of all namespaces together. */
  readonly perMinute: number
  /** How many of them of one namespace; `Infinity` for as many as there is room for. */
  readonly perMinuteOfNamespace: number
}

/** A minute's caught-up runs are given their due instants at once. */
export const RATE_WINDOW_MS = 60_000

/**
 * Divides what fits into a window between namespaces: nobody gets more than they want, and nobody less than another who
 * wants as much. Where there is not even one for each, it goes round.
 *
 * @param wanted how many each wants, by name
 * @param round counts the windows, so that in the next one others come first
 */
export function fairShares(
  wanted: ReadonlyMap<string, number>,
  { perMinute, perMinuteOfNamespace }: CatchUpRate,
  round: number,
): Map<string, number> {
  const names = [...wanted.keys()].sort()
  const first = names.length === 0 ? 0 : round % names.length
  const turn = [...names.slice(first), ...names.slice(0, first)]
  const limits = new Map(turn.map((name) => [name, Math.min(wanted.get(name)!, perMinuteOfNamespace)]))

  const shares = new Map<string, number>()
  // Who wants no more than an equal part has it, and leaves the rest of that part to the others.
  const modestFirst = [...limits].sort(([, a], [, b]) => a - b)
  let left = perMinute
  let level: number | undefined
  for (const [i, [name, limit]] of modestFirst.entries()) {
    const equalPart = left / (modestFirst.length - i)
    if (limit > equalPart) level ??= Math.floor(equalPart)
    const share = level ?? limit
    shares.set(name, share)
    left -= share
  }
  // What does not divide evenly goes to those whose turn it is.
  for (const [name, limit] of limits) {
    const more = Math.min(left, 1, limit - shares.get(name)!)
    shares.set(name, shares.get(name)! + more)
    left -= more
  }
  return shares
}

/** When runs are due that are caught up within a window: those of all namespaces in turn, none faster than its rate. */
export function dueInstants(
  shares: ReadonlyMap<string, number>,
  { perMinute, perMinuteOfNamespace }: CatchUpRate,
  from: Instant,
): Map<string, Instant[]> {
  const all = [...shares].flatMap(([name, count]) =>
    Array.from({ length: count }, (_, i) => ({ name, i, place: (i + 0.5) / count })),
  )
  all.sort((a, b) => a.place - b.place)

  const due = new Map([...shares.keys()].map((name): [string, Instant[]] => [name, []]))
  for (const [i, { name, i: own }] of all.entries()) {
    const afterMs = Math.max((i * RATE_WINDOW_MS) / perMinute, (own * RATE_WINDOW_MS) / perMinuteOfNamespace)
    due.get(name)!.push(from + Math.floor(afterMs))
  }
  return due
}
