import { expect, it } from 'vitest'
import { CronSyntaxError } from '../errors.ts'
import { formatExpression } from './format-expression.ts'
import { NICKNAMES } from './nickname.ts'
import { parseExpression } from './parse-expression.ts'

it.each([...NICKNAMES])('%s is short for %s, whatever blanks surround it', (nickname, fields) => {
  expect(formatExpression(parseExpression(nickname, 'extended'))).toBe(fields)
  expect(formatExpression(parseExpression(` \t${nickname}\n`, 'extended'))).toBe(fields)
})

it.each([...NICKNAMES.keys()])('%s is no standard syntax', (nickname) => {
  expect(() => parseExpression(nickname, 'standard')).toThrow(CronSyntaxError)
  expect(() => parseExpression(nickname, 'standard')).toThrow(
    'nicknames such as "@daily" are extended syntax',
  )
})

it.each([
  '@',
  '@@daily',
  '@ daily',
  '@DAILY',
  '@daily*',
  '@daily 0 0 * * *',
  '0 @daily',
  '@weekdays',
  '@secondly',
])('%j is none', (text) => {
  expect(() => parseExpression(text, 'extended')).toThrow(CronSyntaxError)
})
