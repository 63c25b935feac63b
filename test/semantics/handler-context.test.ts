import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineJob } from '../../src/index.ts'
import { instant, useWorld } from './support.ts'

const world = useWorld()

describe('what a handler is given', () => {
  it('names the occurrence in full', async () => {
    const cron = await world.open()
    await cron.start()
    await cron
      .namespace('acme')
      .schedule({ key: 'a', group: 'g', cron: '*/5 * * * *', job: 'note', payload: { n: 1 } })
    await world.clock.advance('7m')

    const context = world.begun[0]?.context
    expect(context?.payload).toEqual({ n: 1 })
    expect(context?.signal).toBeInstanceOf(AbortSignal)
    expect(context?.occurrence).toEqual({
      id: expect.any(String) as string,
      key: 'a',
      group: 'g',
      namespace: 'acme',
      origin: 'schedule',
      attempt: 1,
      lateMs: 0,
      missed: 0,
      nominalAt: new Date(instant('10:05')),
      dueAt: new Date(instant('10:05')),
      dispatchedAt: new Date(instant('10:00')),
      shiftedMs: 0,
      secondPass: false,
      previousAt: new Date(instant('10:00')),
      nextAt: new Date(instant('10:10')),
    })
    const [occurrence] = await cron.namespace('acme').history('a')
    expect(occurrence).toMatchObject({ id: context?.occurrence.id, startedAt: new Date(instant('10:05')) })
  })

  it('tells how late it is when no worker was there', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    world.clock.jumpTo(instant('10:07'))
    await cron.start({ roles: ['work'] })
    await world.clock.advance(0)
    expect(world.begun[0]?.context.occurrence).toMatchObject({
      lateMs: 120_000,
      nominalAt: new Date(instant('10:05')),
    })
  })

  it('has the nominal instant, and the due one that the spread moved', async () => {
    const cron = await world.open()
    await cron.start()
    for (let n = 0; n < 8; n++)
      await cron.schedule({ key: `k${n}`, cron: '5 10 * * *', job: 'note', spread: '1m' })
    await world.clock.advance('10m')

    const seen = world.begun.map(({ at, context: { occurrence } }) => ({ at, ...occurrence }))
    expect(seen).toHaveLength(8)
    for (const { nominalAt, dueAt, lateMs } of seen) {
      expect(nominalAt.getTime()).toBe(instant('10:05'))
      expect(dueAt.getTime()).toBeGreaterThanOrEqual(instant('10:05'))
      expect(dueAt.getTime()).toBeLessThanOrEqual(instant('10:06'))
      expect(lateMs).toBe(0)
    }
    expect(new Set(seen.map(({ at }) => at)).size).toBeGreaterThan(2)
  })

  it('has no next instant at the end of the schedule', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'once', at: instant('10:05'), job: 'note' })
    await cron.schedule({ key: 'last', cron: '*/5 * * * *', job: 'note', endsAt: instant('10:05') })
    await world.clock.advance('10m')
    expect(world.begun.map(({ context }) => context.occurrence.nextAt)).toEqual([undefined, undefined])
    const once = world.begun.find(({ key }) => key === 'once')
    expect(once?.context.occurrence.previousAt).toBeUndefined()
  })

  it('has the payload as the schema gives it out, and cannot change what others get', async () => {
    const seen: unknown[] = []
    const job = defineJob('typed', {
      payload: z.object({ user: z.coerce.number(), tags: z.array(z.string()).default([]) }),
      handle({ payload }) {
        seen.push(structuredClone(payload))
        payload.tags.push('mine')
      },
    })
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job, payload: { user: '42' } })
    await world.clock.advance('10m')
    expect(seen).toEqual([
      { user: 42, tags: [] },
      { user: 42, tags: [] },
    ])
  })

  it('has a log whose lines carry the occurrence', async () => {
    const lines: { fields: object; message: string }[] = []
    const write = (fields: object, message: string) => void lines.push({ fields, message })
    const job = defineJob('talks', { handle: ({ log }) => log.info({ rows: 3 }, 'imported') })
    const cron = await world.open({ jobs: [job], logger: { info: write, warn: write, error: write } })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job })
    await world.clock.advance('10m')

    const [{ id } = { id: '' }] = await cron.history('a')
    const line = lines.find(({ message }) => message === 'imported')
    expect(line?.fields).toMatchObject({ rows: 3 })
    expect(Object.values(line?.fields ?? {})).toContain(id)
  })

  it('has ids that differ between schedules, instants and lives of a key', async () => {
    const cron = await world.open()
    await cron.start()
    for (const key of ['a', 'b']) await cron.schedule({ key, cron: '* * * * *', job: 'note' })
    await world.clock.advance('2m')
    await cron.delete('a')
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note' })
    await cron.patch('b', { cron: '*/2 * * * *' })
    await world.clock.advance('2m')
    const ids = world.begun.map(({ context }) => context.occurrence.id)
    expect(ids).toHaveLength(7)
    expect(new Set(ids).size).toBe(7)
  })
})
