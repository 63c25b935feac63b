import { describe, expect, it } from 'vitest'
import { applyPatch } from './apply-patch.ts'
import { resolveDefinition } from './resolve-definition.ts'
import type { ScheduleInput, SchedulePatch } from './schedule-input.ts'

const CRON = {
  cron: ['0 9 * * *', '0 17 * * FRI'],
  timezone: 'Europe/Berlin',
  dst: 'skip',
  syntax: 'standard',
  except: ['2026-12-25'],
} as const
const EVERY = { every: 60_000, anchor: 5_000 } as const
const AT = { at: 1_800_000_000_000 } as const
const OVERLAP = { overlap: 'queue-one', maxRunning: 2, mutex: 'disk', minimumBreak: 1_000 } as const

/** What is stored. */
function stored(input: Partial<ScheduleInput>) {
  const { definition, group, active } = resolveDefinition({ job: 'job', ...input }, 'seed')
  return { definition, group, active }
}

/** What is stored, once the patch is applied. */
const patched = (before: Partial<ScheduleInput>, patch: SchedulePatch) =>
  stored(applyPatch(stored(before), patch))

describe('a patch', () => {
  it.each<[string, Partial<ScheduleInput>, SchedulePatch, Partial<ScheduleInput>]>([
    [
      'that names nothing changes nothing',
      { ...CRON, ...OVERLAP, note: 'n' },
      {},
      { ...CRON, ...OVERLAP, note: 'n' },
    ],
    [
      'leaves out what is undefined',
      { ...CRON, note: 'n' },
      { note: undefined, cron: undefined },
      { ...CRON, note: 'n' },
    ],
    [
      'changes what it names',
      { ...CRON, note: 'n' },
      { note: 'm', retries: 3 },
      { ...CRON, note: 'm', retries: 3 },
    ],
    [
      'takes back to its default what it names as null',
      { ...CRON, group: 'g', note: 'n' },
      { note: null },
      { ...CRON, group: 'g' },
    ],
    [
      'keeps the expression when it names the time zone alone',
      CRON,
      { timezone: 'UTC' },
      { ...CRON, timezone: 'UTC' },
    ],
    [
      'keeps what goes with an expression when it names another one',
      CRON,
      { cron: '5 5 * * *' },
      { ...CRON, cron: '5 5 * * *' },
    ],
    [
      'keeps the anchor when it names another interval',
      EVERY,
      { every: '2m' },
      { every: '2m', anchor: 5_000 },
    ],
    ['makes an interval of an expression, with all that goes with it', CRON, EVERY, EVERY],
    ['makes one instant of an expression', CRON, AT, AT],
    ['makes an expression of an interval', EVERY, { cron: '5 5 * * *' }, { cron: '5 5 * * *' }],
    ['makes one instant of an interval', EVERY, AT, AT],
    ['makes an interval of one instant', AT, { every: '1m' }, { every: '1m' }],
    ['may say null of the kinds that it is not', AT, { every: '1m', at: null, cron: null }, { every: '1m' }],
    ['may say null of the kind that it was', CRON, { every: '1m', cron: null }, { every: '1m' }],
    ['takes an instant as it is, though zero', CRON, { at: 0 }, { at: 0 }],
    ['lets all overlap, and drops how', { ...CRON, ...OVERLAP }, { overlap: 'allow' }, CRON],
    ['does so too when it names no overlap', { ...CRON, ...OVERLAP }, { overlap: null }, CRON],
    [
      'keeps the mutex under another policy',
      { ...CRON, ...OVERLAP },
      { overlap: 'skip' },
      { ...CRON, ...OVERLAP, overlap: 'skip' },
    ],
  ])('%s', (_, before, patch, after) => {
    expect(patched(before, patch)).toEqual(stored(after))
  })

  it('sets a payload to null, which is one', () => {
    expect(patched({ ...CRON, payload: { a: 1 } }, { payload: null }).definition.payload).toBeNull()
    expect(applyPatch(stored({ ...CRON, payload: 1 }), { payload: null })).toMatchObject({
      payload: null,
    })
  })

  it('that clears the recurrence and names none is left for the check to refuse', () => {
    expect(() => patched(EVERY, { every: null })).toThrow('exactly one of cron, every and at; none was given')
  })

  it('that names two kinds is too', () => {
    expect(() => patched(EVERY, { cron: '0 9 * * *', at: 0 })).toThrow('cron and at were given')
  })
})
