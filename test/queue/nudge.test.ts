import { expect, inject, it } from 'vitest'
import { LeaseLocks } from '../../src/carillon/lease-locks.ts'
import type { Alarm, Instant } from '../../src/clock/clock.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { Nudger } from '../../src/dispatch/nudger.ts'
import { Carillon, defineJob, type Message, type MessageQueue, type QueueDriver } from '../../src/index.ts'
import { Store } from '../../src/store/store.ts'
import { createPostgresDatabase } from '../support/servers/postgres-database.ts'
import { until } from '../support/until.ts'

const silentLogger = { info: () => {}, warn: () => {}, error: () => {} }

/** Counts how often something began to wait for long, as the nudger does when it has found nothing. */
class WatchedClock extends SystemClock {
  longWaits = 0

  override alarmAt(instant: Instant, ring: () => void): Alarm {
    if (instant - this.now() > 20_000) this.longWaits++
    return super.alarmAt(instant, ring)
  }
}

it('nudges what another process sent after the last look, however long the next one is off', async () => {
  const database = await createPostgresDatabase(inject('postgresAddress'))
  const promoted: Message[] = []
  const clock = new WatchedClock()
  const queue = {
    driver: 'spy',
    capabilities: { precisionMs: 200, canWithdraw: false, canDeduplicate: false, canPrioritize: false },
    // Until the news of the plan has been looked into, and nothing was found that is sent.
    send: async () => {
      await until('it has looked once more', () => clock.longWaits > 1)
    },
    promote: async (messages: readonly Message[]) => void promoted.push(...messages),
    epoch: async () => 'one',
    [Symbol.asyncDispose]: async () => {},
  } as Partial<MessageQueue> as MessageQueue
  const driver: QueueDriver = { driver: 'spy', open: async () => queue }

  await using store = await Store.open(database)
  const locks = new LeaseLocks(store)
  const nudger = new Nudger({ store, clock, logger: silentLogger, locks, owner: 'a', name: 'default', queue })
  nudger.start()
  await until('it has found nothing to nudge', () => clock.longWaits > 0)

  const jobs = [defineJob('note', { handle: () => {} })]
  await using sender = await Carillon.open({ database, jobs, queue: driver, logger: silentLogger })
  await sender.schedule({ key: 'a', job: 'note', at: Date.now() + 3_500 })
  await sender.dispatch({ ahead: '1m' })
  await until('it is nudged', () => promoted.length > 0, 15_000)
  await nudger.stop()
  expect(promoted).toHaveLength(1)
})
