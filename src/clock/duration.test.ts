import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../errors.ts'
import { durationMs, formatDuration } from './duration.ts'

describe('durationMs', () => {
  it.each([
    [0, 0],
    [1500, 1500],
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('reads %j as %d ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms)
  })

  it.each([
    '',
    '5',
    'm',
    '5 m',
    '-5m',
    '5x',
    '1h-30m',
    'PT5M',
    '1'.repeat(400) + 's',
    -1,
    Number.NaN,
    Infinity,
  ])('refuses %j and names the option', (text) => {
    expect(() => durationMs(text, 'catchUp')).toThrow(InvalidInputError)
    expect(() => durationMs(text, 'catchUp')).toThrow(/^catchUp .* is not a duration/)
  })

  it('reads back what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => {
        expect(durationMs(formatDuration(ms))).toBe(ms)
      }),
    )
  })
})
