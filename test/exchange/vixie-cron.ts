/**
 * What Vixie's cron does with a line, minute by minute: a model of the main loop of cron.c and of find_jobs, as plain as
 * they are, against which readings and writings of crontabs are held. It knows numbers, `*`, ranges, lists and steps.
 */

const MINUTE_MS = 60_000
const LIMITS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const

interface Entry {
  readonly sets: readonly ReadonlySet<number>[]
  /** Whether the field begins with a star, which is all that cron looks at. */
  readonly stars: readonly boolean[]
}

/** The instants after `from`, up to `until`, at which cron runs a line with these five fields. */
export function vixieInstants(fields: string, timezone: string, from: number, until: number): number[] {
  const entry = parse(fields)
  const local = localMinutes(timezone)
  const isWild = entry.stars[0]! || entry.stars[1]!

  const instants: number[] = []
  let virtual = local(from)
  for (let at = from + MINUTE_MS; at <= until; at += MINUTE_MS) {
    const running = local(at)
    const jump = running - virtual
    let runs = false
    if (jump === 1 || jump > 180 || jump < -180) {
      virtual = running
      runs = matches(entry, running)
    } else if (jump > 5) {
      // Wildcards for this minute, and all others for each one that was skipped.
      runs = isWild && matches(entry, running)
      while (virtual < running) {
        virtual++
        runs ||= !isWild && matches(entry, virtual)
      }
    } else if (jump > 0) {
      while (virtual < running) {
        virtual++
        runs ||= matches(entry, virtual)
      }
    } else {
      // The clock went back: wildcards only, until it has caught up.
      runs = isWild && matches(entry, running)
    }
    if (runs) instants.push(at)
  }
  return instants
}

function matches({ sets, stars }: Entry, minutes: number): boolean {
  const time = new Date(minutes * MINUTE_MS)
  const day = sets[2]!.has(time.getUTCDate())
  const weekday = sets[4]!.has(time.getUTCDay()) || (time.getUTCDay() === 0 && sets[4]!.has(7))
  return (
    sets[0]!.has(time.getUTCMinutes()) &&
    sets[1]!.has(time.getUTCHours()) &&
    sets[3]!.has(time.getUTCMonth() + 1) &&
    (stars[2]! || stars[4]! ? day && weekday : day || weekday)
  )
}

function parse(text: string): Entry {
  const fields = text.split(' ')
  const sets = fields.map((field, i) => {
    const [least, most] = LIMITS[i]!
    const set = new Set<number>()
    for (const item of field.split(',')) {
      const [values = '', step = '1'] = item.split('/')
      const [low, high = low] = values === '*' ? [least, most] : values.split('-').map(Number)
      for (let value = low!; value <= high!; value += Number(step)) set.add(value)
    }
    return set
  })
  return { sets, stars: fields.map((field) => field.startsWith('*')) }
}

/** The local time of an instant, in minutes since 1970 as a clock in UTC would show them. */
function localMinutes(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  return (at) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`) / MINUTE_MS
}
