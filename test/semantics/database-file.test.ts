import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DriverError, SchemaTooNewError } from '../../src/index.ts'
import { collect, ledger, useWorld } from './support.ts'

const world = useWorld()
const fingerprint = () => createHash('sha256').update(readFileSync(world.file)).digest('hex')

describe('a database file', () => {
  it('is made when it is not there, and found as it was left', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', payload: { n: 1 } })
    const left = await cron.describe('a')
    await cron.close()

    const again = await world.open()
    expect(await again.describe('a')).toEqual(left)
    expect(await ledger(again, 'a')).toEqual(['10:05 planned', '10:10 planned'])
  })

  it('can be opened by several processes at the same time, also when it is new', async () => {
    const doors = await Promise.all([world.open(), world.open(), world.open()])
    await Promise.all(
      doors.map((door, n) => door.schedule({ key: `k${n}`, cron: '*/5 * * * *', job: 'note' })),
    )
    for (const door of doors) expect(await collect(door.describeAll())).toHaveLength(3)
  })

  it('of a newer version is refused and left as it is', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await cron.close()
    const [table] = world.sql(
      `select name from sqlite_schema where type = 'table' and name like 'carillon%migration%' and name not like '%lock%'`,
    )
    world.sql(
      `insert into ${String(table?.['name'])} (name, timestamp) values ('9999-from-the-future', '2030-01-01')`,
    )
    world.sql('pragma wal_checkpoint(truncate)')
    const [content, bytes] = [world.dump(), fingerprint()]

    const error: unknown = await world.open().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(SchemaTooNewError)
    expect((error as Error).message).toContain('newer')
    expect(world.dump()).toEqual(content)
    expect(fingerprint()).toBe(bytes)
  })

  it('that is none is refused with a clear word, and left as it is', async () => {
    writeFileSync(world.file, 'Dear diary, today I was mistaken for a database.\n'.repeat(100))
    const bytes = fingerprint()

    const error: unknown = await world.open().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(DriverError)
    expect(error).toMatchObject({ code: 'DRIVER', retryable: false })
    expect((error as Error).message).toContain(world.file)
    expect((error as Error).message).toMatch(/not an? (SQLite )?database/i)
    expect(fingerprint()).toBe(bytes)
  })

  it('that is a folder is refused with a clear word', async () => {
    mkdirSync(world.file)
    const error: unknown = await world.open().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(DriverError)
    expect((error as Error).message).toContain(world.file)
  })

  it('that is damaged is refused with a clear word', async () => {
    const cron = await world.open()
    await cron.close()
    const bytes = readFileSync(world.file)
    bytes.fill(0xff, 100, 8_000)
    writeFileSync(world.file, bytes)
    const error: unknown = await world.open().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(DriverError)
    expect((error as Error).message).toContain(world.file)
  })

  it('of another program keeps what it holds', async () => {
    world.sql('create table recipes (name text)')
    world.sql(`insert into recipes values ('bread')`)
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    expect(world.sql('select name from recipes')).toEqual([{ name: 'bread' }])
  })

  it('is not made by options that are refused', async () => {
    await expect(world.open({ concurrency: 0 })).rejects.toThrow('concurrency')
    expect(existsSync(world.file)).toBe(false)
  })
})
