/** The offset of a zone from UTC at an instant, in milliseconds. */
export type OffsetReader = (instant: number) => number

/** A formatter whose output ends in the offset, with little else, because formatting is what a zone costs. */
export function offsetFormatter(timezone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    weekday: 'short',
    timeZoneName: 'longOffset',
  })
}

/** Reads offsets from what an `offsetFormatter` writes, such as `Thu, GMT-00:44:30`. */
export function offsetReader(formatter: Intl.DateTimeFormat): OffsetReader {
  return (instant) => {
    const text = formatter.format(instant)
    const sign = text.indexOf('GMT') + 3
    if (sign === text.length) return 0

    const [hours = 0, minutes = 0, seconds = 0] = text
      .slice(sign + 1)
      .split(':')
      .map(Number)
    const sum = (hours * 3600 + minutes * 60 + seconds) * 1000
    return text[sign] === '-' ? -sum : sum
  }
}
