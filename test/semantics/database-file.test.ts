import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DriverError, SchemaTooNewError } from '../../src/index.ts'
import { useWorld } from './support.ts'

const world = useWorld()
const file = () => world.database.address.slice('sqlite:'.length)
const fingerprint = () => createHash('sha256').update(readFileSync(file())).digest('hex')

describe('a database file', () => {
  it('of a newer version is left as it is, to the byte', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await cron.close()
    await world.sql(
      `insert into carillon_migrations (name, timestamp) values ('9999-from-the-future', '2030-01-01')`,
    )
    await world.sql('pragma wal_checkpoint(truncate)')
    const bytes = fingerprint()

    await expect(world.open()).rejects.toBeInstanceOf(SchemaTooNewError)
    expect(fingerprint()).toBe(bytes)
  })

  it('that is none is refused with a clear word, and left as it is', async () => {
    writeFileSync(file(), 'Dear diary, today I was mistaken for a database.\n'.repeat(100))
    const bytes = fingerprint()

    const error: unknown = await world.open().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(DriverError)
    expect(error).toMatchObject({ code: 'DRIVER', retryable: false })
    expect((error as Error).message).toContain(file())
    expect((error as Error).message).toMatch(/not an? (SQLite )?database/i)
    expect(fingerprint()).toBe(bytes)
  })

  it('that is a folder is refused with a clear word', async () => {
    mkdirSync(file())
    const error: unknown = await world.open().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(DriverError)
    expect((error as Error).message).toContain(file())
  })

  it('that is damaged is refused with a clear word', async () => {
    const cron = await world.open()
    await cron.close()
    const bytes = readFileSync(file())
    bytes.fill(0xff, 100, 8_000)
    writeFileSync(file(), bytes)
    const error: unknown = await world.open().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(DriverError)
    expect((error as Error).message).toContain(file())
  })

  it('is not made by options that are refused', async () => {
    await expect(world.open({ concurrency: 0 })).rejects.toThrow('concurrency')
    expect(existsSync(file())).toBe(false)
  })
})
