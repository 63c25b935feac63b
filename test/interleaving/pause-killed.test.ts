import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { Carillon, defineJob } from '../../src/index.ts'
import { MysqlSession } from '../support/mysql-session.ts'
import { PostgresSession } from '../support/postgres-session.ts'
import type { DatabaseSession } from '../support/server-databases.ts'
import { createMariadbDatabase } from '../support/servers/mariadb-database.ts'
import { createPostgresDatabase } from '../support/servers/postgres-database.ts'
import { until } from '../support/until.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }

interface Server {
  readonly address: () => Promise<string>
  readonly connect: (address: string) => Promise<DatabaseSession & AsyncDisposable>
}

const SERVERS: Readonly<Record<string, Server>> = {
  PostgreSQL: {
    address: () => createPostgresDatabase(inject('postgresAddress')),
    connect: (address) => PostgresSession.connect(address),
  },
  MariaDB: {
    address: () => createMariadbDatabase(inject('mariadbAddress')),
    connect: (address) => MysqlSession.connect(address),
  },
}

describe.each(Object.entries(SERVERS))('on %s', (_, { address, connect }) => {
  it('a schedule whose server is killed between its last failure and the pause is paused at the next one', async () => {
    const database = await address()
    const work = defineJob('work', { handle: () => Promise.reject(new Error('the disk is full')) })
    await using cron = await Carillon.open({ database, jobs: [work], logger: silent })
    await cron.schedule({ key: 'a', every: '1s', job: 'work', pauseAfter: 2 })

    // Runs end without the row of the cursor; who pauses the schedule waits for it.
    await using session = await connect(database)
    await session.query('begin', [])
    await session.query('select schedule_id from carillon_cursors for update', [])
    const program = join(import.meta.dirname, 'support/failing-process.ts')
    const child = spawn(process.execPath, [program, database], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const failures = async () => (await cron.history('a', { states: ['failed'] })).length
      await until('two runs have failed', async () => (await failures()) >= 2)
      expect(await cron.describe('a')).toMatchObject({ state: 'active' })
    } finally {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
    await session.query('rollback', [])
    expect(await cron.describe('a')).toMatchObject({ state: 'active', generation: 1 })

    await cron.start({ roles: ['work'] })
    const isPaused = async () => (await cron.describe('a'))?.state === 'paused'
    await until('it is paused', isPaused)
    expect(await cron.describe('a')).toMatchObject({ reason: '2 runs in a row failed', generation: 2 })
  })
})
