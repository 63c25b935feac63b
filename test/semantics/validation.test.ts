import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  ConfigError,
  CronSyntaxError,
  defineJob,
  InvalidInputError,
  InvalidPayloadError,
  UnknownJobError,
  UnknownZoneError,
  type CarillonError,
} from '../../src/index.ts'
import { useWorld } from './support.ts'

const world = useWorld()

const typed = defineJob('send-report', {
  payload: z.object({ user: z.number() }),
  handle: () => undefined,
})

type Refusal = [
  what: string,
  change: Record<string, unknown>,
  kind: new (...given: never[]) => CarillonError,
  says: string,
]

const circular: Record<string, unknown> = {}
circular['self'] = circular

function nested(depth: number): unknown {
  let value: unknown = []
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

/** Laid over a good schedule, each of these has to be refused. */
const REFUSED: Refusal[] = [
  ['an unknown zone', { timezone: 'Mars/Olympus' }, UnknownZoneError, 'Mars/Olympus'],
  ['an empty zone', { timezone: '' }, UnknownZoneError, ''],
  ['a minute out of range', { cron: '75 * * * *' }, CronSyntaxError, '0-59'],
  ['an hour out of range behind a good minute', { cron: '5 99 * * *' }, CronSyntaxError, '99'],
  ['an empty expression', { cron: '' }, CronSyntaxError, ''],
  ['an expression that is no text', { cron: 5 }, InvalidInputError, 'cron'],
  ['six fields in standard syntax', { cron: '0 * * * * *', syntax: 'standard' }, CronSyntaxError, ''],
  ['an unknown syntax', { syntax: 'quartz' }, InvalidInputError, 'syntax'],
  ['an unknown rule for clock changes', { dst: 'shft' }, InvalidInputError, 'shift'],
  ['cron and every', { every: '5m' }, InvalidInputError, 'every'],
  ['cron and at', { at: '2026-07-01T00:00:00Z' }, InvalidInputError, 'at'],
  ['no recurrence', { cron: undefined }, InvalidInputError, 'cron'],
  ['every 0', { cron: undefined, every: 0 }, InvalidInputError, 'every'],
  ['every half a second', { cron: undefined, every: 500 }, InvalidInputError, 'every'],
  ['a negative interval', { cron: undefined, every: -60_000 }, InvalidInputError, 'every'],
  [
    'a zone for an interval',
    { cron: undefined, every: '5m', timezone: 'Europe/Berlin' },
    InvalidInputError,
    'timezone',
  ],
  ['an anchor for an expression', { anchor: '2026-07-01T00:00:00Z' }, InvalidInputError, 'anchor'],
  ['an instant without an offset', { cron: undefined, at: '2026-07-01T12:00:00' }, InvalidInputError, 'at'],
  ['a date without a time', { cron: undefined, at: '2026-07-01' }, InvalidInputError, 'at'],
  ['an impossible date', { cron: undefined, at: '2026-02-30T12:00:00Z' }, InvalidInputError, 'at'],
  ['an invalid Date', { cron: undefined, at: new Date(Number.NaN) }, InvalidInputError, 'at'],
  [
    'an end before the start',
    { startsAt: 2_000_000_000_000, endsAt: 1_900_000_000_000 },
    InvalidInputError,
    'endsAt',
  ],
  ['an unknown job', { job: 'nott' }, UnknownJobError, 'did you mean "note"'],
  ['an empty job', { job: '' }, InvalidInputError, 'job'],
  ['an unknown option', { timezoen: 'UTC' }, InvalidInputError, 'did you mean "timezone"'],
  [
    'an unknown option within one',
    { catchUp: { within: '5m', polcy: 'all' } },
    InvalidInputError,
    'did you mean "policy"',
  ],
  ['an over-long key', { key: 'k'.repeat(256) }, InvalidInputError, '255'],
  ['a key that is no text', { key: 7 }, InvalidInputError, 'key'],
  ['an over-long group', { group: 'g'.repeat(256) }, InvalidInputError, 'group'],
  ['a negative catch-up', { catchUp: -1 }, InvalidInputError, 'catchUp'],
  ['a catch-up that is no duration', { catchUp: 'soon' }, InvalidInputError, 'catchUp'],
  ['a catch-up of none', { catchUp: { within: '5m', max: 0 } }, InvalidInputError, 'max'],
  ['an unknown catch-up policy', { catchUp: { within: '5m', policy: 'first' } }, InvalidInputError, 'latest'],
  ['maxRuns 0', { maxRuns: 0 }, InvalidInputError, 'maxRuns'],
  ['half a retry', { retries: 1.5 }, InvalidInputError, 'retries'],
  ['negative retries', { retries: -1 }, InvalidInputError, 'retries'],
  ['a backoff that shrinks', { backoff: { factor: 0.5 } }, InvalidInputError, 'factor'],
  ['a jitter of more than the wait', { backoff: { jitter: 1.5 } }, InvalidInputError, 'jitter'],
  ['a negative jitter', { backoff: { jitter: -0.1 } }, InvalidInputError, 'jitter'],
  ['a pause after no failure', { pauseAfter: 0 }, InvalidInputError, 'pauseAfter'],
  ['a pause after half a failure', { pauseAfter: 1.5 }, InvalidInputError, 'pauseAfter'],
  ['an expectation of nothing', { expectWithin: 0 }, InvalidInputError, 'expectWithin'],
  ['an expectation that is no duration', { expectWithin: 'soon' }, InvalidInputError, 'expectWithin'],
  ['a timeout of nothing', { timeout: 0 }, InvalidInputError, 'timeout'],
  ['a timeout that is no duration', { timeout: '5 minutes' }, InvalidInputError, 'timeout'],
  ['active as text', { active: 'no' }, InvalidInputError, 'active'],
  ['an unknown queue', { queue: 'nowhere' }, InvalidInputError, 'nowhere'],
  ['a bigint payload', { payload: 1n }, InvalidPayloadError, ''],
  ['a bigint deep inside', { payload: { rows: [{ id: 1n }] } }, InvalidPayloadError, ''],
  ['a function payload', { payload: () => 1 }, InvalidPayloadError, ''],
  ['a Map', { payload: new Map([[1, 2]]) }, InvalidPayloadError, ''],
  ['a hole in an array', { payload: [undefined] }, InvalidPayloadError, ''],
  ['not a number', { payload: { n: Number.NaN } }, InvalidPayloadError, ''],
  ['a function inside', { payload: { callback: () => 1 } }, InvalidPayloadError, ''],
  ['a payload that nests too deeply', { payload: nested(200_000) }, InvalidPayloadError, ''],
  ['a circular payload', { payload: circular }, InvalidPayloadError, ''],
  ['a payload over 64 KiB', { payload: 'x'.repeat(65_536) }, InvalidPayloadError, '65538'],
  ['a payload over 64 KiB in bytes', { payload: '€'.repeat(22_000) }, InvalidPayloadError, '66002'],
  [
    'a payload that its schema refuses',
    { job: 'send-report', payload: { user: 'x' } },
    InvalidPayloadError,
    'user',
  ],
  ['no payload where the schema wants one', { job: 'send-report' }, InvalidPayloadError, 'send-report'],
]

const GOOD = { key: 'a', cron: '*/5 * * * *', job: 'note' }

async function refused(call: Promise<unknown>, [, , kind, says]: Refusal): Promise<void> {
  const error = await call.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(kind)
  expect((error as Error).message).toContain(says)
}

describe('schedule() refuses, and writes nothing', () => {
  it.each(REFUSED)('%s', async (...refusal) => {
    const cron = await world.open({ jobs: [world.note, typed] })
    const before = await world.dump()
    await refused(cron.schedule({ ...GOOD, ...refusal[1] }), refusal)
    expect(await world.dump()).toEqual(before)
  })
})

describe('schedule() over one that exists, and patch(), refuse as well and leave it as it is', () => {
  const patches = REFUSED.filter(([, change]) => !('key' in change))

  it.each(patches)('%s', async (...refusal) => {
    const cron = await world.open({ jobs: [world.note, typed] })
    await cron.schedule(GOOD)
    const before = await world.dump()
    await refused(cron.schedule({ ...GOOD, ...refusal[1] }), refusal)

    // An undefined part of a patch stays, so null stands for "taken away"; naming every alone would replace cron.
    const change = Object.entries({ cron: GOOD.cron, ...refusal[1] }).map(([name, value]) => [
      name,
      value ?? null,
    ])
    await refused(cron.patch('a', Object.fromEntries(change) as object), refusal)
    expect(await world.dump()).toEqual(before)
  })
})

describe('what is just right is accepted', () => {
  it.each([
    ['a key of 255 characters', { key: 'ü'.repeat(255) }],
    ['a payload of 64 KiB', { payload: 'x'.repeat(65_534) }],
    ['an expression that never fires', { cron: '0 0 31 2 *' }],
    ['every second', { cron: undefined, every: 1_000 }],
    ['an offset', { cron: undefined, at: '2026-07-01T12:00:00+05:30' }],
    ['a zone in another case', { timezone: 'europe/berlin' }],
    ['a key with characters of all kinds', { key: `'"; drop table carillon_schedules; -- 🔔\u0001%_` }],
  ])('%s', async (_, change) => {
    const cron = await world.open({ jobs: [world.note, typed] })
    const { key } = await cron.schedule({ ...GOOD, ...change })
    expect(await cron.describe(key)).toMatchObject({ key, state: 'active' })
    expect(await cron.delete(key)).toBe(true)
  })

  it('a payload is kept as it was given, whatever its names', async () => {
    const cron = await world.open()
    const payload = JSON.parse(
      '{"__proto__": {"a": 1}, "constructor": 2, "ünï": "\\u0000", "n": [null, 1e300, -0.5]}',
    ) as unknown
    await cron.schedule({ ...GOOD, payload })
    expect(JSON.stringify((await cron.describe('a'))?.payload)).toBe(JSON.stringify(payload))
  })
})

describe('open() refuses', () => {
  it.each([
    ['an unknown option', { databse: 'x' }, 'did you mean "database"'],
    ['a database of another kind', { database: 'oracle://x' }, 'oracle'],
    ['an interval longer than ahead', { ahead: '1m', interval: '5m' }, 'ahead'],
    ['no concurrency', { concurrency: 0 }, 'concurrency'],
    [
      'two jobs of one name',
      { jobs: [defineJob('j', { handle: () => 1 }), defineJob('j', { handle: () => 2 })] },
      'j',
    ],
  ])('%s', async (_, options, says) => {
    const error: unknown = await world.open(options as object).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as Error).message).toContain(says)
  })
})
