import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DeclareReport } from '../../src/index.ts'
import { commandLine, ROOT } from './carillon.ts'

function declare(cli: ReturnType<typeof commandLine>, schedules: string): void {
  writeFileSync(
    cli.folder.file('carillon.config.ts'),
    `
import { defineConfig, defineJob } from '${join(ROOT, 'dist/index.js')}'
export default defineConfig({ jobs: [defineJob('note', { handle: () => {} })], schedules: [${schedules}] })
`,
  )
}

describe('carillon declare', () => {
  it('says what it would do, does it, and finds it done', async () => {
    using cli = commandLine()
    declare(
      cli,
      `{ key: 'a', every: '1h', job: 'note' }, { key: 'b', every: '1h', job: 'note', namespace: 'shop' }`,
    )
    expect((await cli.run('declare')).stdout).toBe(
      '+ a\n+ b (shop)\n2 new, 0 changed, 0 deleted, 0 as they were.\n',
    )

    declare(cli, `{ key: 'a', every: '2h', job: 'note', retries: 1 }`)
    expect((await cli.run('declare', '--dry-run')).stdout).toBe(
      '~ a: recurrence, retries\n- b (shop)\nIt would be 0 new, 1 changed, 1 deleted, 0 as they were. Nothing was written.\n',
    )
    expect((await cli.run('declare')).stdout).toBe(
      '~ a: recurrence, retries\n- b (shop)\n0 new, 1 changed, 1 deleted, 0 as they were.\n',
    )
    expect(await cli.json<DeclareReport>('declare')).toMatchObject({
      created: [],
      changed: [],
      deleted: [],
      unchanged: 1,
    })
  })

  it('leaves a user’s schedule alone, and says so', async () => {
    using cli = commandLine()
    await cli.run('schedule', 'add', 'a', '--every', '1h', '--command', 'true')
    declare(cli, `{ key: 'a', every: '1h', job: 'note' }`)
    const { status, stderr } = await cli.run('declare')

    expect(status).not.toBe(0)
    expect(stderr).toMatch(
      /declared schedule "a": a schedule with this key .* exists and was not declared; give it another key/,
    )
  })
})
