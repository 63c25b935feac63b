import { describe, expect, it } from 'vitest'
import type { Occurrence, Schedule } from '../../src/index.ts'
import { commandLine } from './carillon.ts'

/** What JSON makes of a type: dates are texts. */
type Told<T> = { readonly [K in keyof T]: T[K] extends Date | undefined ? string : T[K] }

describe('schedules on the command line', () => {
  it('are added, listed, shown, changed, paused, resumed, and deleted, in words', async () => {
    using cli = commandLine()

    const when = ['--cron', '0 2 * * *', '--timezone', 'Europe/Berlin']
    const how = [
      '--jitter',
      '5m',
      '--when-finished',
      'remove',
      '--group',
      'nightly',
      '--retries',
      '2',
      '--timeout',
      '30m',
      '--catch-up',
      '1h',
    ]
    const what = ['--command', `pg_dump -f 'my file' app`]
    const added = await cli.run('schedule', 'add', 'backup', ...when, ...how, ...what)
    expect(added.status).toBe(0)
    expect(added.stdout).toMatch(
      /^Added backup: 0 2 \* \* \* in Europe\/Berlin, pg_dump -f 'my file' app\nNext runs:\n  \w{3} .* 02:00:00 \+0[12]:00  in /,
    )
    expect(added.stderr).toContain(
      `database: sqlite:./carillon.db (${cli.folder.file('carillon.db')}), the default`,
    )
    expect(added.stderr).toContain('carillon start --allow-commands')

    const args = ['--every', '5m', '--', 'echo', '$HOME', '--json']
    expect((await cli.run('schedule', 'add', 'echo', ...args)).stdout).toMatch(
      /^Added echo: every 5m, echo '\$HOME' --json\n/,
    )
    expect((await cli.run('schedule', 'add', 'echo', ...args)).stdout).toMatch(/^Unchanged: echo/)
    expect((await cli.run('schedule', 'add', 'echo', '--every', '6m', '--', 'true')).stdout).toMatch(
      /^Replaced echo: every 6m, true\n/,
    )

    const list = (await cli.run('schedule', 'list')).stdout.split('\n')
    expect(list[0]).toMatch(/^KEY +STATE +WHEN +NEXT RUN +\(UTC\) +GROUP +RUNS$/)
    expect(list[1]).toMatch(
      /^backup +active +0 2 \* \* \* in Europe\/Berlin +in .* nightly +pg_dump -f 'my file' app$/,
    )
    expect(list[2]).toMatch(/^echo +active +every 6m +(in \d+|now) .* - +true$/)
    expect((await cli.run('schedule', 'list', '--group', 'nightly')).stdout).not.toContain('echo')

    const shown = (await cli.run('schedule', 'show', 'backup')).stdout
    for (const line of [
      /^backup is active$/m,
      /^ +catch-up +runs missed in the last 1h, the newest 10000 at most$/m,
      /^ +retries +2, after 10s, then 2 times as long each, at most 10m$/m,
      /^ +timeout +30m$/m,
      /^ +jitter +up to 5m$/m,
      /^ +when finished +it is removed$/m,
      /^ +in words +At 02:00$/m,
    ])
      expect(shown).toMatch(line)

    const edited = await cli.run('schedule', 'edit', 'backup', '--cron', '30 3 * * *', '--clear', 'timeout')
    expect(edited.stdout).toMatch(/^Changed backup: 30 3 \* \* \* in Europe\/Berlin/)
    expect((await cli.run('schedule', 'show', 'backup')).stdout).toMatch(/^ +timeout +none$/m)

    expect((await cli.run('schedule', 'pause', 'backup')).stdout).toContain('Paused backup.')
    expect((await cli.run('schedule', 'show', 'backup')).stdout).toMatch(
      /^backup is paused$[^]*It is paused/m,
    )
    expect((await cli.run('schedule', 'resume', 'backup')).stdout).toMatch(/^Resumed backup/)
    expect((await cli.run('schedule', 'history', 'backup')).stdout).toBe('No runs so far.\n')

    expect((await cli.run('schedule', 'delete', 'backup')).stdout).toBe('Deleted backup.\n')
    expect((await cli.run('schedule', 'delete', 'backup')).status).toBe(1)
    expect((await cli.run('dispatch', '600')).stdout).toMatch(
      /^Dispatched \d+ runs?\.\nThe next pass is due by .* \(in 10 minutes\)\.\n$/,
    )
  })

  it('may have several expressions, and dates on which they do not run', async () => {
    using cli = commandLine()
    const hours = ['--cron', '0 8 * * MON-FRI', '--cron', '0 10 * * SAT', '--except', '2040-12-25']

    const added = await cli.json('schedule', 'add', 'open', ...hours, '--command', 'true')
    expect(added).toMatchObject({ cron: ['0 8 * * MON-FRI', '0 10 * * SAT'], except: ['2040-12-25'] })

    const shown = (await cli.run('schedule', 'show', 'open')).stdout
    expect(shown).toMatch(/^ +when +0 8 \* \* MON-FRI or 0 10 \* \* SAT in UTC$/m)
    expect(shown).toMatch(/^ +except on +2040-12-25$/m)
    expect(await cli.json('schedule', 'edit', 'open', '--clear', 'except')).toMatchObject({ except: [] })
  })

  it('are one JSON value each for programs, in a namespace of their own', async () => {
    using cli = commandLine()
    const at = '2040-01-01T00:00:00.000Z'
    const json = <T>(...argv: string[]) => cli.json<T>('schedule', ...argv, '--namespace', 'acme')

    const added = await json<Told<Schedule>>('add', 'once', '--at', at, '--paused', '--command', 'true')
    expect(added).toMatchObject({ key: 'once', namespace: 'acme', state: 'paused', at, revision: 1 })
    const named = await json<Told<Schedule>>('add', '--every', '1h', '--command', 'true')
    expect(named.key).toMatch(/^[0-9a-f-]{36}$/)

    expect((await json<Schedule[]>('list')).map(({ key }) => key)).toEqual([named.key, 'once'])
    expect(await cli.json('schedule', 'list')).toEqual([])

    const edited = await json<Told<Schedule>>('edit', 'once', '--note', 'x', '--revision', '1')
    expect(edited).toMatchObject({ note: 'x', revision: 2, generation: 1 })
    expect(await json('show', 'once')).toEqual(edited)
    expect(await json('resume', 'once', '--missed', 'all')).toMatchObject({ state: 'active', nextRunAt: at })
    expect(await json('pause', 'once')).toMatchObject({ state: 'paused' })

    const triggered = await json<Told<Occurrence>>('trigger', 'once')
    expect(triggered).toMatchObject({ state: 'planned', origin: 'manual', attempt: 0 })
    expect(await json('history', 'once', '--state', 'planned')).toEqual([triggered])
    expect(await json('delete', 'once')).toEqual({ key: 'once', deleted: true })
    expect(await json('history', 'once')).toMatchObject([{ state: 'skipped', reason: 'deleted' }])
  })
})

describe('carillon migrate', () => {
  it('tells what it would do without doing it, and does it once', async () => {
    using cli = commandLine()
    const database = 'sqlite:./carillon.db'

    // Which ones there are is a matter of src/sql/migrate.test.ts.
    const told = await cli.json<{ pending: string[] }>('migrate', '--dry-run')
    expect(told).toEqual({ database, pending: expect.arrayContaining(['0001-initial']) })
    expect((await cli.run('schedule', 'list')).status).toBe(1)

    expect(await cli.json('migrate')).toEqual({ database, applied: told.pending })
    expect(await cli.json('migrate')).toEqual({ database, applied: [] })
    expect((await cli.run('migrate', '--dry-run')).stdout).toMatch(/carillon\.db\) is up to date\.\n$/)
  })
})
