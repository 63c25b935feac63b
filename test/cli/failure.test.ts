import { describe, expect, it } from 'vitest'
import { commandLine } from './carillon.ts'

describe('what a schedule does about failures, on the command line', () => {
  it('is given with the schedule, and shown', async () => {
    using cli = commandLine()
    const retries = ['--retries', '2', '--backoff', '1m', '--backoff-jitter', '0.25']
    const pause = ['--pause-after', '3']
    await cli.run('schedule', 'add', 'backup', '--every', '1h', ...retries, ...pause, '--', 'true')
    const shown = (await cli.run('schedule', 'show', 'backup')).stdout
    expect(shown).toMatch(/^ +retries +2, after 1m, .* at most 10m; each wait shorter by up to 25 %$/m)
    expect(shown).toMatch(/^ +pause +when 3 runs in a row failed$/m)
  })
})
