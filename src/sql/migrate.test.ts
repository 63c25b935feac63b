import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { DriverError, SchemaTooNewError } from '../errors.ts'
import { migrate, pendingMigrations } from './migrate.ts'
import { SqlDatabase } from './sql-database.ts'

const ALL = [
  '0001-initial',
  '0002-queues',
  '0003-overlap',
  '0004-operating',
  '0005-run-details',
  '0006-removals',
  '0007-expectations',
  '0008-owed',
  '0009-declared',
  '0010-flows',
  '0011-turns',
  '0012-waits',
  '0013-tokens',
  '0014-backfill-overlap',
  '0015-requests',
  '0016-news',
  '0017-servers',
]

it('applies what is pending, once', async () => {
  using folder = temporaryFolder()
  await using database = await SqlDatabase.open(`sqlite:${folder.file('x.db')}`)

  expect(await pendingMigrations(database)).toEqual(ALL)
  expect(await migrate(database)).toEqual(ALL)
  expect(await migrate(database)).toEqual([])
  expect(await pendingMigrations(database)).toEqual([])
})

it('lets six processes start at once on a new file', { timeout: 60_000 }, async () => {
  using folder = temporaryFolder()
  const opener = `
    import { Store } from ${JSON.stringify(join(import.meta.dirname, '../store/store.ts'))}
    import { SystemClock } from ${JSON.stringify(join(import.meta.dirname, '../clock/system-clock.ts'))}
    const store = await Store.open(process.argv[1], new SystemClock())
    await store.close()`
  const start = () =>
    new Promise<number | null>((resolve) => {
      const args = ['--input-type=module', '-e', opener, `sqlite:${folder.file('x.db')}`]
      spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] }).once('exit', resolve)
    })

  expect(await Promise.all(Array.from({ length: 6 }, start))).toEqual([0, 0, 0, 0, 0, 0])
})

it('refuses a database of a newer version, and leaves it as it is', async () => {
  using folder = temporaryFolder()
  const file = folder.file('x.db')
  await using database = await SqlDatabase.open(`sqlite:${file}`)
  await migrate(database)
  using other = new DatabaseSync(file)
  other.exec(
    `insert into carillon_migrations (name, timestamp) values ('9999-from-the-future', '2099-01-01')`,
  )
  const before = readFileSync(file)

  await expect(migrate(database)).rejects.toThrow(SchemaTooNewError)
  await expect(migrate(database)).rejects.toThrow(/newer version of Carillon.*9999-from-the-future/)
  expect(readFileSync(file).equals(before)).toBe(true)
})

it.each([
  ['a file that is no database', 'this is no database, '.repeat(100), /is not an SQLite database/],
  ['a folder that is not there', undefined, /cannot be opened; its folder must exist/],
])('says what is wrong with %s', async (_, content, message) => {
  using folder = temporaryFolder()
  const file = content === undefined ? folder.file('missing/x.db') : folder.file('x.db')
  if (content !== undefined) writeFileSync(file, content)

  const open = async () => {
    await using database = await SqlDatabase.open(`sqlite:${file}`)
    await migrate(database)
  }
  await expect(open()).rejects.toThrow(DriverError)
  await expect(open()).rejects.toThrow(message)
  if (content !== undefined) expect(readFileSync(file, 'utf8')).toBe(content)
})
