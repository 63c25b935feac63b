import { describe, expect, it } from 'vitest'
import { instant, ledger, useWorld } from './support.ts'

const world = useWorld()

/** Nearly the largest payload and result, made of what has to be escaped: JSON in JSON in SQL. */
const LARGE = '"'.repeat(30_000)
const NUMBERS = Array.from({ length: 100 }, (_, n) => n)

describe('much text at once', () => {
  // MySQL and MariaDB take 16 MiB a statement by default.
  it('is stored: a hundred large payloads', async () => {
    const cron = await world.open()
    await cron.scheduleMany(
      NUMBERS.map((n) => ({ key: `k${n}`, cron: '0 0 1 1 *', job: 'note', payload: LARGE })),
    )
    expect(await cron.describe('k99')).toMatchObject({ payload: LARGE })
  })

  it('is stored: the large results of a hundred runs that end together', async () => {
    const cron = await world.open({ concurrency: 100, jobs: [world.job('large', () => LARGE)] })
    await cron.scheduleMany(NUMBERS.map((n) => ({ key: `k${n}`, cron: '5 10 * * *', job: 'large' })))
    await cron.start()
    await world.clock.advanceTo(instant('10:05'))
    expect(await ledger(cron, 'k99')).toEqual(['10:05 succeeded'])
    expect((await cron.history('k99'))[0]?.result).toBe(LARGE)
  })
})
