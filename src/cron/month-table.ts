/** Dates are counted in days and months since January 1970, in the Gregorian calendar. */

const FIRST_YEAR = 1970
const LAST_YEAR = 2199
export const MONTH_COUNT = (LAST_YEAR - FIRST_YEAR + 1) * 12

const SECONDS_PER_DAY = 86_400

/** The first day of every month, and of the one after the last. */
const MONTH_STARTS = Int32Array.from(
  { length: MONTH_COUNT + 1 },
  (_, month) => Date.UTC(FIRST_YEAR, month, 1) / 1000 / SECONDS_PER_DAY,
)

/** The number of days from 1970 to 2199. */
export const DAY_COUNT = MONTH_STARTS[MONTH_COUNT]!

/** The month of a day from 0 to `DAY_COUNT - 1`. */
export function monthOf(day: number): number {
  // 65536 / 30.44: a guess in integers, never more than one month off, as the tests find for every day.
  const guess = (day * 2153) >>> 16
  if (day < MONTH_STARTS[guess]!) return guess - 1
  return day < MONTH_STARTS[guess + 1]! ? guess : guess + 1
}

/** The first day of a month. */
export function monthStart(month: number): number {
  return MONTH_STARTS[month]!
}

/** How many days a month has. */
export function monthLength(month: number): number {
  return MONTH_STARTS[month + 1]! - MONTH_STARTS[month]!
}

/** The weekday of a day, 0 for Sunday. */
export function weekdayOf(day: number): number {
  return (day + 4) % 7
}
