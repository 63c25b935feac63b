import { expect, it } from 'vitest'
import type { Carillon } from '../../src/index.ts'
import { time, useWorld } from './support.ts'

const world = useWorld()

/** The servers, as `one dispatch work, 10:00 to 10:01, 0 running`. */
async function servers(cron: Carillon): Promise<string[]> {
  return (await cron.servers()).map(
    ({ name, roles, startedAt, seenAt, running, isAlive }) =>
      `${name.split('#')[0]} ${roles.join(' ')}, ${time(startedAt)} to ${time(seenAt)}, ${running} running${isAlive ? '' : ', gone'}`,
  )
}

it('servers are known to each other while they live', async () => {
  const [one, two, idle] = [
    await world.open({ server: 'one' }),
    await world.open({ server: 'two' }),
    await world.open({ server: 'idle' }),
  ]
  await one.start()
  await world.clock.advance('10s')
  await two.start({ roles: ['dispatch'] })
  await world.clock.advance('1m')
  expect(await servers(idle)).toEqual([
    'one dispatch work tasks, 10:00 to 10:01, 0 running',
    'two dispatch, 10:00:10 to 10:01:10, 0 running',
  ])
  await two.stop()
  expect(await servers(idle)).toEqual(['one dispatch work tasks, 10:00 to 10:01, 0 running'])
})

it('a server tells how many runs are under way in it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cron = await world.open({ server: 'one', jobs: [world.job('work', () => promise)] })
  await cron.schedule({ key: 'a', cron: '1 10 * * *', job: 'work' })
  await cron.start()
  await world.clock.advance('1m')
  await world.clock.advance('30s')
  expect(await servers(cron)).toEqual(['one dispatch work tasks, 10:00 to 10:01:30, 1 running'])
  resolve()
})

it('a server that is not heard of is gone, and forgotten after a day', async () => {
  const [one, other] = [await world.open({ server: 'one' }), await world.open({ server: 'other' })]
  // One that has died: nobody takes its row away.
  await world.sql(
    `insert into carillon_servers (name, roles, started_at, seen_at, running) values ('dead', 'work', ?, ?, 3)`,
    world.clock.now(),
    world.clock.now(),
  )
  await world.clock.advance('89s')
  expect(await servers(one)).toEqual(['dead work, 10:00 to 10:00, 3 running'])
  await world.clock.advance('1s')
  expect(await servers(one)).toEqual(['dead work, 10:00 to 10:00, 3 running, gone'])
  await other.start()
  await world.clock.advance('25h')
  expect((await other.servers()).map(({ name }) => name.split('#')[0])).toEqual(['other'])
})
