import { beforeEach, describe, expect, it } from 'vitest'
import type { Carillon, DescribeFilter } from '../../src/index.ts'
import { collect, useWorld } from './support.ts'

const world = useWorld()

describe('describeAll() lets through', () => {
  let cron: Carillon
  beforeEach(async () => {
    cron = await world.open({ jobs: [world.note, world.job('mail', () => {})] })
    const cronText = '0 0 1 1 *'
    await cron.scheduleMany([
      { key: 'report:Anna', group: 'Reports', cron: cronText, job: 'note' },
      { key: 'report:100%_a', group: 'Reports', cron: cronText, job: 'mail' },
      { key: 'mail:ÉMILE', cron: cronText, job: 'mail', active: false },
      { key: 'tidy', group: 'nightly', cron: cronText, job: 'note' },
    ])
  })

  const keys = async (filter: DescribeFilter) =>
    (await collect(cron.describeAll(filter))).map((schedule) => schedule.key)

  it.each<[DescribeFilter, string[]]>([
    [{ group: 'Reports' }, ['report:100%_a', 'report:Anna']],
    [{ states: ['paused'] }, ['mail:ÉMILE']],
    [{ states: ['active', 'paused'], job: 'mail' }, ['mail:ÉMILE', 'report:100%_a']],
    [{ job: 'nobody' }, []],
    [{ text: 'REPORT:a' }, ['report:Anna']],
    [{ text: 'NIGHT' }, ['tidy']],
    [{ text: '%' }, ['report:100%_a']],
    [{ text: '0%_A' }, ['report:100%_a']],
    [{ text: 'ÉMI' }, ['mail:ÉMILE']],
    [{ afterKey: 'report:100%_a' }, ['report:Anna', 'tidy']],
    [{ text: 'o', job: 'note', afterKey: 'm' }, ['report:Anna']],
  ])('with %j', async (filter, expected) => {
    expect(await keys(filter)).toEqual(expected)
  })
})

describe('scheduleMany()', () => {
  it('tells what became of the schedules, and how far it is', async () => {
    const cron = await world.open()
    const many = Array.from({ length: 2_200 }, (_, i) => ({ key: `k${i}`, cron: '0 0 1 1 *', job: 'note' }))
    const steps: number[] = []

    expect(await cron.scheduleMany(many, { onProgress: ({ created }) => steps.push(created) })).toEqual({
      created: 2_200,
      changed: 0,
      unchanged: 0,
    })
    // Two steps are under way at a time, where the database allows it: either may be first.
    expect(steps).toHaveLength(3)
    expect(steps.toSorted((a, b) => a - b)).toEqual(steps)
    expect(steps.at(-1)).toBe(2_200)
    const again = [{ ...many[0]!, note: 'new' }, many[1]!, { ...many[1]!, key: 'k2200' }]
    expect(await cron.scheduleMany(again)).toEqual({ created: 1, changed: 1, unchanged: 1 })
    expect(await collect(cron.describeAll())).toHaveLength(2_201)
  })

  it('takes a generator, and one key twice: the last one counts', async () => {
    const cron = await world.open()
    const generate = async function* () {
      yield { key: 'a', cron: '0 1 * * *', job: 'note' }
      yield { key: 'a', cron: '0 2 * * *', job: 'note' }
    }
    expect(await cron.scheduleMany(generate())).toEqual({ created: 1, changed: 1, unchanged: 0 })
    expect(await cron.describe('a')).toMatchObject({ cron: '0 2 * * *', generation: 2 })
  })

  it('names the one that is wrong, and keeps the steps before it', async () => {
    const cron = await world.open()
    const many = Array.from({ length: 1_100 }, (_, i) => ({ key: `k${i}`, cron: '0 0 1 1 *', job: 'note' }))
    many[1_050] = { key: 'bad', cron: 'not cron', job: 'note' }

    await expect(cron.scheduleMany(many)).rejects.toThrow(/schedule 1050 \(bad\)/)
    expect(await collect(cron.describeAll())).toHaveLength(1_000)
  })

  it('plans within the horizon as schedule() does', async () => {
    const cron = await world.open()
    await cron.scheduleMany([{ key: 'a', cron: '*/5 * * * *', job: 'note' }])
    await cron.start()
    await world.clock.advance('10m')
    expect(world.beginnings).toEqual(['10:05 a', '10:10 a'])
  })
})

it('calls of schedule() at the same time are each served, the bad ones alone refused', async () => {
  const cron = await world.open()
  const calls = Array.from({ length: 50 }, (_, i) =>
    cron.schedule({ key: `k${i % 40}`, cron: i === 7 ? 'bad' : '0 0 1 1 *', job: 'note', note: `${i}` }),
  )
  const results = await Promise.allSettled(calls)

  expect(results.map(({ status }, i) => (status === 'rejected' ? i : -1)).filter((i) => i >= 0)).toEqual([7])
  const stored = await collect(cron.describeAll())
  expect(stored).toHaveLength(40)
  expect(stored.find(({ key }) => key === 'k3')).toMatchObject({ note: '43', revision: 2 })
})
