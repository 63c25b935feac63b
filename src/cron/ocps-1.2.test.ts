import { describe, expect, it } from 'vitest'
import { CronSyntaxError } from '../errors.ts'
import { CronExpression } from './cron-expression.ts'

/** Open Cron Pattern Specification 1.2, seconds and years. */
describe('OCPS 1.2', () => {
  it.each([
    ['15 10 * * *', '2025-03-10 10:15:00', true],
    ['15 10 * * *', '2025-03-10 10:15:30', false],
    ['@hourly', '2025-03-10 10:00:30', false],
  ])('five fields and nicknames mean second 0: %j at %s', fires)

  it.each([
    ['30 15 10 * * *', '2025-03-10 10:15:30', true],
    ['30 15 10 * * *', '2025-03-10 10:15:29', false],
    ['*/20 15 10 * * *', '2025-03-10 10:15:40', true],
    ['10-12,59 15 10 * * *', '2025-03-10 10:15:59', true],
    ['10-12,59 15 10 * * *', '2025-03-10 10:15:13', false],
    ['* 15 10 * * *', '2025-03-10 10:15:13', true],
    ['* 15 10 * * *', '2025-03-10 10:16:00', false],
  ])('six fields begin with the second: %j at %s', fires)

  it.each([
    ['0 15 10 * * * 2025', '2025-03-10 10:15:00', true],
    ['0 15 10 * * * 2025', '2026-03-10 10:15:00', false],
    ['0 15 10 * * * *', '2026-03-10 10:15:00', true],
    ['0 0 0 1 1 * 2024-2026,2030', '2030-01-01 00:00:00', true],
    ['0 0 0 1 1 * 2024-2026,2030', '2027-01-01 00:00:00', false],
    ['0 0 0 1 1 * 1970', '1970-01-01 00:00:00', true],
    ['0 0 0 1 1 * 2199', '2199-01-01 00:00:00', true],
    ['0 0 0 1 1 * 1970-2199/2', '2026-01-01 00:00:00', true],
    ['0 0 0 1 1 * 1970-2199/2', '2025-01-01 00:00:00', false],
    ['0 0 0 1 1 * */4', '2026-01-01 00:00:00', true],
    ['0 0 0 1 1 * */4', '2024-01-01 00:00:00', false],
  ])('seven fields end with the year, and steps count from 1970: %j at %s', fires)

  it.each([
    '60 * * * * *',
    '0 0 0 1 1 * 1969',
    '0 0 0 1 1 * 2200',
    '0 0 0 1 1 2025',
    '0 0 0 1 1 * 2030-2025',
  ])('%j is an error: years are 1970 to 2199, and only the seventh field is one', (text) => {
    expect(() => new CronExpression(text)).toThrow(CronSyntaxError)
  })

  it('needs the extended syntax, which is the default', () => {
    expect(() => new CronExpression('0 * * * * *', 'UTC', { syntax: 'standard' })).toThrow(
      'exactly 5 fields, not 6',
    )
  })
})

function fires(expression: string, local: string, expected: boolean): void {
  expect(new CronExpression(expression).matches(new Date(`${local.replace(' ', 'T')}Z`))).toBe(expected)
}
