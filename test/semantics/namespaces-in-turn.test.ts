import { describe, expect, it } from 'vitest'
import { defineJob, type Carillon } from '../../src/index.ts'
import { until } from '../support/until.ts'
import { useWorld } from './support.ts'

const world = useWorld()

/** A job of which each run waits to be let go, by namespace. */
function heldJob() {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const job = defineJob('held', {
    handle: async ({ occurrence }) => {
      begun.push(occurrence.namespace)
      await new Promise<void>((resolve) => ends.push(resolve))
    },
  })
  /** Ends the run that began first, until so many have begun. */
  const endUntilBegun = async (count: number) => {
    await until(`${count} have begun`, async () => {
      if (begun.length >= count) return true
      ends.shift()?.()
      await world.clock.advance('100ms')
      return false
    })
  }
  return { job, begun, ends, endUntilBegun }
}

async function many(cron: Carillon, namespace: string, count: number, minute: number): Promise<void> {
  const door = namespace === 'default' ? cron : cron.namespace(namespace)
  await door.scheduleMany(
    Array.from({ length: count }, (_, n) => ({ key: `k${n}`, cron: `${minute} 10 * * *`, job: 'held' })),
  )
}

describe('when workers are behind, namespaces take turns', () => {
  it('although one was due long before the other, and has many times as much', async () => {
    const { job, begun, endUntilBegun } = heldJob()
    const cron = await world.open({ jobs: [job], concurrency: 2 })
    await many(cron, 'large', 200, 5)
    await many(cron, 'small', 3, 6)
    await many(cron, 'other', 1, 7)
    await cron.dispatch({ ahead: '30m' })
    await world.clock.advance('10m')
    await cron.start()
    await endUntilBegun(14)
    const early = begun.slice(0, 10)
    expect(early.filter((namespace) => namespace === 'small')).toHaveLength(3)
    expect(early.filter((namespace) => namespace === 'other')).toHaveLength(1)
    expect(begun.slice(10)).not.toContain('small')
  })

  it('and all of them have an equal part of a claim for many', async () => {
    const { job, begun, ends } = heldJob()
    const cron = await world.open({ jobs: [job], concurrency: 90 })
    for (const namespace of ['a', 'b', 'c']) await many(cron, namespace, 60, 5)
    await many(cron, 'late', 200, 4)
    await cron.dispatch({ ahead: '30m' })
    await world.clock.advance('10m')
    await cron.start()
    await until('as many have begun as there is room for', () => ends.length === 90)
    const counts = Object.entries(Object.groupBy(begun, (name) => name)).map(([, runs]) => runs!.length)
    expect(counts).toHaveLength(4)
    for (const count of counts) expect(Math.abs(count - 22.5)).toBeLessThan(2)
  })

  it('nothing is left, whatever the namespaces have', async () => {
    const { job, begun, endUntilBegun } = heldJob()
    const cron = await world.open({ jobs: [job], concurrency: 3 })
    // More than a claim looks at, most of which have nothing that is due.
    for (let n = 0; n < 60; n++) await many(cron, `idle-${n}`, 1, 50)
    await many(cron, 'busy', 9, 5)
    await cron.dispatch({ ahead: '55m' })
    await world.clock.advance('10m')
    await cron.start()
    await endUntilBegun(9)
    expect(new Set(begun)).toEqual(new Set(['busy']))
  })
})
