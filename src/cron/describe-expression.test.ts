import { expect, it } from 'vitest'
import { CronExpression } from './cron-expression.ts'

it.each([
  ['* * * * *', 'Every minute'],
  ['*/15 9-17 * * MON-FRI', 'Every 15 minutes, between 09:00 and 17:59, Monday through Friday'],
  ['@weekly', 'At 00:00, only on Sunday'],
  ['0 0 ? * ?', 'At 00:00'],
  ['H H * * *', 'At 00:11'],
  ['H/15 * * * *', 'Every 15 minutes, minutes 11 through 59 past the hour'],
  ['0 2,14 * * 7', 'At 02:00 and 14:00, only on Sunday'],
  ['0 0 0 1 1 * 2027', 'At 00:00, on day 1 of the month, only in January, only in 2027'],
  ['0 0 L-3 * *', 'At 00:00, 3 days before the last day of the month'],
  ['0 0 LW * *', 'At 00:00, on the last weekday of the month'],
  ['0 0 * * FRI#L', 'At 00:00, on the last Friday of the month'],
  ['0 0 * * MON#1,FRI#3', 'At 00:00, on the first Monday and third Friday of the month'],
])('says what %s means', (expression, words) => {
  expect(new CronExpression(expression, 'UTC', { seed: 'report:42' }).describe()).toBe(words)
})

it.each([
  ['either day', '0 0 13 * FRI', 'At 00:00, on day 13 of the month, and on Friday'],
  ['both days', '0 0 13 * +FRI', 'At 00:00, on day 13 of the month, only on Friday'],
  ['every day, in a step', '0 0 */1 * FRI', 'At 00:00'],
  [
    'either of two special days',
    '0 0 L * FRI#1',
    'At 00:00, on the last day of the month; At 00:00, on the first Friday of the month',
  ],
  [
    'several days before the last',
    '0 0 L-1,L,L-2 * *',
    'At 00:00, on the last day of the month; At 00:00, 1 day before the last day of the month; At 00:00, 2 days before the last day of the month',
  ],
])('does not mislead about %s', (_, expression, words) => {
  expect(new CronExpression(expression).describe()).toBe(words)
})

it.each([
  ['de', 'Alle 15 Minuten'],
  ['de-AT', 'Alle 15 Minuten'],
  ['pt-BR', 'A cada 15 minutos'],
  ['zh', '每隔 15 分钟'],
  ['tlh', 'Every 15 minutes'],
])('speaks %s', (locale, words) => {
  expect(new CronExpression('*/15 * * * *').describe(locale)).toBe(words)
})
