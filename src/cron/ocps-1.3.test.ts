import { describe, expect, it } from 'vitest'
import { CronSyntaxError } from '../errors.ts'
import { CronExpression } from './cron-expression.ts'

/** Open Cron Pattern Specification 1.3, days that depend on the month: by section. */
describe('OCPS 1.3', () => {
  it.each([
    ['0 0 L * *', '2025-02-28', true],
    ['0 0 L * *', '2025-02-27', false],
    ['0 0 L * *', '2028-02-29', true],
    ['0 0 L * *', '2025-04-30', true],
    ['0 0 1,L * *', '2025-04-01', true],
  ])('4.1: L is the last day of the month: %j on %s', fires)

  it.each([
    ['0 0 * * FRI#L', '2025-02-28', true],
    ['0 0 * * FRI#L', '2025-02-21', false],
    ['0 0 * * 5L', '2025-02-28', true],
    ['0 0 * * 5#L', '2025-02-28', true],
    ['0 0 * * 7#L', '2025-03-30', true],
  ])('4.1: dL and d#L are the last weekday d of the month: %j on %s', fires)

  it.each([
    ['0 0 * * 2#3', '2025-06-17', true],
    ['0 0 * * TUE#3', '2025-06-10', false],
    ['0 0 * * MON#1', '2025-09-01', true],
    ['0 0 * * 0#5', '2025-03-30', true],
    ['0 0 * * 0#5', '2025-04-27', false],
    ['0 0 * * 7#2', '2025-04-13', true],
    ['0 0 * * MON#1,FRI#2', '2025-09-12', true],
  ])('4.2: d#n is the nth weekday d of the month: %j on %s', fires)

  it.each([
    ['0 0 15W * *', '2025-10-15', true],
    ['0 0 15W * *', '2025-11-14', true],
    ['0 0 15W * *', '2025-06-16', true],
    ['0 0 15W * *', '2025-06-15', false],
    ['0 0 1W * *', '2025-02-03', true],
    ['0 0 1W * *', '2025-01-31', false],
    ['0 0 31W * *', '2025-08-29', true],
    ['0 0 31W * *', '2025-09-30', false],
  ])('4.3: nW is the nearest working day, in the same month: %j on %s', fires)

  it.each([
    '0 0 1-15W * *',
    '0 0 1,15W * *',
    '0 0 15W,1 * *',
    '0 0 W * *',
    '0 0 * * 1#6',
    '0 0 * * 1#0',
    '0 0 * * 1-5#2',
  ])('%j is an error: W stands alone, # counts to 5, and both take one day', (text) => {
    expect(() => new CronExpression(text)).toThrow(CronSyntaxError)
  })

  it.each(['0 0 l * *', '0 0 15w * *', '0 0 * * 5l', '0 0 * * L'])(
    '%j is an error: letters are upper case',
    (text) => {
      expect(() => new CronExpression(text)).toThrow(CronSyntaxError)
    },
  )

  it.each([
    ['0 0 L-3 * *', '2025-04-27', true],
    ['0 0 LW * *', '2025-08-29', true],
  ])('goes beyond it, with L-n and LW: %j on %s', fires)
})

function fires(expression: string, date: string, expected: boolean): void {
  expect(new CronExpression(expression).matches(new Date(`${date}T00:00:00Z`))).toBe(expected)
}
