import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Carillon, CronExpression, readCrontab, writeCrontab, type CrontabSchedule } from '../../src/index.ts'
import { vixieInstants } from './vixie-cron.ts'

const DAY = 86_400_000

/** The hours around clock changes of several shapes, and one without any. */
const CHANGES = [
  ['Europe/Berlin', '2027-03-28T01:00:00Z'],
  ['Europe/Berlin', '2027-10-31T01:00:00Z'],
  ['America/New_York', '2027-03-14T07:00:00Z'],
  ['America/New_York', '2027-11-07T06:00:00Z'],
  ['Australia/Lord_Howe', '2027-04-03T15:00:00Z'],
  ['Australia/Lord_Howe', '2027-10-02T15:30:00Z'],
  ['Asia/Tokyo', '2027-06-01T00:00:00Z'],
] as const

/** A field of crontab(5): stars, numbers, ranges, lists and steps. */
function field(least: number, most: number) {
  const value = fc.integer({ min: least, max: most })
  const step = fc.integer({ min: 1, max: Math.min(most, 12) })
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
  const stepped = fc.tuple(fc.oneof(fc.constant('*'), range), step).map(([values, n]) => `${values}/${n}`)
  const item = fc.oneof(value.map(String), range, stepped)
  return fc.oneof(
    fc.constant('*'),
    item,
    fc.array(item, { minLength: 2, maxLength: 3 }).map((items) => items.join(',')),
  )
}

/** Times that a clock change is likely to meet. */
const time = fc
  .tuple(
    fc.oneof(field(0, 59), fc.constantFrom('0', '30')),
    fc.oneof(field(0, 23), field(0, 4), fc.constantFrom('1', '2', '3', '1-5', '*/2')),
    fc.oneof({ weight: 2, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: field(1, 31) }),
    fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: field(1, 12) }),
    fc.oneof({ weight: 2, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: field(0, 6) }),
  )
  .map((fields) => fields.join(' '))
const change = fc.constantFrom(...CHANGES)

function instantsOf(
  { cron, timezone, dst }: Pick<CrontabSchedule, 'cron' | 'timezone' | 'dst'>,
  from: number,
  until: number,
): number[] {
  const expression = new CronExpression(cron as string, timezone, { dst })
  return Array.from(expression.between(from, until), (instant) => instant.getTime())
}

describe('a line of a crontab', () => {
  it('runs at the instants at which cron would run it, also where the clock changes, or it says that it does not', () => {
    let [same, warned] = [0, 0]
    fc.assert(
      fc.property(time, change, (text, [timezone, at]) => {
        const [from, until] = [Date.parse(at) - DAY, Date.parse(at) + DAY]
        const { schedules, warnings } = readCrontab(`${text} true\n`, { timezone, now: from })
        const [schedule] = schedules
        expect(warnings.filter(({ isRefused }) => isRefused)).toEqual([])
        if (warnings.some(({ code }) => code === 'clock-change')) {
          warned++
          return
        }
        expect(instantsOf(schedule!, from, until)).toEqual(vixieInstants(text, timezone, from, until))
        same++
      }),
      { numRuns: Number(process.env['EXCHANGE_RUNS'] ?? 400) },
    )
    // Neither answer is the only one.
    expect(same).toBeGreaterThan(warned)
    expect(warned).toBeGreaterThan(0)
  })

  it('warns of a clock change only where its instants are others than those of cron', () => {
    fc.assert(
      fc.property(time, fc.constantFrom('Europe/Berlin', 'America/New_York'), (text, timezone) => {
        const from = Date.parse('2027-01-01T00:00:00Z')
        const { schedules, warnings } = readCrontab(`${text} true\n`, { timezone, now: from })
        const warning = warnings.find(({ code }) => code === 'clock-change')
        if (warning === undefined) return

        const at = Date.parse(/\d{4}-\d\d-\d\d/.exec(warning.differs)![0])
        const [since, until] = [at - DAY, at + 2 * DAY]
        expect(instantsOf(schedules[0]!, since, until)).not.toEqual(
          vixieInstants(text, timezone, since, until),
        )

        // What it says is to be done is right.
        const hours = /write the hours as (\S+) /.exec(warning.remedy)![1]!
        const mended = text.split(' ').with(1, hours).join(' ')
        const again = readCrontab(`${mended} true\n`, { timezone, now: from })
        expect(again.warnings.filter(({ code }) => code === 'clock-change')).toEqual([])
        expect(instantsOf(again.schedules[0]!, since, until)).toEqual(
          vixieInstants(text, timezone, since, until),
        )
      }),
      { numRuns: 200 },
    )
  })
})

describe('a schedule in a crontab', () => {
  let cron: Carillon
  beforeAll(async () => {
    cron = await Carillon.open({ database: 'sqlite::memory:' })
  })
  afterAll(() => cron.close())

  const words = fc
    .tuple(time, fc.constantFrom('', '', '+'), fc.constantFrom('shift', 'vixie', 'skip', 'literal'))
    .map(([text, plus, dst]) => ({ text: text.replace(/\S+$/, `${plus}$&`), dst }) as const)

  it('runs there at the same instants, unless it is told what is lost', async () => {
    let [same, lossy] = [0, 0]
    await fc.assert(
      fc.asyncProperty(words, change, async ({ text, dst }, [timezone, at]) => {
        const [from, until] = [Date.parse(at) - DAY, Date.parse(at) + DAY]
        const payload = { program: 'true' }
        const stored = await cron.schedule({ key: 'a', cron: text, timezone, dst, job: 'command', payload })
        const written = writeCrontab([stored], { now: from })
        if (written.warnings.length > 0) {
          lossy++
          return
        }
        const line = written.text.trimEnd().split('\n').at(-1)!
        expect(line).toMatch(/ true$/)
        expect(written.text).toContain(`\nCRON_TZ=${timezone}\n`)
        expect(vixieInstants(line.replace(/ true$/, ''), timezone, from, until), line).toEqual(
          instantsOf({ cron: text, timezone, dst }, from, until),
        )
        same++
      }),
      { numRuns: 300 },
    )
    expect(same).toBeGreaterThan(lossy)
  })
})
