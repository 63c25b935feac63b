import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { messageId } from '../../src/queue/message.ts'
import type { SendInside } from '../../src/store/send-inside.ts'
import { SERVERS, useScene } from '../interleaving/support/scene.ts'
import { Crash, type Loss } from '../interleaving/support/stage.ts'
import { OutboxActor } from './support/outbox-actor.ts'

const AT_FIVE = { key: 'a', cron: '5,6 10 * * *', job: 'note', queue: 'q' }
const COMMIT = { at: /^commit/, after: /carillon_occurrences/ }

/** A connection of the application's, with a transaction on it. */
interface Session {
  readonly connection: unknown
  query(text: string): Promise<unknown>
  close(): Promise<void>
}

describe.each(SERVERS)('sending inside the transaction, at once with others, on %s', (kind) => {
  const scene = useScene(kind)
  const sessions: Session[] = []
  let relay: OutboxActor

  beforeEach(async () => {
    await scene().sql(
      'create table if not exists test_messages (id varchar(64) primary key, n bigint not null)',
    )
    relay = await OutboxActor.enter(scene(), 'relay')
    relay.store.sendInside('q', send)
  })
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()))
    await scene().sql('drop table if exists test_messages')
  })

  const insert = kind === 'postgres' ? 'values ($1, $2)' : 'values (?, ?)'
  const send: SendInside = async (execute, entries) => {
    for (const entry of entries)
      await execute(`insert into test_messages (id, n) ${insert}`, [messageId(entry), 1])
  }

  async function messages(): Promise<number> {
    return (await scene().sql(`select id from test_messages where n = 1`)).length
  }

  async function connected(): Promise<Session> {
    const session = await (kind === 'postgres' ? onPostgres : onMysql)(scene().database.address)
    sessions.push(session)
    return session
  }

  it('is seen by nobody before the commit, and goes with a process that dies', async () => {
    const stop = relay.stage.stop(COMMIT)
    const storing = relay.catalog.schedule(AT_FIVE)
    await stop.reached
    expect(await messages()).toBe(0)
    stop.crash()
    await expect(storing).rejects.toThrow(Crash)
    expect(await messages()).toBe(0)
    expect(await scene().ledger()).toEqual([])
  })

  describe('a transaction of the application', () => {
    it('that is committed has sent', async () => {
      const session = await connected()
      await session.query('begin')
      await relay.catalog.within(session.connection).schedule(AT_FIVE)
      expect(await messages()).toBe(0)
      await session.query('commit')
      expect(await messages()).toBe(2)
      expect(await scene().ledger()).toEqual(['10:05 g1 sent', '10:06 g1 sent'])
    })

    it('that is rolled back has not', async () => {
      const session = await connected()
      await session.query('begin')
      await relay.catalog.within(session.connection).schedule(AT_FIVE)
      await session.query('rollback')
      expect(await messages()).toBe(0)
      expect(await scene().ledger()).toEqual([])
    })

    it('goes on when sending fails, and the relay sends', async () => {
      relay.store.sendInside('q', async (execute, entries) => {
        await send(execute, entries)
        await send(execute, entries)
      })
      const session = await connected()
      await session.query('begin')
      await session.query(`insert into test_messages (id, n) values ('own', 2)`)
      await relay.catalog.within(session.connection).schedule(AT_FIVE)
      await session.query('commit')
      expect(await scene().sql('select id from test_messages')).toEqual([{ id: 'own' }])
      expect(await relay.take()).toHaveLength(2)
    })
  })

  it.each(['before', 'after'] satisfies Loss[])(
    'sends once, whichever answer of the database is lost (%s it came)',
    { timeout: 120_000 },
    async (when) => {
      const heard = relay.stage.hear()
      await relay.catalog.schedule({ ...AT_FIVE, key: 'model' })
      const statements = [...heard]
      expect(statements.some((statement) => statement.startsWith('savepoint'))).toBe(true)

      for (const [n, statement] of statements.entries()) {
        const where = `lost ${when} “${statement.slice(0, 60)}”, statement ${n}`
        await scene().sql('delete from test_messages')
        const lost = relay.stage.loseNth(n, when)
        await relay.catalog.schedule({ ...AT_FIVE, key: `key-${n}` })
        await lost
        const unsent = await relay.take()
        expect((await messages()) + unsent.length, where).toBe(2)
        const states = await scene().ledger(`key-${n}`)
        expect(states, where).toHaveLength(2)
      }
    },
  )

  it('is tried again, or left to the relay, when the database ends a ring of waits in it', async () => {
    await scene().sql(`insert into test_messages (id, n) values ('one', 0), ('two', 0)`)
    const session = await connected()
    await session.query('begin')
    // What has written the least is the victim, or who has waited for long enough.
    if (kind === 'postgres') await session.query(`set local deadlock_timeout = '1h'`)
    const rows = Array.from({ length: 200 }, (_, i) => `('heavy-${i}', 0)`)
    await session.query(`insert into test_messages (id, n) values ${rows.join(', ')}`)
    await session.query(`update test_messages set n = 3 where id = 'two'`)

    let tries = 0
    let theirs: Promise<unknown> | undefined
    relay.store.sendInside('q', async (execute, entries) => {
      tries++
      await send(execute, entries)
      if (tries > 1) return
      await execute(`update test_messages set n = 4 where id = 'one'`, [])
      theirs = session.query(`update test_messages set n = 3 where id = 'one'`)
      await scene().blocked()
      await execute(`update test_messages set n = 4 where id = 'two'`, [])
    })
    await relay.catalog.schedule(AT_FIVE)
    await theirs
    await session.query('commit')

    const kept = await scene().sql(`select id, n from test_messages where id in ('one', 'two') order by id`)
    expect(kept).toEqual([
      { id: 'one', n: 3 },
      { id: 'two', n: 3 },
    ])
    // PostgreSQL undoes what was sent alone, InnoDB the whole transaction, which is then made anew.
    const unsent = await relay.take()
    expect([await messages(), unsent.length, tries]).toEqual(kind === 'postgres' ? [0, 2, 1] : [2, 0, 2])
    expect(await scene().ledger()).toHaveLength(2)
  })
})

async function onPostgres(address: string): Promise<Session> {
  const connection = new Client({ connectionString: address })
  await connection.connect()
  return { connection, query: (text) => connection.query(text), close: () => connection.end() }
}

async function onMysql(address: string): Promise<Session> {
  const connection = await createConnection(address)
  return { connection, query: (text) => connection.query(text), close: () => connection.end() }
}
