import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineJob } from '../../src/index.ts'
import { collect, gate, instant, ledger, until, useWorld } from './support.ts'

const world = useWorld()

describe('two processes on one database', () => {
  it('plan each occurrence once, whoever comes first', async () => {
    const [one, two] = [await world.open(), await world.open()]
    for (let n = 0; n < 50; n++)
      await one.schedule({ key: `k${n}`, cron: '* * * * *', job: 'note', catchUp: '5m' })

    let planned = 500
    for (const at of ['10:04', '10:20', '10:20:30', '10:41']) {
      world.clock.jumpTo(instant(at))
      const reports = await Promise.all([one.dispatch(), two.dispatch(), one.dispatch(), two.dispatch()])
      for (const report of reports) planned += report.planned
    }

    const [totals] = await world.sql(
      `select count(*) as total, count(distinct schedule_id || '-' || nominal_at) as instants
       from carillon_occurrences where state = 'planned'`,
    )
    expect(totals).toEqual({ total: planned, instants: planned })
  })

  it('run each occurrence once, when both dispatch and work', async () => {
    const [one, two] = [await world.open(), await world.open()]
    for (let n = 0; n < 30; n++) await one.schedule({ key: `k${n}`, cron: '* * * * *', job: 'note' })
    await one.start()
    await two.start()

    await world.clock.advance('3m')
    expect(world.begun).toHaveLength(90)
    expect(new Set(world.begun.map(({ context }) => context.occurrence.id)).size).toBe(90)
    expect(new Set(world.begun.map(({ at }) => at))).toEqual(new Set(['10:01', '10:02', '10:03']))
  })

  it('see what the other one stores, at once', async () => {
    const [web, worker] = [await world.open(), await world.open()]
    await worker.start()
    await world.clock.advance('1m')

    await web.schedule({ key: 'a', cron: '*/10 * * * * *', job: 'note' })
    await world.clock.advanceTo(instant('10:01:09.500'))
    await until(async () => (await world.holder()) === worker.server)
    await world.clock.advanceTo(instant('10:02'))
    expect(world.beginnings).toEqual(
      ['10', '20', '30', '40', '50'].map((s) => `10:01:${s} a`).concat('10:02 a'),
    )
    await web.delete('a')
    await world.clock.advance('1m')
    expect(world.begun).toHaveLength(6)
  })

  it('split the roles: one dispatches, the other runs', async () => {
    const [dispatcher, worker] = [await world.open(), await world.open()]
    await dispatcher.start({ roles: ['dispatch'] })
    await worker.start({ roles: ['work'] })
    await dispatcher.schedule({ key: 'a', cron: '*/15 * * * *', job: 'note' })

    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(['10:15 a', '10:30 a', '10:45 a', '11:00 a'])
    expect(dispatcher.server).not.toBe(worker.server)
    const servers = (await dispatcher.history('a')).map(({ server }) => server)
    expect(new Set(servers)).toEqual(new Set([worker.server]))
  })

  it('without the role dispatch, nothing is planned beyond what storing planned', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/4 * * * *', job: 'note' })
    await cron.start({ roles: ['work'] })

    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(['10:04 a', '10:08 a'])
  })

  it('run only the jobs they know, each its own', async () => {
    const ran: string[] = []
    const job = (name: string, server: string) =>
      defineJob(name, { handle: () => void ran.push(`${name} on ${server}`) })
    const web = await world.open({ jobs: [job('red', 'web'), job('blue', 'web')] })
    const red = await world.open({ jobs: [job('red', 'red')] })
    const blue = await world.open({ jobs: [job('blue', 'blue')] })
    await web.schedule({ key: 'r', cron: '*/5 * * * *', job: 'red' })
    await web.schedule({ key: 'b', cron: '*/5 * * * *', job: 'blue' })
    await red.start()
    await blue.start()

    await world.clock.advance('10m')
    expect(ran.toSorted()).toEqual(['blue on blue', 'blue on blue', 'red on red', 'red on red'])
    expect(await ledger(web, 'r')).toContain('10:05 succeeded')
  })

  it('edit the same schedule at the same time without losing either', async () => {
    const [one, two] = [await world.open(), await world.open()]
    await one.schedule({ key: 'a', cron: '0 * * * *', job: 'note', payload: 0 })

    await Promise.all([
      one.patch('a', { payload: 1 }),
      two.patch('a', { note: 'seen' }),
      one.patch('a', { retries: 2 }),
      two.patch('a', { group: 'g' }),
    ])
    expect(await one.describe('a')).toMatchObject({
      payload: 1,
      note: 'seen',
      retries: 2,
      group: 'g',
      revision: 5,
    })
  })

  it('create the same key at the same time, and it is one schedule', async () => {
    const [one, two] = [await world.open(), await world.open()]
    const options = { key: 'a', cron: '*/5 * * * *', job: 'note' }
    await Promise.all([one.schedule(options), two.schedule(options), one.schedule({ ...options, note: 'x' })])
    expect(await collect(two.describeAll())).toHaveLength(1)
    expect(await ledger(one, 'a')).toEqual(['10:05 planned', '10:10 planned'])
  })

  it(
    'serve two thousand schedules that are due in the same minute, each once',
    { timeout: 20_000 },
    async () => {
      const [one, two] = [await world.open({ concurrency: 200 }), await world.open({ concurrency: 200 })]
      const schedule = { cron: '30 10 * * *', job: 'note' }
      await one.scheduleMany(Array.from({ length: 2_000 }, (_, n) => ({ ...schedule, key: `k${n}` })))

      world.clock.jumpTo(instant('10:29:30'))
      const reports = await Promise.all([one.dispatch(), two.dispatch()])
      expect(reports.reduce((sum, { planned }) => sum + planned, 0)).toBe(2_000)
      await one.start()
      await two.start()
      await world.clock.advance('2m')
      expect(new Set(world.begun.map(({ key }) => key)).size).toBe(2_000)
      expect(world.begun).toHaveLength(2_000)
    },
  )

  it('do not take a run from each other however long it goes on', async () => {
    const end = gate()
    const long = defineJob('long', {
      handle(context) {
        world.record(context)
        return end.promise
      },
    })
    const [one, two] = [await world.open({ jobs: [long] }), await world.open({ jobs: [long] })]
    await one.start()
    await two.start()
    await one.schedule({ key: 'a', cron: '5 10 * * *', job: 'long' })
    await world.clock.advance('15m')
    expect(world.beginnings).toEqual(['10:05 a'])
    end.resolve()
    await world.clock.advance('1s')
    expect(await ledger(one, 'a')).toEqual(['10:05 succeeded'])
  })

  it('may disagree about a schema: the one that runs has the last word, and the run fails', async () => {
    const job = (user: z.ZodType) => defineJob('typed', { payload: z.object({ user }), handle: () => 'ran' })
    const web = await world.open({ jobs: [job(z.string())] })
    const worker = await world.open({ jobs: [job(z.number())] })
    await worker.start()
    await web.schedule({ key: 'a', cron: '5 10 * * *', job: 'typed', payload: { user: 'x' }, retries: 3 })
    await world.clock.advance('10m')
    expect((await web.history('a'))[0]).toMatchObject({
      state: 'failed',
      attempt: 1,
      error: { code: 'INVALID_PAYLOAD' },
    })
  })
})
