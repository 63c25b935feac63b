import { describe, expect, it } from 'vitest'
import type { Occurrence } from '../../catalog/occurrence-view.ts'
import { absoluteTime } from './time.ts'
import { waitText } from './wait-text.ts'

const NOW = Date.parse('2026-03-28T12:00:00Z')
const LATER = new Date(NOW + 90_000)
const error = { code: 'COMMAND_FAILED', message: 'sync ended with status 1' }

function run(given: Partial<Occurrence>): Occurrence {
  return { state: 'planned', attempt: 0, dueAt: new Date(NOW), ...given } as Occurrence
}

describe('waitText', () => {
  it.each([
    [
      run({}),
      'No server has begun it yet. Is one running that allows commands? See carillon start --allow-commands.',
    ],
    [run({ state: 'running', attempt: 2, server: 'db-1-7' }), 'Attempt 2 runs on db-1-7.'],
    [
      run({ attempt: 1, error, dueAt: LATER }),
      `Attempt 1 failed: sync ended with status 1. It waits for its next attempt until ${absoluteTime(LATER)}.`,
    ],
    [
      run({ attempt: 1, error }),
      'Attempt 1 failed: sync ended with status 1. Its next attempt waits for a server.',
    ],
    [run({ attempt: 1 }), 'Attempt 1 was given back: it waits for a server to begin it again.'],
  ])('tells what a run waits for: %#', (occurrence, text) => {
    expect(waitText(occurrence, 'command', NOW)).toBe(text)
  })

  it('names the job that no server may know', () => {
    expect(waitText(run({}), 'report', NOW)).toBe(
      'No server has begun it yet. Is one running that knows job "report"? See carillon start.',
    )
  })
})
