const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/**
 * The expression that fires at the same instants as a fixed interval, read in UTC; `undefined` when cron has none: its
 * steps begin anew with each hour and each day.
 */
export function intervalCron(everyMs: number, anchor: number): string | undefined {
  const first = ((anchor % everyMs) + everyMs) % everyMs
  if (first % MINUTE_MS !== 0 || everyMs % MINUTE_MS !== 0) return undefined

  const minute = (first % HOUR_MS) / MINUTE_MS
  const hour = Math.floor((first % DAY_MS) / HOUR_MS)
  if (HOUR_MS % everyMs === 0) return `${steps(minute, everyMs / MINUTE_MS, 59)} * * * *`
  if (DAY_MS % everyMs === 0 && everyMs % HOUR_MS === 0)
    return `${minute} ${steps(hour, everyMs / HOUR_MS, 23)} * * *`
  // 1970 began on a Thursday.
  if (everyMs === 7 * DAY_MS) return `${minute} ${hour} * * ${(4 + Math.floor(first / DAY_MS)) % 7}`
  return undefined
}

function steps(first: number, step: number, most: number): string {
  if (step > most) return String(first)
  if (step === 1) return '*'
  return first === 0 ? `*/${step}` : `${first}-${most}/${step}`
}
