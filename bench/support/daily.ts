const TIMEZONE = 'Europe/Berlin'
const HOUR = 3_600_000

/** A full hour, one to two hours from now. */
export function nextFullHour(): number {
  return Math.ceil(Date.now() / HOUR + 1) * HOUR
}

/** What fires daily at the local time of `instant` in a time zone. */
export function dailyAt(instant: number): { cron: string; timezone: string } {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: TIMEZONE,
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const part = (type: string) =>
    Number(format.formatToParts(instant).find((found) => found.type === type)?.value)
  return { cron: `${part('second')} ${part('minute')} ${part('hour')} * * *`, timezone: TIMEZONE }
}
