import { describe, expect, it } from 'vitest'
import {
  ConfigError,
  DriverError,
  InvalidInputError,
  ScheduleNotFoundError,
  UnknownJobError,
} from '../errors.ts'
import { exitStatusOf } from './exit-status.ts'

describe('exitStatusOf', () => {
  it.each([
    [new InvalidInputError('', 'x'), 2],
    [new ConfigError(''), 2],
    [new UnknownJobError('', 'x'), 2],
    [new ScheduleNotFoundError('', 'x'), 1],
    [new DriverError('', { retryable: true }), 1],
    [new TypeError('a bug'), 1],
  ])('tells usage from failure: %o', (error, status) => {
    expect(exitStatusOf(error)).toBe(status)
  })
})
