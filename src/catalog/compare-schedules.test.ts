import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Carillon } from '../carillon/carillon.ts'
import { defineJob } from '../task/job.ts'

let here: Carillon
beforeAll(async () => {
  const anything = defineJob('anything', { handle: () => {} })
  here = await Carillon.open({ database: 'sqlite::memory:', jobs: [anything] })
})
afterAll(() => here.close())

describe('compareMany()', () => {
  const of = (key: string, every: string) => ({ key, every, job: 'anything' })

  it('says what scheduleMany would do with each, and stores nothing', async () => {
    await here.schedule(of('same', '1h'))
    await here.schedule(of('other', '1h'))
    await here.schedule(of('paused', '1h'))
    await here.pause('paused')
    await here.schedule(of('kept', '1h'))
    await here.pause('kept')
    const before = await Array.fromAsync(here.describeAll())

    const wanted = [
      of('same', '60m'),
      of('new', '1h'),
      of('other', '2h'),
      of('paused', '1h'),
      { ...of('kept', '1h'), active: false },
    ]
    const changes = await Array.fromAsync(here.compareMany(wanted))
    expect(changes).toEqual([
      { key: 'same', change: 'unchanged' },
      { key: 'new', change: 'created' },
      { key: 'other', change: 'changed' },
      { key: 'paused', change: 'unchanged' },
      { key: 'kept', change: 'changed' },
    ])
    expect(await Array.fromAsync(here.describeAll())).toEqual(before)
    expect(await here.scheduleMany(wanted)).toEqual({ created: 1, changed: 2, unchanged: 2 })
  })

  it('looks at more than fit on a page, and tells which one is wrong', async () => {
    const many = Array.from({ length: 1_203 }, (_, i) => of(`k${i}`, '1h'))
    await here.scheduleMany(many.slice(0, 1_100))
    const changes = await Array.fromAsync(here.compareMany(many))
    expect(changes.map(({ key }) => key)).toEqual(many.map(({ key }) => key))
    expect(changes.filter(({ change }) => change === 'created')).toHaveLength(103)

    const wrong = here.compareMany([...many.slice(0, 700), { ...of('x', '1h'), job: 'nothing' }])
    await expect(Array.fromAsync(wrong)).rejects.toThrow('schedule 700 (x): unknown job "nothing"')
  })
})
