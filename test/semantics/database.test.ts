import { describe, expect, it } from 'vitest'
import { SchemaTooNewError } from '../../src/index.ts'
import { collect, ledger, useWorld } from './support.ts'

const world = useWorld({ isNew: true })

describe('a database', () => {
  it('gets its tables when they are not there, and is found as it was left', async () => {
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
    await world.sql(
      `insert into carillon_migrations (name, "timestamp") values ('9999-from-the-future', '2030-01-01')`,
    )
    const content = await world.dump()

    const error: unknown = await world.open().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(SchemaTooNewError)
    expect((error as Error).message).toContain('newer')
    expect(await world.dump()).toEqual(content)
  })

  it('of another program keeps what it holds', async () => {
    await world.sql('create table recipes (name varchar(255))')
    await world.sql(`insert into recipes values ('bread')`)
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    expect(await world.sql('select name from recipes')).toEqual([{ name: 'bread' }])
  })

  it('is left alone by options that are refused', async () => {
    await expect(world.open({ concurrency: 0 })).rejects.toThrow('concurrency')
    expect(await world.database.tables()).toEqual([])
  })
})
