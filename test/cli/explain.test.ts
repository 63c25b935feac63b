import { describe, expect, it } from 'vitest'
import type { Explanation, Schedule } from '../../src/index.ts'
import { commandLine } from './carillon.ts'

const BACKUP = ['backup', '--cron', '0 2 * * *', '--timezone', 'Europe/Berlin', '--', 'true'] as const

describe('carillon schedule explain', () => {
  it('tells why a schedule does not run at an instant, in words and as data', async () => {
    using cli = commandLine()
    await cli.run('schedule', 'add', ...BACKUP)
    await cli.run('schedule', 'pause', 'backup')

    const told = await cli.run('schedule', 'explain', 'backup', '2049-06-01T02:00:00+02:00')
    expect(told.status).toBe(0)
    expect(told.stdout).toMatch(
      /^backup will not run at 2049-06-01 00:00:00 \+00:00\nThe schedule was paused from 2\d{3}-.*\.\n\n {2}reason +paused\n/,
    )
    expect(told.stdout).toMatch(
      /^ {2}definition +0 2 \* \* \* in Europe\/Berlin \(generation 2, paused 2.*\)$/m,
    )
    expect(
      await cli.json<Explanation>('schedule', 'explain', 'backup', '2049-06-01T02:00:00+02:00'),
    ).toMatchObject({ verdict: 'will-not-run', code: 'paused', inForce: { generation: 2, cause: 'paused' } })

    await cli.run('schedule', 'resume', 'backup')
    expect((await cli.run('schedule', 'explain', 'backup', '2049-06-01T03:00:00+02:00')).stdout).toMatch(
      /which does not name this instant\.\n\n.*\n.*\n {2}before it +2049-06-01 00:00:00 \+00:00\n {2}after it +2049-06-02 00:00:00/,
    )
  })

  it('refuses what is no instant, and knows nothing of what nobody stored', async () => {
    using cli = commandLine()
    await cli.run('schedule', 'add', ...BACKUP)
    const local = await cli.run('schedule', 'explain', 'backup', '2026-03-29 02:00')
    expect(local).toMatchObject({ status: 2, stdout: '' })
    expect(local.stderr).toContain('instant')
    const unknown = await cli.run('schedule', 'explain', 'bakup', '2026-03-29T02:00:00Z')
    expect(unknown).toMatchObject({ status: 1, stdout: '' })
    expect(unknown.stderr).toContain('no schedule has the key "bakup"')
  })
})

describe('--overlap', () => {
  it('is stored with what goes with it, shown, and taken back', async () => {
    using cli = commandLine()
    const guard = ['--overlap', 'skip', '--max-running', '2', '--mutex', 'disk', '--minimum-break', '10s']
    const added = await cli.json<Schedule>('schedule', 'add', 'a', '--every', '5m', ...guard, '--', 'true')
    expect(added).toMatchObject({ overlap: 'skip', maxRunning: 2, mutex: 'disk', minimumBreakMs: 10_000 })
    expect((await cli.run('schedule', 'show', 'a')).stdout).toMatch(
      /^ +overlap +2 at a time under the mutex disk, 10s apart; further ones are skipped$/m,
    )

    await cli.run('schedule', 'edit', 'a', '--clear', 'mutex', '--overlap', 'replace')
    expect((await cli.run('schedule', 'show', 'a')).stdout).toMatch(
      /^ +overlap +2 at a time, 10s apart; a further one replaces the oldest$/m,
    )
    await cli.run('schedule', 'edit', 'a', '--clear', 'overlap')
    expect((await cli.run('schedule', 'show', 'a')).stdout).toMatch(/^ +overlap +allowed$/m)

    const alone = await cli.run('schedule', 'add', 'b', '--every', '5m', '--max-running', '2', '--', 'true')
    expect(alone).toMatchObject({ status: 2, stdout: '' })
    expect(alone.stderr).toMatch(/goes with (--)?overlap skip/)
  })
})
