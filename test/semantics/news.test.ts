import { describe, expect, it } from 'vitest'
import type { Carillon } from '../../src/index.ts'
import type { News, NewsFilter } from '../../src/catalog/news/news.ts'
import { instant, time, useWorld } from './support.ts'

const world = useWorld()
const HOURLY = { cron: '5 * * * *', job: 'note' }

/** What somebody hears of, as `10:05 a 1 active` and `10:05 a succeeded`. */
async function follow(cron: Carillon, filter: NewsFilter = {}) {
  const heard: string[] = []
  const unfollow = await cron.news.follow(filter, {
    tell: (news) => heard.push(textOf(news)),
    end: () => heard.push('end'),
  })
  return { heard, unfollow, take: () => heard.splice(0) }
}

function textOf(news: News): string {
  if (news.type === 'gap') return 'gap'
  const what = news.type === 'run' ? `${news.attempt} ${news.state}` : `${news.revision} ${news.state}`
  return `${time(news.at)} ${news.key} ${what}`
}

describe('what happens', () => {
  it('to schedules is told, also when another process does it', async () => {
    const [cron, other] = [await world.open(), await world.open()]
    const { take } = await follow(cron)
    await other.schedule({ ...HOURLY, key: 'a' })
    await world.clock.advance('1s')
    expect(take()).toEqual(['10:00 a 1 active'])

    await other.patch('a', { note: 'x' })
    await world.clock.advance('1s')
    await other.pause('a')
    await world.clock.advance('1s')
    await other.delete('a')
    await world.clock.advance('1s')
    expect(take()).toEqual([
      '10:00:01 a 2 active',
      '10:00:02 a 3 paused',
      // The run of 10:05, which was planned already.
      '10:00:02 a 0 skipped',
      '10:00:03 a 4 deleted',
    ])
    await world.clock.advance('1m')
    expect(take()).toEqual([])
  })

  it('to runs is told when they begin and when they end', async () => {
    const work = world.job('work', ({ signal, occurrence }) => {
      if (occurrence.attempt === 1) throw new Error('not yet')
      return new Promise((resolve) => {
        world.clock.alarmAt(world.clock.now() + 3_000, () => resolve(undefined))
        signal.addEventListener('abort', resolve)
      })
    })
    const cron = await world.open({ jobs: [work] })
    await cron.schedule({ ...HOURLY, job: 'work', key: 'a', retries: 1, backoff: { initial: '4s' } })
    const { take } = await follow(cron)
    await cron.start()
    await world.clock.advanceTo(instant('10:05:20'))
    expect(take()).toEqual(['10:05:04 a 2 running', '10:05:07 a 2 succeeded'])
  })

  it('before somebody follows is no news, and what is committed late is', async () => {
    const [cron, other] = [await world.open(), await world.open()]
    await other.schedule({ ...HOURLY, key: 'before' })
    const { take } = await follow(cron)
    await other.schedule({ ...HOURLY, key: 'after' })
    await world.clock.advance('1s')
    expect(take()).toEqual(['10:00 after 1 active'])
    await world.clock.advance('3s')
    await other.schedule({ ...HOURLY, key: 'now' })
    await world.clock.advance('1s')
    // A transaction that took four seconds.
    await world.sql(
      `update carillon_schedules set revision = 7, updated_at = ? where "key" = 'before'`,
      instant('10:00:01'),
    )
    await world.clock.advance('1s')
    expect(take()).toEqual(['10:00:04 now 1 active', '10:00:01 before 7 active'])
  })

  it('is told to each who follows it, and to no other', async () => {
    const cron = await world.open()
    const acme = cron.namespace('acme')
    const all = await follow(cron)
    const own = await follow(cron, { namespace: 'acme', groups: ['x'], jobs: ['note'] })
    await cron.schedule({ ...HOURLY, key: 'foreign', group: 'x' })
    await acme.schedule({ ...HOURLY, key: 'without group' })
    await acme.schedule({ ...HOURLY, key: 'other group', group: 'y' })
    await acme.schedule({ ...HOURLY, key: 'own', group: 'x' })
    await world.clock.advance('1s')
    expect(all.take().toSorted()).toEqual(
      ['foreign', 'other group', 'own', 'without group'].map((key) => `10:00 ${key} 1 active`),
    )
    expect(own.take()).toEqual(['10:00 own 1 active'])

    own.unfollow()
    await acme.patch('own', { note: 'x' })
    await world.clock.advance('1s')
    expect([all.take(), own.take()]).toEqual([['10:00:01 own 2 active'], []])
  })

  it('is told as a gap when it is too much, and one by one again after it', async () => {
    const [cron, other] = [await world.open(), await world.open()]
    const { take } = await follow(cron)
    await other.scheduleMany(Array.from({ length: 1_000 }, (_, i) => ({ ...HOURLY, key: `k${i}` })))
    await world.clock.advance('1s')
    expect(take()).toEqual(['gap'])
    await world.clock.advance('10s')
    // Once more when it is over.
    expect(take()).toEqual(['gap', 'gap'])
    await other.schedule({ ...HOURLY, key: 'a' })
    await world.clock.advance('1s')
    expect(take()).toEqual(['10:00:11 a 1 active'])
  })

  it('is not looked for while nobody follows, and followed anew by the next one', async () => {
    const cron = await world.open()
    const first = await follow(cron)
    first.unfollow()
    await world.clock.advance('1s')
    expect(world.clock.pending).toEqual([])
    await cron.schedule({ ...HOURLY, key: 'a' })
    const second = await follow(cron)
    await cron.schedule({ ...HOURLY, key: 'b' })
    await world.clock.advance('1s')
    expect([first.take(), second.take()]).toEqual([[], ['10:00:01 b 1 active']])
  })

  it('ends when the process closes', async () => {
    const cron = await world.open()
    const { heard } = await follow(cron)
    await cron.close()
    expect(heard).toEqual(['end'])
  })
})
