import { describe, expect, it } from 'vitest'
import { useWorld } from './support.ts'

const world = useWorld()

describe('retry()', () => {
  async function failed(retries = 1) {
    let isMended = false
    const job = world.job('work', () => {
      if (!isMended) throw new Error('not yet')
      return 'done'
    })
    const cron = await world.open({ jobs: [job] })
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'work', retries, backoff: { initial: '1s' } })
    await cron.start()
    await world.clock.advance('8m')
    return { cron, mend: () => void (isMended = true) }
  }

  it('runs once more what failed for good, with all its retries', async () => {
    const { cron, mend } = await failed()
    const [dead] = await cron.history('a')
    expect(dead).toMatchObject({ state: 'failed', attempt: 2, error: { message: 'not yet' } })

    expect(await cron.retry('a', { id: dead!.id })).toMatchObject({ id: dead!.id, state: 'planned' })
    await world.clock.advance('1m')
    expect(await cron.history('a')).toMatchObject([{ state: 'failed', attempt: 4 }])

    mend()
    expect(await cron.retry('a')).toMatchObject({ id: dead!.id, state: 'planned' })
    await world.clock.advance('1m')
    expect(await cron.history('a')).toMatchObject([
      { id: dead!.id, state: 'succeeded', attempt: 5, error: undefined, result: 'done' },
    ])
  })

  it('refuses what has not failed, and says why', async () => {
    const { cron, mend } = await failed(0)
    mend()
    await cron.retry('a')
    await world.clock.advance('1m')
    const [run] = await cron.history('a')
    await expect(cron.retry('a', { id: run!.id })).rejects.toThrow(
      `run ${run!.id} has not failed, it is succeeded`,
    )
    await expect(cron.retry('a')).rejects.toThrow('none has failed')
    await expect(cron.retry('b')).rejects.toThrow('no schedule has the key "b"')
    await expect(cron.retry('a', { id: 'x' })).rejects.toThrow('"x" is not the id of an occurrence')
  })

  it('refuses a run of another schedule', async () => {
    const { cron } = await failed(0)
    const [run] = await cron.history('a')
    await cron.schedule({ key: 'b', cron: '5 10 * * *', job: 'work' })
    await expect(cron.retry('b', { id: run!.id })).rejects.toThrow(`it has no run ${run!.id}`)
    await expect(cron.namespace('other').retry('a', { id: run!.id })).rejects.toThrow(
      'no schedule has the key',
    )
  })

  it('refuses what the fence would not let through', async () => {
    const { cron } = await failed(0)
    const [run] = await cron.history('a')
    await cron.pause('a')
    await expect(cron.retry('a', { id: run!.id })).rejects.toThrow('changed since')
  })
})
