import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { messageId } from '../../src/queue/message.ts'
import type { OutboxEntry } from '../../src/store/outbox.ts'
import type { Execute, SendInside } from '../../src/store/send-inside.ts'
import { FAILED, MINUTE } from '../interleaving/support/actor.ts'
import { DATABASES, instant, useScene } from '../interleaving/support/scene.ts'
import { idsOf, OutboxActor } from './support/outbox-actor.ts'

const AT_FIVE = { key: 'a', cron: '5,6 10 * * *', job: 'note', queue: 'q', retries: 2 }

describe.each(DATABASES)('sending inside the transaction, on %s', (kind) => {
  const scene = useScene(kind)
  const at = (time: string, ms = 0) => scene().clock.jumpTo(instant(time) + ms)
  let relay: OutboxActor
  /** What each call of `send` was given. */
  let calls: (readonly OutboxEntry[])[]

  // The queue is a table of the test's, in the same database.
  beforeEach(async () => {
    await scene().sql(
      'create table if not exists test_messages (id varchar(64) primary key, due_at bigint not null)',
    )
    calls = []
    relay = await OutboxActor.enter(scene(), 'relay')
  })
  afterEach(() => scene().sql('drop table if exists test_messages'))

  const insert = kind === 'postgres' ? 'values ($1, $2)' : 'values (?, ?)'
  async function put(execute: Execute, entries: readonly OutboxEntry[]): Promise<void> {
    for (const entry of entries)
      await execute(`insert into test_messages (id, due_at) ${insert}`, [messageId(entry), entry.dueAt])
  }
  const send: SendInside = async (execute, entries) => {
    calls.push(entries)
    await put(execute, entries)
  }

  async function messages(): Promise<string[]> {
    const rows = await scene().sql('select id from test_messages order by id')
    return rows.map(({ id }) => String(id))
  }

  async function rows(columns = '*') {
    return scene().sql(`select ${columns} from carillon_occurrences order by nominal_at, generation`)
  }

  describe('that goes well', () => {
    beforeEach(() => relay.store.sendInside('q', send))

    it('puts occurrences and messages there together', async () => {
      await relay.catalog.schedule(AT_FIVE)
      const [{ schedule_id: scheduleId }] = (await rows()) as [{ schedule_id: number }]
      const entries = [5, 6].map((minute) => ({
        scheduleId,
        generation: 1,
        nominalAt: instant('10:00') + minute * MINUTE,
        attempt: 0,
        dueAt: instant('10:00') + minute * MINUTE,
        job: 'note',
      }))
      expect(calls).toMatchObject([entries])
      expect(await messages()).toEqual(idsOf(entries))
      expect(await scene().ledger()).toEqual(['10:05 g1 sent', '10:06 g1 sent'])
      expect(await rows('owner, lease_until')).toEqual([
        { owner: null, lease_until: instant('10:06') },
        { owner: null, lease_until: instant('10:07') },
      ])
    })

    it('leaves the relay nothing to send, and the nudge its instants', async () => {
      await relay.catalog.schedule(AT_FIVE)
      expect(await relay.take()).toEqual([])
      expect(await relay.backlog()).toMatchObject({ unsent: 0, sent: 2 })
      expect(idsOf(await relay.dueBetween(0, instant('11:00')))).toEqual(await messages())
      expect(await relay.nextDue(0)).toBe(instant('10:05'))
    })

    it('is undone with the transaction', async () => {
      const stored = relay.store.transaction(async (tables) => {
        const occurrence = {
          scheduleId: 1,
          generation: 1,
          nominalAt: instant('10:05'),
          origin: 'schedule' as const,
        }
        const rest = { dueAt: instant('10:05'), queue: 'q', job: 'note', flow: 0 }
        await tables.ledger.insert([{ ...occurrence, ...rest }], tables.now)
        throw new RangeError('changed our mind')
      })
      await expect(stored).rejects.toThrow(RangeError)
      expect(calls).toHaveLength(1)
      expect(await messages()).toEqual([])
      expect(await rows()).toEqual([])
    })

    it('is undone when an occurrence turns out to be there already', async () => {
      await relay.catalog.schedule({ ...AT_FIVE, cron: '5 10 * * *' })
      const [{ schedule_id: scheduleId }] = (await rows()) as [{ schedule_id: number }]
      const before = await messages()
      const occurrence = (minute: number) => ({
        scheduleId,
        generation: 1,
        nominalAt: instant('10:00') + minute * MINUTE,
        dueAt: instant('10:00') + minute * MINUTE,
        origin: 'schedule' as const,
        queue: 'q',
        job: 'note',
        flow: 0,
      })
      await scene().sql('delete from test_messages')
      const again = relay.store.transaction(({ ledger, now }) =>
        ledger.insert([occurrence(4), occurrence(5)], now),
      )
      await expect(again).rejects.toMatchObject({ fault: { kind: 'refused' } })
      expect(before).toHaveLength(1)
      expect(await messages()).toEqual([])
      expect(await scene().ledger()).toEqual(['10:05 g1 sent'])
    })

    it('is sent once more by the relay when it does not begin', async () => {
      await relay.catalog.schedule(AT_FIVE)
      at('10:06', -1)
      expect(await relay.reap()).toMatchObject({ taken: 0 })
      at('10:06')
      expect(await relay.reap()).toMatchObject({ taken: 1 })
      const again = await relay.send()
      expect(idsOf(again)).toEqual((await messages()).slice(0, 1))
      expect(calls).toHaveLength(1)
      expect(await relay.begin(again)).toMatchObject([{ attempt: 1 }])
    })

    it('is not for what is late already: that is sent once more when it is late by as much again', async () => {
      const occurrence = {
        scheduleId: 1,
        generation: 1,
        nominalAt: instant('09:50'),
        origin: 'schedule' as const,
      }
      const rest = { dueAt: instant('09:50'), queue: 'q', job: 'note', flow: 0 }
      await relay.store.transaction(({ ledger, now }) => ledger.insert([{ ...occurrence, ...rest }], now))
      expect(await rows('lease_until')).toEqual([{ lease_until: instant('10:10') }])
    })

    it('is not for attempts after the first, which the relay sends', async () => {
      await relay.catalog.schedule({ ...AT_FIVE, cron: '5 10 * * *' })
      at('10:05')
      const runs = await relay.begin(await relay.dueBetween(0, instant('11:00')))
      expect(runs).toHaveLength(1)
      await relay.finish(runs, FAILED)
      expect(calls).toHaveLength(1)
      expect(await relay.take()).toMatchObject([{ attempt: 1, dueAt: instant('10:06') }])
    })

    it('is for runs by hand, passes and changes too, and what was sent is taken back', async () => {
      await relay.catalog.schedule(AT_FIVE)
      await relay.catalog.trigger('a')
      await relay.catalog.patch('a', { cron: '7 10 * * *' })
      await relay.catalog.schedule({ ...AT_FIVE, key: 'later', cron: '25 10 * * *' })
      at('10:20')
      await relay.pass()

      expect(await relay.take()).toEqual([])
      expect(await scene().ledger('later')).toEqual(['10:25 g1 sent'])
      expect(calls.map((entries) => entries.map(({ dueAt }) => (dueAt - instant('10:00')) / MINUTE))).toEqual(
        [[5, 6], [0], [7], [25]],
      )
      const noted = await relay.withdrawals()
      expect(idsOf(noted)).toEqual(idsOf([...calls[0]!, ...calls[1]!]))
      expect(await messages()).toEqual(idsOf(calls.flat()))
    })

    it('is not asked about occurrences of other queues, nor about none', async () => {
      await relay.catalog.schedule({ ...AT_FIVE, queue: 'p' })
      await relay.catalog.schedule({ ...AT_FIVE, key: 'd', queue: 'default' })
      await relay.catalog.schedule({ ...AT_FIVE, key: 'far', cron: '0 12 * * *' })
      expect(calls).toEqual([])
      expect(await relay.take({ queue: 'p' })).toHaveLength(2)
    })

    it('goes for thousands', { timeout: 120_000 }, async () => {
      const keys = Array.from({ length: 1_000 }, (_, i) => `k-${i}`)
      await relay.catalog.scheduleMany(keys.map((key) => ({ ...AT_FIVE, key })))
      expect(await messages()).toHaveLength(2_000)
      expect(await relay.backlog()).toMatchObject({ unsent: 0, sent: 2_000 })
    })
  })

  describe.each([
    {
      what: 'a statement of it is refused',
      fails: async (execute: Execute, entries: readonly OutboxEntry[]) => {
        await put(execute, entries)
        await put(execute, entries)
      },
    },
    {
      what: 'its table is missing',
      fails: async (execute: Execute, entries: readonly OutboxEntry[]) => {
        await put(execute, entries)
        await execute('select * from test_that_is_missing', [])
      },
    },
    {
      what: 'it throws after it has written',
      fails: async (execute: Execute, entries: readonly OutboxEntry[]) => {
        await put(execute, entries)
        throw new RangeError('not today')
      },
    },
  ])('when $what', ({ fails }) => {
    it('leaves the transaction alone, and the occurrences to the relay', async () => {
      relay.store.sendInside('q', fails)
      await relay.catalog.schedule(AT_FIVE)
      expect(await messages()).toEqual([])
      expect(await scene().ledger()).toEqual(['10:05 g1 planned', '10:06 g1 planned'])
      expect(await rows('owner, lease_until')).toEqual([
        { owner: null, lease_until: null },
        { owner: null, lease_until: null },
      ])
      expect(await relay.take()).toMatchObject([{ dueAt: instant('10:05') }, { dueAt: instant('10:06') }])
    })

    it('keeps what the same transaction has written before and writes then', async () => {
      relay.store.sendInside('q', fails)
      const occurrence = (minute: number, queue: string) => ({
        scheduleId: 1,
        generation: 1,
        nominalAt: instant('10:00') + minute * MINUTE,
        dueAt: instant('10:00') + minute * MINUTE,
        origin: 'schedule' as const,
        queue,
        job: 'note',
        flow: 0,
      })
      await relay.store.transaction(async ({ ledger, now }) => {
        await ledger.insert([occurrence(1, 'default')], now)
        await ledger.insert([occurrence(2, 'q')], now)
        await ledger.insert([occurrence(3, 'q'), occurrence(4, 'p')], now)
      })
      const states = await rows('queue, state')
      expect(states.map(({ queue, state }) => `${String(queue)} ${String(state)}`)).toEqual([
        'default planned',
        'q planned',
        'q planned',
        'p planned',
      ])
      expect(await messages()).toEqual([])
    })

    it('does not keep another queue from sending in the same transaction', async () => {
      relay.store.sendInside('q', fails)
      relay.store.sendInside('p', send)
      const queues = { a: 'q', b: 'p', c: 'default' }
      await relay.catalog.scheduleMany(
        Object.entries(queues).map(([key, queue]) => ({ ...AT_FIVE, key, queue })),
      )
      expect(calls).toHaveLength(1)
      expect(await messages()).toEqual(idsOf(calls[0]!))
      expect(await scene().ledger()).toEqual([
        'a 10:05 g1 planned',
        'a 10:06 g1 planned',
        'b 10:05 g1 sent',
        'b 10:06 g1 sent',
        'c 10:05 g1 planned',
        'c 10:06 g1 planned',
      ])
    })
  })

  it('does not take what fails in silence for sent', async () => {
    relay.store.sendInside('q', async (execute, entries) => {
      await put(execute, entries)
      await put(execute, entries).catch(() => {})
    })
    await relay.catalog.schedule(AT_FIVE)
    // On PostgreSQL an error ends the transaction up to the savepoint, whoever heard of it.
    const state = kind === 'postgres' ? 'planned' : 'sent'
    expect(await scene().ledger()).toEqual([`10:05 g1 ${state}`, `10:06 g1 ${state}`])
    expect(await messages()).toHaveLength(kind === 'postgres' ? 0 : 2)
  })

  it('answers the rows of a statement', async () => {
    const heard: object[] = []
    relay.store.sendInside('q', async (execute, entries) => {
      await put(execute, entries)
      heard.push(...(await execute('select count(*) as n from test_messages', [])))
    })
    await relay.catalog.schedule(AT_FIVE)
    expect(heard).toEqual([{ n: 2 }])
  })
})

describe('sending inside the transaction, on sqlite', () => {
  const scene = useScene('sqlite')

  it('stores nothing, and says why, when an error has ended all of the transaction', async () => {
    const relay = await OutboxActor.enter(scene(), 'relay')
    await scene().sql('create table test_messages (id varchar(64) primary key)')
    relay.store.sendInside('q', async (execute) => {
      await execute(`insert into test_messages (id) values ('one')`, [])
      await execute(`insert or rollback into test_messages (id) values ('one')`, []).catch(() => {})
    })
    await expect(relay.catalog.schedule(AT_FIVE)).rejects.toThrow(
      'UNIQUE constraint failed: test_messages.id',
    )
    expect(await scene().ledger()).toEqual([])
    expect(await scene().sql('select * from test_messages')).toEqual([])

    relay.store.sendInside('q', async () => {})
    await relay.catalog.schedule(AT_FIVE)
    expect(await scene().ledger()).toEqual(['10:05 g1 sent', '10:06 g1 sent'])
  })
})
