import { describe, expect, it } from 'vitest'
import { InvalidInputError, type Alert, type AbsentRun, type CarillonOptions } from '../../src/index.ts'
import { MemoryBroker } from '../support/memory-broker.ts'
import { gate, instant, ledger, time, useWorld } from './support.ts'

const world = useWorld()

/** A process, and the runs that it told to be absent: `10:35 a planned`, by when it told. */
async function opened(options: Partial<CarillonOptions> = {}) {
  const raised: Alert[] = []
  const hook = (alert: Alert) => void raised.push(alert)
  const cron = await world.open({ alerts: hook, ...options })
  const told = () =>
    raised
      .filter(({ kind }) => kind === 'run-absent')
      .map(({ at, key, details }) => `${time(at)} ${key} ${String(details['state'])}`)
  return { cron, raised, told }
}

function line({ key, nominalAt, state, expectedBy }: AbsentRun): string {
  return `${key} ${time(nominalAt)} ${state}, expected by ${time(expectedBy)}`
}

/** A queue that takes messages and never gives them out. */
const SILENT = {
  driver: 'memory',
  open: async () =>
    new (class extends MemoryBroker {
      override deliver(): void {}
    })().open(),
}

describe('a run that has not begun a quarter of an hour after it was due', () => {
  it('is absent when nobody claims it, and told once', async () => {
    const { cron, raised, told } = await opened()
    await cron.start({ roles: ['dispatch'] })
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', group: 'nightly' })
    await world.clock.advanceTo(instant('10:19'))
    expect(told()).toEqual([])
    expect(await cron.absent()).toEqual([])

    await world.clock.advance('2h')
    expect(told()).toEqual(['10:20 a planned'])
    expect((await cron.absent()).map(line)).toEqual(['a 10:05 planned, expected by 10:20'])
    const [occurrence] = await cron.history('a')
    expect(raised[0]).toMatchObject({
      namespace: 'default',
      key: 'a',
      group: 'nightly',
      job: 'note',
      occurrence: occurrence!.id,
      message:
        'schedule "a": the run of 2026-06-01T10:05:00.000Z is due since 2026-06-01 10:05:00 +00:00 and has not begun: is a server up that takes from queue "default", knows job "note" and has room?',
      details: {
        nominalAt: '2026-06-01T10:05:00.000Z',
        dueAt: '2026-06-01T10:05:00.000Z',
        expectedBy: '2026-06-01T10:20:00.000Z',
        state: 'planned',
        queue: 'default',
        attempt: 0,
        runsOn: null,
      },
    })

    await cron.stop()
    await cron.start()
    await world.clock.advance('1m')
    expect(await ledger(cron, 'a')).toEqual(['10:05 succeeded'])
    expect(await cron.absent()).toEqual([])
  })

  it('is told once over all servers', async () => {
    const servers = [await opened(), await opened(), await opened()]
    for (const { cron } of servers) await cron.start({ roles: ['dispatch'] })
    for (let n = 0; n < 5; n++)
      await servers[0]!.cron.schedule({ key: `k${n}`, cron: '5 10 * * *', job: 'note' })
    await world.clock.advance('2h')
    const all = servers.flatMap(({ told }) => told())
    expect(all.map((one) => one.split(' ')[1])).toHaveLength(5)
    expect(new Set(all.map((one) => one.split(' ')[1]))).toEqual(new Set(['k0', 'k1', 'k2', 'k3', 'k4']))
  })

  it('is absent when no server has its queue, or knows its job', async () => {
    const other = await world.open({ queues: { mail: SILENT } })
    await other.schedule({ key: 'queue', cron: '5 10 * * *', job: 'note', queue: 'mail' })
    await other.schedule({ key: 'job', cron: '5 10 * * *', job: 'note' })
    const { cron, told } = await opened({ jobs: [] })
    await cron.start()
    await world.clock.advance('1h')
    expect(told().toSorted()).toEqual(['10:20 job planned', '10:20 queue planned'])
  })

  it('is absent when it was sent and never came', async () => {
    const { cron, told } = await opened({ queues: { mail: SILENT } })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', queue: 'mail' })
    await world.clock.advance('2h')
    expect(told()).toEqual(['10:20 a sent'])
    expect((await cron.absent()).map(line)).toEqual(['a 10:05 sent, expected by 10:20'])
  })

  it('is no longer absent once it has begun, however long it takes', async () => {
    const end = gate()
    const { cron, told } = await opened({ jobs: [world.job('slow', () => end.promise)] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await world.clock.advance('3h')
    expect(told()).toEqual([])
    expect(await cron.absent()).toEqual([])
    end.resolve()
  })

  it('is not absent while it waits for its turn at a guard', async () => {
    const end = gate()
    const { cron, told } = await opened({ jobs: [world.job('slow', () => end.promise)] })
    await cron.start()
    await cron.schedule({
      key: 'a',
      cron: '5 * * * *',
      job: 'slow',
      overlap: 'queue-all',
      endsAt: instant('11:30'),
    })
    await world.clock.advance('2h')
    expect(await ledger(cron, 'a')).toEqual(['10:05 running', '11:05 planned'])
    expect(told()).toEqual([])
    end.resolve()
  })

  it('is absent after another time where the options say so, or never', async () => {
    const { cron, told } = await opened({ absentAfter: '2m' })
    const { cron: never, told: toldNever } = await opened({ absentAfter: 0 })
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    await never.start({ roles: ['dispatch'] })
    await world.clock.advance('1h')
    expect(toldNever()).toEqual([])
    expect(await never.absent()).toEqual([])
    expect((await never.absent({ after: '5m' })).map(line)).toEqual(['a 10:05 planned, expected by 10:10'])
    await cron.start({ roles: ['dispatch'] })
    await world.clock.advance('1m')
    expect(told()).toEqual(['11:00 a planned'])
  })
})

describe('a schedule with expectWithin', () => {
  it('has a run told that takes longer, once', async () => {
    const end = gate()
    const { cron, raised, told } = await opened({ jobs: [world.job('slow', () => end.promise)] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow', expectWithin: '30m' })
    await world.clock.advanceTo(instant('10:34'))
    expect(told()).toEqual([])
    await world.clock.advance('2h')
    expect(told()).toEqual(['10:35 a running'])
    expect(raised[0]!.message).toBe(
      `schedule "a": the run of 2026-06-01T10:05:00.000Z has not ended: attempt 1 is under way on ${cron.server}`,
    )
    expect((await cron.absent()).map(line)).toEqual(['a 10:05 running, expected by 10:35'])
    end.resolve()
    await world.clock.advance('1s')
    expect(await cron.absent()).toEqual([])
  })

  it('has a run told that a resumption planned', async () => {
    const end = gate()
    const { cron, told } = await opened({ jobs: [world.job('slow', () => end.promise)] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow', expectWithin: '30m' })
    await cron.pause('a')
    await cron.resume('a')
    await world.clock.advanceTo(instant('12:00'))
    expect(told()).toEqual(['10:35 a running'])
    end.resolve()
  })

  it('has a run told that waits for another attempt', async () => {
    const fails = world.job('fails', () => {
      throw new Error('no')
    })
    const { cron, raised, told } = await opened({ jobs: [fails] })
    await cron.start()
    const policy = { retries: 3, backoff: { initial: '1h', max: '1h' }, expectWithin: '30m' }
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'fails', ...policy })
    await world.clock.advance('50m')
    expect(told()).toEqual(['10:35 a planned'])
    expect(raised[0]!.message).toContain('has not ended after an attempt, and is to begin again at')
  })

  it('goes by its own time alone, shorter or longer than that of others', async () => {
    const { cron, told } = await opened()
    await cron.start({ roles: ['dispatch'] })
    await cron.schedule({ key: 'short', cron: '5 10 * * *', job: 'note', expectWithin: '3m' })
    await cron.schedule({ key: 'long', cron: '5 10 * * *', job: 'note', expectWithin: '1h' })
    await world.clock.advance('2h')
    expect(told()).toEqual(['10:08 short planned', '11:05 long planned'])
  })

  it('has nothing told of runs that ended in time, and keeps nothing of them', async () => {
    const { cron, told } = await opened()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note', expectWithin: '2m' })
    await world.clock.advance('1h')
    expect(told()).toEqual([])
    const [kept] = await world.sql('select count(*) as count from carillon_expectations')
    expect(Number(kept?.['count'])).toBeLessThan(15)
    await cron.delete('a')
    await world.clock.advance('15m')
    expect(await world.sql('select * from carillon_expectations')).toEqual([])
  })

  it('has no run told that was skipped', async () => {
    const { cron, told } = await opened()
    await cron.start({ roles: ['dispatch'] })
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', expectWithin: '10m' })
    await cron.pause('a')
    await world.clock.advance('1h')
    expect(told()).toEqual([])
  })

  it('counts from when a run was planned that is made up for, and from a trigger', async () => {
    const { cron, told } = await opened()
    await cron.schedule({ key: 'a', cron: '*/30 * * * *', job: 'note', expectWithin: '10m', catchUp: '3h' })
    world.clock.jumpTo(instant('11:00:10'))
    await cron.start({ roles: ['dispatch'] })
    await world.clock.advance('9m')
    expect(await ledger(cron, 'a')).toEqual(['10:30 planned catch-up', '11:00 planned catch-up'])
    expect(told()).toEqual([])
    await cron.trigger('a')
    await world.clock.advance('5m')
    expect(told()).toEqual(['11:10:10 a planned', '11:10:10 a planned'])
    await world.clock.advance('10m')
    expect(told()).toHaveLength(3)
  })

  it.each([
    ['longer', '1h', ['11:05 a planned']],
    ['shorter', '2m', ['10:07 a planned']],
    ['none', null, ['10:20 a planned']],
  ] as const)(
    'may get another one, which goes for what is planned already: %s',
    async (_, expectWithin, expected) => {
      const { cron, told } = await opened()
      await cron.start({ roles: ['dispatch'] })
      await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', expectWithin: '10m' })
      expect(await cron.patch('a', { expectWithin })).toMatchObject({ generation: 1, revision: 2 })
      await world.clock.advance('3h')
      expect(told()).toEqual(expected)
    },
  )
})

describe('what nobody planned', () => {
  it('is absent from outside while no server dispatches', async () => {
    const { cron } = await opened()
    await cron.schedule({ key: 'a', cron: '30 10 * * *', job: 'note' })
    await cron.schedule({ key: 'own', cron: '30 10 * * *', job: 'note', expectWithin: '1h' })
    await cron.schedule({ key: 'paused', cron: '30 10 * * *', job: 'note', active: false })
    world.clock.jumpTo(instant('10:44'))
    expect(await cron.absent()).toEqual([])
    world.clock.jumpTo(instant('10:46'))
    const [absent, ...others] = await cron.absent()
    expect(others).toEqual([])
    expect(absent).toMatchObject({
      key: 'a',
      occurrence: undefined,
      state: 'unplanned',
      nominalAt: new Date(instant('10:30')),
      expectedBy: new Date(instant('10:45')),
      message:
        'schedule "a": the run of 2026-06-01T10:30:00.000Z was not planned: is a server up that dispatches?',
    })
    world.clock.jumpTo(instant('11:31'))
    expect((await cron.absent()).map(line)).toEqual([
      'a 10:30 unplanned, expected by 10:45',
      'own 10:30 unplanned, expected by 11:30',
    ])
  })

  it('is told once by the first server that dispatches again, when it does not run any more', async () => {
    const first = await opened()
    const second = await opened()
    await first.cron.schedule({ key: 'a', cron: '*/30 * * * *', job: 'note' })
    await first.cron.schedule({ key: 'fresh', cron: '55 11 * * *', job: 'note' })
    await first.cron.schedule({ key: 'made up', cron: '*/30 * * * *', job: 'note', catchUp: '3h' })
    world.clock.jumpTo(instant('12:00:10'))
    await first.cron.start()
    await second.cron.start()
    await world.clock.advance('10m')
    const all = [...first.raised, ...second.raised].filter(({ kind }) => kind === 'run-absent')
    expect(all.map(({ key }) => key).filter((key) => key === 'a')).toEqual(['a'])
    expect(all.map(({ key }) => key)).not.toContain('fresh')
    expect(await ledger(first.cron, 'a')).toContain('10:30..12:00 missed 4')
  })

  it('is told with what became of it', async () => {
    const { cron, raised } = await opened()
    await cron.schedule({ key: 'a', cron: '*/30 * * * *', job: 'note' })
    world.clock.jumpTo(instant('12:00:10'))
    await cron.dispatch()
    await cron.stop()
    expect(raised).toMatchObject([
      {
        kind: 'run-absent',
        key: 'a',
        message:
          'schedule "a": 4 runs from 2026-06-01T10:30:00.000Z to 2026-06-01T12:00:00.000Z were missed, since no dispatcher came to plan in time, and will not be made up for',
        details: { state: 'missed', missedCount: 4, missedUntil: '2026-06-01T12:00:00.000Z' },
      },
    ])
  })
})

describe('absent()', () => {
  it('tells of all namespaces, or of one', async () => {
    const { cron } = await opened()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    await cron.namespace('other').schedule({ key: 'b', cron: '6 10 * * *', job: 'note' })
    world.clock.jumpTo(instant('11:00'))
    expect((await cron.absent()).map(({ namespace, key }) => `${namespace} ${key}`)).toEqual([
      'default a',
      'other b',
    ])
    expect((await cron.absent({ namespace: 'other' })).map(({ key }) => key)).toEqual(['b'])
  })

  it('writes nothing, and has no alert raised less', async () => {
    const { cron, told } = await opened()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', expectWithin: '5m' })
    await cron.schedule({ key: 'b', cron: '5 10 * * *', job: 'note' })
    world.clock.jumpTo(instant('11:00'))
    const before = await world.dump()
    expect(await cron.absent()).toHaveLength(2)
    expect(await world.dump()).toEqual(before)
    await cron.start({ roles: ['dispatch'] })
    await world.clock.advance('2m')
    expect(told()).toHaveLength(2)
    expect(await cron.absent()).toHaveLength(2)
  })

  it('refuses a time that would have every run absent', async () => {
    const { cron } = await opened()
    await expect(cron.absent({ after: 0 })).rejects.toThrow(InvalidInputError)
  })
})
