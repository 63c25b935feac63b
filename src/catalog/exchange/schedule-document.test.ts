import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Carillon } from '../../carillon/carillon.ts'
import { defineJob } from '../../task/job.ts'
import { scheduleInputOf } from '../schedule-input-of.ts'
import { documentLine, DOCUMENT_END, DOCUMENT_HEAD, readDocument } from './schedule-document.ts'

const anything = defineJob('anything', { handle: () => {} })
let [here, there] = [{} as Carillon, {} as Carillon]
beforeAll(async () => {
  const open = () => Carillon.open({ database: 'sqlite::memory:', jobs: [anything] })
  ;[here, there] = [await open(), await open()]
})
beforeEach(async () => {
  for (const cron of [here, there]) for await (const { key } of cron.describeAll()) await cron.delete(key)
})
afterAll(() => Promise.all([here.close(), there.close()]))

async function documentOf(cron: Carillon): Promise<string> {
  const lines: string[] = []
  for await (const schedule of cron.describeAll()) lines.push(documentLine(schedule)!)
  return `${DOCUMENT_HEAD}${lines.map((line) => `\n${line}`).join()}${DOCUMENT_END}`
}

const text = fc
  .string({ unit: 'binary', maxLength: 20 })
  .filter((it) => !it.includes('\0') && it.isWellFormed())
const name = text.filter((it) => it !== '')
const duration = fc.integer({ min: 1_000, max: 1e9 })
const instant = fc.integer({ min: 0, max: 7e12 })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const expression = fc.constantFrom(
  '0 2 * * *',
  '*/5 * * * * *',
  'H H * * *',
  '@daily',
  '0 9 L * +MON',
  '0 0 1 1 * * 2090',
)
const recurrence = fc.oneof(
  fc.record({
    cron: fc.oneof(expression, fc.uniqueArray(expression, { minLength: 1, maxLength: 3 })),
    timezone: optional(fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Calcutta')),
    dst: optional(fc.constantFrom('shift', 'vixie', 'skip', 'literal')),
    except: optional(fc.constant(['2027-12-25', '2027-01-01'])),
  }),
  fc.record({ cron: fc.constant('0 2 * * *'), syntax: fc.constant('standard') }),
  fc.record({ every: duration, anchor: optional(instant) }),
  fc.record({ at: instant }),
)
const overlap = fc.oneof(
  fc.constant({}),
  fc.record({
    overlap: fc.constantFrom('skip', 'queue-one', 'queue-all', 'replace'),
    maxRunning: optional(fc.integer({ min: 1, max: 9 })),
    mutex: optional(name),
    minimumBreak: optional(duration),
  }),
)
const policy = fc.record({
  job: fc.constant('anything'),
  // JSON knows no -0.
  payload: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  group: optional(name),
  active: optional(fc.boolean()),
  catchUp: optional(
    fc.record({
      within: duration,
      policy: fc.constantFrom('all', 'latest'),
      max: fc.integer({ min: 1, max: 99 }),
    }),
  ),
  startsAt: optional(fc.integer({ min: 0, max: 1e12 })),
  endsAt: optional(fc.integer({ min: 4e12, max: 7e12 })),
  maxRuns: optional(fc.integer({ min: 1, max: 1e6 })),
  spread: optional(duration),
  jitter: optional(duration),
  retries: optional(fc.integer({ min: 0, max: 9 })),
  backoff: optional(
    fc.record({
      initial: duration,
      factor: fc.integer({ min: 1, max: 9 }),
      max: duration,
      jitter: fc.constantFrom(0, 0.5, 1),
    }),
  ),
  pauseAfter: optional(fc.integer({ min: 1, max: 9 })),
  whenFinished: optional(fc.constantFrom('keep', 'remove')),
  timeout: optional(duration),
  note: optional(text),
})
const schedules = fc.uniqueArray(
  fc.tuple(name, recurrence, overlap, policy).map((parts) => {
    const [key, when, guard, how] = parts
    return { key, ...when, ...guard, ...how }
  }),
  { selector: ({ key }) => key, minLength: 1, maxLength: 4 },
)

describe('a document of schedules', () => {
  it('stores equal schedules elsewhere, and changes nothing where it comes from', async () => {
    await fc.assert(
      fc
        .asyncProperty(schedules, async (given) => {
          await here.scheduleMany(given)
          const document = await documentOf(here)
          // People may look at it: nothing in it acts on their terminal.
          expect(document).not.toMatch(/[^\P{Cc}\n]|[\u2028-\u202E\u2066-\u2069]/u)

          const read = readDocument(document)
          expect(await there.scheduleMany(read)).toEqual({ created: given.length, changed: 0, unchanged: 0 })
          expect(await here.scheduleMany(read)).toEqual({ created: 0, changed: 0, unchanged: given.length })
          expect(await documentOf(there)).toBe(document)
          for (const { key } of given) {
            const [original, copy] = [await here.describe(key), await there.describe(key)]
            expect(scheduleInputOf(copy!)).toEqual(scheduleInputOf(original!))
            expect(copy!.state).toBe(original!.state)
          }
        })
        .afterEach(async () => {
          for (const cron of [here, there])
            for await (const { key } of cron.describeAll()) await cron.delete(key)
        }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['', /it is not JSON/],
    ['{"carillon": 1, "schedules": [', /it is not JSON/],
    ['[]', /no "carillon"/],
    ['null', /no "carillon"/],
    ['{"schedules": []}', /no "carillon".*schedule export --format json/],
    ['{"carillon": 2, "schedules": []}', /version 2, and this Carillon reads 1: take a newer one/],
    ['{"carillon": "1", "schedules": []}', /version "1"/],
    ['{"carillon": 1}', /"schedules" is no array/],
    ['{"carillon": 1, "schedules": {}}', /"schedules" is no array/],
    ['{"carillon": 1, "schedules": [], "more": 1}', /unknown part, "more"/],
    ['{"carillon": 1, "schedules": [null]}', /schedule 0 is no object/],
    ['{"carillon": 1, "schedules": [{"job": "a"}]}', /schedule 0 has no key/],
    [
      '{"carillon": 1, "schedules": [{"key": "a"}, {"key": "a"}]}',
      /schedule 1 has the key "a" of an earlier one/,
    ],
  ])('is refused when it is %s', (text, message) => {
    expect(() => readDocument(text)).toThrow(message)
  })

  it('may begin with a byte order mark, and be laid out otherwise', () => {
    const document = JSON.stringify(
      { schedules: [{ key: 'a', job: 'b', every: '1h' }], carillon: 1 },
      undefined,
      4,
    )
    expect(readDocument(`\uFEFF${document}\n`)).toEqual([{ key: 'a', job: 'b', every: '1h' }])
  })
})
