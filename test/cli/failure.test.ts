import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { commandLine } from './carillon.ts'

describe('what a schedule does about failures, on the command line', () => {
  it('is given with the schedule, and shown', async () => {
    using cli = commandLine()
    const retries = ['--retries', '2', '--backoff', '1m', '--backoff-jitter', '0.25']
    const pause = ['--pause-after', '3', '--expect-within', '30m']
    await cli.run('schedule', 'add', 'backup', '--every', '1h', ...retries, ...pause, '--', 'true')
    const shown = (await cli.run('schedule', 'show', 'backup')).stdout
    expect(shown).toMatch(/^ +retries +2, after 1m, .* at most 10m; each wait shorter by up to 25 %$/m)
    expect(shown).toMatch(/^ +pause +when 3 runs in a row failed$/m)
    expect(shown).toMatch(/^ +expected +to end within 30m$/m)
  })
})

describe('carillon check', () => {
  it('ends with status 0 while no run is absent, and with 1 when some are, whoever is alive', async () => {
    using cli = commandLine()
    await cli.run('schedule', 'add', 'backup', '--every', '1h', '--', 'true')
    const none = await cli.run('check')
    expect(none).toMatchObject({ status: 0, stdout: 'No run is absent.\n' })
    expect(await cli.json('check')).toEqual([])

    // What was due in the meantime, and nobody has begun.
    using database = new DatabaseSync(cli.folder.file('carillon.db'))
    const dueAt = Date.now() - 20 * 60_000
    await cli.run('schedule', 'trigger', 'backup')
    database.prepare('update carillon_occurrences set due_at = ?, planned_at = ?').run(dueAt, dueAt)

    const some = await cli.run('check')
    expect(some.status).toBe(1)
    expect(some.stdout).toMatch(
      /^schedule "backup": the run of .* is due since .* and has not begun: is a server up .*\? \(expected 5 minutes ago\)\n$/,
    )
    const told = await cli.run('check', '--json')
    expect(told.status).toBe(1)
    expect(JSON.parse(told.stdout)).toMatchObject([
      { namespace: 'default', key: 'backup', job: 'command', state: 'planned', attempt: 0 },
    ])
    expect(await cli.run('check', '--after', '30m')).toMatchObject({ status: 0 })
    expect(await cli.run('check', '--namespace', 'other')).toMatchObject({ status: 0 })
  })

  it.each([
    ['no time at all', ['check', '--after', '0s'], 2, /^carillon: --after must be longer than 0/m],
    ['a time that is none', ['check', '--after', 'soon'], 2, /--after/],
    ['a database that is not there', ['check'], 1, /there is no database at/],
  ])('refuses %s', async (_, argv, status, message) => {
    using cli = commandLine()
    if (status === 2) await cli.run('migrate')
    const ended = await cli.run(...argv)
    expect(ended).toMatchObject({ status, stdout: '' })
    expect(ended.stderr).toMatch(message)
  })
})
