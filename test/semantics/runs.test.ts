import { describe, expect, it } from 'vitest'
import { InvalidInputError, type Carillon, type ListedRun, type RunsOptions } from '../../src/index.ts'
import { instant, time, useWorld } from './support.ts'

const world = useWorld()

/** As `10:05 a succeeded`. */
function line({ key, nominalAt, state, reason }: ListedRun): string {
  return `${time(nominalAt)} ${key} ${reason ?? state}`
}

async function allOf(cron: Pick<Carillon, 'runs'>, options: RunsOptions): Promise<ListedRun[]> {
  const all: ListedRun[] = []
  let after: string | undefined
  do {
    const page = await cron.runs({ ...options, after })
    all.push(...page.runs)
    after = page.next
  } while (after !== undefined)
  return all
}

describe('runs()', () => {
  it('lists the runs of all schedules, newest first, without what lies ahead', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', group: 'x', cron: '*/10 * * * *', job: 'note' })
    await cron.schedule({ key: 'b', cron: '5 * * * *', job: 'note' })
    await cron.namespace('elsewhere').schedule({ key: 'c', cron: '* * * * *', job: 'note' })
    await cron.start()
    await world.clock.advance('21m')

    const { runs, next } = await cron.runs()
    expect(runs.map(line)).toEqual(['10:20 a succeeded', '10:10 a succeeded', '10:05 b succeeded'])
    expect(next).toBeUndefined()
    expect(runs[0]).toMatchObject({ key: 'a', group: 'x', job: 'note', attempt: 1, origin: 'schedule' })
    expect(runs[2]?.group).toBeUndefined()
    const ahead = await cron.runs({ until: instant('10:30'), states: ['planned'] })
    expect(ahead.runs.map(line)).toEqual(['10:30 a planned'])
  })

  /** Many enough to be read by state, and few enough to be read one by one. */
  describe.each([40, 4])('with %i schedules', (count) => {
    async function anHour() {
      const bad = world.job('bad', () => {
        throw new TypeError('no')
      })
      const cron = await world.open({ jobs: [world.note, bad] })
      for (let n = 0; n < count; n++)
        await cron.schedule({
          key: `k${n}`,
          group: n % 2 === 0 ? 'even' : 'odd',
          cron: '*/20 * * * *',
          job: n % 4 === 3 ? 'bad' : 'note',
        })
      await cron.start()
      await world.clock.advance('75m')
      await cron.pause('k1')
      await cron.trigger('k2')
      await world.clock.advance('6m')
      return cron
    }

    it('comes in pages that neither repeat nor leave out', async () => {
      const cron = await anHour()
      const rows = await world.sql(
        `select schedule_id, generation, nominal_at from carillon_occurrences where nominal_at <= ?
         order by nominal_at desc, schedule_id desc, generation desc`,
        world.clock.now(),
      )
      const ids = rows.map((row) =>
        ['schedule_id', 'generation', 'nominal_at'].map((name) => String(row[name])).join('-'),
      )
      expect(ids.length).toBeGreaterThanOrEqual(4 * count)
      for (const limit of [7, 1_000]) expect((await allOf(cron, { limit })).map(({ id }) => id)).toEqual(ids)
    })

    const FILTERS: readonly [RunsOptions, (run: ListedRun) => boolean][] = [
      [{ group: 'odd' }, ({ group }) => group === 'odd'],
      [{ job: 'bad' }, ({ job }) => job === 'bad'],
      [{ states: ['failed'] }, ({ state }) => state === 'failed'],
      [{ states: ['planned', 'succeeded'] }, ({ state }) => state === 'succeeded'],
      [{ states: [] }, () => false],
      [{ reasons: ['paused'] }, ({ reason }) => reason === 'paused'],
      [{ origins: ['manual'] }, ({ origin }) => origin === 'manual'],
      [{ errorCodes: ['TypeError', 'other'] }, ({ error }) => error?.code === 'TypeError'],
      [{ errorCodes: ['Type', 'type_rror', 'typeerror'] }, () => false],
      [
        { from: instant('10:20'), until: instant('10:40') },
        ({ nominalAt }) => ['10:20', '10:40'].includes(time(nominalAt)),
      ],
      [
        { group: 'odd', job: 'bad', from: instant('10:40'), states: ['failed'] },
        ({ job, nominalAt }) => job === 'bad' && nominalAt.valueOf() >= instant('10:40'),
      ],
    ]
    it('can be confined', async () => {
      const cron = await anHour()
      const all = await allOf(cron, { limit: 1_000 })
      for (const [options, isWanted] of FILTERS) {
        const wanted = all.filter(isWanted).map(line)
        const told = JSON.stringify(options)
        expect((await allOf(cron, { ...options, limit: 9 })).map(line), told).toEqual(wanted)
        // Each but those that let nothing through must have something to show.
        const nothing = options.states?.length === 0 || options.errorCodes?.includes('typeerror')
        expect(wanted.length > 0, told).toBe(nothing !== true)
      }
    })
  })

  it('tells of deleted schedules too', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await cron.start()
    await world.clock.advance('6m')
    await cron.delete('a')
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await world.clock.advance('5m')
    expect((await cron.runs()).runs.map(line)).toEqual([
      '10:10 a succeeded',
      '10:10 a deleted',
      '10:05 a succeeded',
    ])
  })

  it('looks at a bounded part of the ledger for one page, and goes on where it stopped', async () => {
    const cron = await world.open()
    const others = cron.namespace('elsewhere')
    for (let n = 0; n < 21; n++) await cron.schedule({ key: `k${n}`, at: instant('10:01'), job: 'note' })
    await others.schedule({ key: 'busy', cron: '0 0 1 1 *', job: 'note' })
    await cron.start()
    await world.clock.advance('2m')

    const [busy] = await world.sql(`select id from carillon_schedules where "key" = 'busy'`)
    const digits = `(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4)`
    const numbers = Array.from({ length: 6 }, (_, i) => `d${i}.d * ${5 ** i}`).join(' + ')
    const tables = Array.from({ length: 6 }, (_, i) => `${digits} as d${i}`).join(' cross join ')
    await world.sql(
      `insert into carillon_occurrences (schedule_id, generation, nominal_at, due_at, state, origin, queue, job,
         planned_at, finished_at)
       select n.id, 1, n.at, n.at, 'succeeded', 'schedule', 'default', 'note', n.at, n.at
       from (select ${Number(busy?.['id'])} as id, ${instant('10:02')} + ${numbers} as at from ${tables}) as n`,
    )
    await world.clock.advance('1m')

    const first = await cron.runs({ limit: 50 })
    expect(first.runs).toEqual([])
    expect(first.next).toMatch(/^\d+-1-\d+$/)
    expect((await allOf(cron, { limit: 50 })).map(line)).toEqual(
      Array.from({ length: 21 }, (_, n) => `10:01 k${20 - n} succeeded`),
    )
    expect((await allOf(others, { limit: 5_000 })).length).toBe(5 ** 6)
  })

  it.each<[object, RegExp]>([
    [{ limit: 0 }, /^limit 0 is not a whole number/],
    [{ after: 'x' }, /is not the id of an occurrence/],
    [{ from: 'yesterday' }, /^from "yesterday" is not an instant/],
    [{ states: ['faild'] }, /^states has "faild", which is not one of .*: did you mean "failed"\?$/],
    [{ reasons: ['late'] }, /^reasons has "late", which is not one of missed, /],
    [{ origins: [7] }, /^origins has 7, which is not one of schedule, /],
    [{ errorCodes: [7] }, /^errorCodes has 7, which is no text$/],
  ])('refuses what makes no sense: %o', async (options, message) => {
    const cron = await world.open()
    for (const call of [cron.runs(options), cron.history('a', options)])
      await expect(call).rejects.toThrow(message)
    await expect(cron.runs(options)).rejects.toBeInstanceOf(InvalidInputError)
  })
})

describe('history()', () => {
  it('takes the same filters', async () => {
    const bad = world.job('bad', ({ occurrence }) => {
      if (occurrence.origin === 'schedule') throw new TypeError('no')
    })
    const cron = await world.open({ jobs: [bad] })
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'bad' })
    await cron.start()
    await world.clock.advance('11m')
    await cron.trigger('a')
    await world.clock.advance('1s')
    await cron.pause('a')
    await world.clock.advance('9m')

    const told = async (options: RunsOptions) =>
      (await cron.history('a', options)).map(({ nominalAt, state }) => `${time(nominalAt)} ${state}`)
    expect(await told({ errorCodes: ['TypeError'] })).toEqual(['10:10 failed', '10:05 failed'])
    expect(await told({ errorCodes: ['TypeError'], from: instant('10:06') })).toEqual(['10:10 failed'])
    expect(await told({ origins: ['manual'] })).toEqual(['10:11 succeeded'])
    expect(await told({ reasons: ['paused'] })).toEqual(['10:20 skipped', '10:15 skipped'])
    expect(await told({ reasons: ['paused'], until: instant('10:16') })).toEqual(['10:15 skipped'])
  })
})
