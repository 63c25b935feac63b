import mysql from 'mysql2/promise'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { Carillon, defineJob, UnsupportedByDriverError, type DatabaseInput } from '../../src/index.ts'
import { createMariadbDatabase } from '../support/servers/mariadb-database.ts'
import { createPostgresDatabase } from '../support/servers/postgres-database.ts'

const job = defineJob('note', { handle: () => {} })

/** A pool of the application's, and how it has a transaction on one of its connections. */
interface Application {
  readonly database: DatabaseInput
  begin(): Promise<{ connection: unknown; end: (how: 'commit' | 'rollback') => Promise<void> }>
  close(): Promise<void>
}

async function onPostgres(): Promise<Application> {
  const pool = new pg.Pool({ connectionString: await createPostgresDatabase(inject('postgresAddress')) })
  return {
    database: { postgres: pool, schema: 'jobs' },
    async begin() {
      const connection = await pool.connect()
      await connection.query('begin')
      const end = async (how: string) => {
        await connection.query(how)
        connection.release()
      }
      return { connection, end }
    },
    close: () => pool.end(),
  }
}

async function onMariadb(): Promise<Application> {
  const pool = mysql.createPool(await createMariadbDatabase(inject('mariadbAddress')))
  return {
    database: { mysql: pool, tablePrefix: 'app_' },
    async begin() {
      const connection = await pool.getConnection()
      await connection.query('start transaction')
      const end = async (how: string) => {
        await connection.query(how)
        connection.release()
      }
      return { connection, end }
    },
    close: () => pool.end(),
  }
}

describe.each([
  ['PostgreSQL', onPostgres],
  ['MariaDB', onMariadb],
])('within a transaction of the application on %s', (_, open) => {
  let application: Application
  let cron: Carillon
  beforeAll(async () => {
    application = await open()
    cron = await Carillon.open({ database: application.database, jobs: [job] })
  })
  afterAll(async () => {
    await cron?.close()
    await application?.close()
  })

  it('comes true when it is committed, and is seen by nobody before', async () => {
    const { connection, end } = await application.begin()
    const stored = await cron.within(connection).schedule({ key: 'kept', cron: '* * * * *', job })

    expect(stored.key).toBe('kept')
    expect(await cron.within(connection).describe('kept')).toMatchObject({ key: 'kept' })
    expect(await cron.describe('kept')).toBeUndefined()
    await end('commit')
    expect(await cron.describe('kept')).toMatchObject({ key: 'kept', revision: 1 })
    expect(await cron.history('kept', { until: '2190-01-01T00:00:00Z' })).not.toEqual([])
  })

  it('never was when it is rolled back', async () => {
    const { connection, end } = await application.begin()
    await cron.within(connection).schedule({ key: 'undone', cron: '* * * * *', job })
    await cron.within(connection).scheduleMany([{ key: 'undone too', every: '1h', job }])
    await end('rollback')

    expect(await cron.describe('undone')).toBeUndefined()
    expect(await cron.describe('undone too')).toBeUndefined()
  })

  it('goes on after a call that was refused', async () => {
    const { connection, end } = await application.begin()
    const inside = cron.within(connection)
    await inside.schedule({ key: 'before', every: '1h', job })
    await expect(inside.pause('nobody')).rejects.toThrow(/no schedule has the key "nobody"/)
    await inside.schedule({ key: 'after', every: '1h', job })
    await end('commit')

    expect(await cron.describe('before')).toBeDefined()
    expect(await cron.describe('after')).toBeDefined()
  })

  it('refuses what is no connection, and a transaction within the transaction', async () => {
    expect(() => cron.within({})).toThrow(/give the one on which the transaction was begun/)
    const { connection, end } = await application.begin()
    expect(() => cron.within(connection).within(connection)).toThrow(UnsupportedByDriverError)
    await end('rollback')
  })
})

it('says that SQLite cannot', async () => {
  await using cron = await Carillon.open({ database: 'sqlite::memory:', jobs: [job] })
  expect(() => cron.within({})).toThrow(UnsupportedByDriverError)
})
