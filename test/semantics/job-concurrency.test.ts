import { describe, expect, it } from 'vitest'
import { defineJob } from '../../src/index.ts'
import { until } from '../support/until.ts'
import { useWorld } from './support.ts'

const world = useWorld()

describe('concurrency of a job', () => {
  it('is kept, while other jobs go on, and every run gets its turn', async () => {
    const running: string[] = []
    const ends: (() => void)[] = []
    let most = 0
    const heavy = defineJob('heavy', {
      concurrency: 2,
      handle: async ({ occurrence }) => {
        running.push(occurrence.key)
        most = Math.max(most, running.length)
        await new Promise<void>((resolve) => ends.push(resolve))
        running.splice(running.indexOf(occurrence.key), 1)
      },
    })
    const cron = await world.open({ jobs: [heavy, world.note], concurrency: 10 })
    for (let n = 0; n < 7; n++) await cron.schedule({ key: `heavy-${n}`, cron: '5 10 * * *', job: 'heavy' })
    for (let n = 0; n < 3; n++) await cron.schedule({ key: `light-${n}`, cron: '6 10 * * *', job: 'note' })
    await cron.start()
    await world.clock.advance('5m')
    await until('two are at work', () => ends.length === 2)

    await world.clock.advance('1m')
    expect(world.beginnings.toSorted()).toEqual(['10:06 light-0', '10:06 light-1', '10:06 light-2'])
    expect(running).toHaveLength(2)

    for (let ended = 0; ended < 7; ended++) {
      await until('one more is at work', async () => {
        await world.clock.advance('1s')
        return ends.length > 0
      })
      ends.shift()!()
    }
    await cron.stop()
    expect(most).toBe(2)
    for (let n = 0; n < 7; n++) {
      const [run] = await cron.history(`heavy-${n}`)
      expect(run).toMatchObject({ state: 'succeeded', attempt: 1 })
    }
  })

  it('is a whole number from 1', async () => {
    const jobs = [defineJob('none', { concurrency: 0, handle: () => {} })]
    await expect(world.open({ jobs })).rejects.toThrow('concurrency of job "none" is a whole number from 1')
  })
})
