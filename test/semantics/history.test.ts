import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../src/index.ts'
import { instant, ledger, time, useWorld } from './support.ts'

const world = useWorld()

describe('history()', () => {
  async function anHour() {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await world.clock.advance('62m')
    return cron
  }

  it('is newest first, and without what lies ahead', async () => {
    const cron = await anHour()
    const history = await cron.history('a')
    expect(history.map(({ nominalAt }) => time(nominalAt))).toEqual([
      '11:00',
      '10:55',
      '10:50',
      '10:45',
      '10:40',
      '10:35',
      '10:30',
      '10:25',
      '10:20',
      '10:15',
      '10:10',
      '10:05',
    ])
    const ahead = await cron.history('a', { until: instant('12:00'), states: ['planned'] })
    expect(ahead.map(({ nominalAt }) => time(nominalAt)).at(-1)).toBe('11:05')
  })

  it('comes in pages that neither repeat nor leave out', async () => {
    const cron = await anHour()
    const pages: string[][] = []
    let after: string | undefined
    do {
      const page = await cron.history('a', { limit: 5, after })
      pages.push(page.map(({ nominalAt }) => time(nominalAt)))
      after = page.at(-1)?.id
    } while (after !== undefined)
    expect(pages.map((page) => page.length)).toEqual([5, 5, 2, 0])
    expect(pages.flat()).toEqual((await cron.history('a')).map(({ nominalAt }) => time(nominalAt)))
  })

  it('can be confined to states', async () => {
    const cron = await anHour()
    await cron.pause('a')
    const skipped = await cron.history('a', { states: ['skipped'], until: instant('23:00') })
    expect(skipped.map(({ reason }) => reason)).toEqual(Array(skipped.length).fill('paused'))
    expect(skipped.length).toBeGreaterThan(0)
    expect(await cron.history('a', { states: ['failed'] })).toEqual([])
    expect(await cron.history('a', { states: ['succeeded', 'failed'], limit: 50 })).toHaveLength(12)
  })

  it('tells what happened in two generations at one instant', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await cron.patch('a', { timezone: 'Asia/Kolkata' })
    expect(await ledger(cron, 'a')).toEqual([
      '10:05 superseded',
      '10:05 planned',
      '10:10 superseded',
      '10:10 planned',
    ])
    const until = instant('11:00')
    const paged = [...(await cron.history('a', { limit: 3, until }))]
    paged.push(...(await cron.history('a', { limit: 3, until, after: paged.at(-1)?.id })))
    expect(new Set(paged.map(({ id }) => id)).size).toBe(4)
  })

  it.each([{ limit: -1 }, { limit: 1.5 }, { limit: Number.NaN }, { after: 'x' }, { until: 'yesterday' }])(
    'refuses what makes no sense: %o',
    async (options) => {
      const cron = await world.open()
      await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
      await expect(cron.history('a', options)).rejects.toBeInstanceOf(InvalidInputError)
    },
  )

  it('is kept for seven days, and what is pruned is not planned again', async () => {
    const cron = await anHour()
    await cron.stop()
    world.clock.jumpTo(instant('11:02') + 8 * 86_400_000)
    await cron.start()
    await world.clock.advance('2h')
    const [row] = await world.sql(
      `select min(nominal_at) as oldest, count(*) as old from carillon_occurrences where
      nominal_at < ?`,
      instant('11:02'),
    )
    expect(row).toEqual({ oldest: null, old: 0 })
    expect(world.begun.filter(({ at }) => at === '10:05')).toHaveLength(1)
  })
})
