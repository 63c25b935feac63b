import { describe, expect, it } from 'vitest'
import { InvalidInputError, type Catalog, type RunDetails } from '../../src/index.ts'
import { parseOccurrenceId } from '../../src/schedule/occurrence.ts'
import { Store } from '../../src/store/store.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { gate, instant, isOn, useWorld } from './support.ts'

const world = useWorld()

/** The run of a schedule that has the newest nominal instant. */
async function newest(cron: Catalog, key: string): Promise<RunDetails> {
  const [occurrence] = await cron.history(key)
  return (await cron.run(occurrence!.id))!
}

function messages({ log }: Pick<RunDetails, 'log'>): string[] {
  return log.map(({ message }) => message)
}

async function rowsKept(): Promise<number> {
  const [row] = await world.sql('select count(*) as total from carillon_run_details')
  return Number(row?.['total'])
}

describe('run()', () => {
  it('tells of a run that succeeded, with the lines that it logged and how far it came', async () => {
    const job = world.job('talks', ({ log, progress }) => {
      log.info({ rows: 3 }, 'imported')
      log.warn({}, 'slow \u0000 disk 😀')
      progress({ done: 3, total: 4, note: 'nearly' })
      return 'done'
    })
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', group: 'x', cron: '5 10 * * *', job: 'talks' })
    await world.clock.advance('6m')

    const run = await newest(cron, 'a')
    const at = new Date(instant('10:05'))
    const told = {
      log: [
        { at, level: 'info', message: 'imported', fields: { rows: 3 }, isCut: false },
        { at, level: 'warn', message: 'slow \u0000 disk 😀', fields: {}, isCut: false },
      ],
      dropped: undefined,
      progress: { at, fraction: 0.75, done: 3, total: 4, note: 'nearly' },
    }
    expect(run).toMatchObject({
      key: 'a',
      group: 'x',
      job: 'talks',
      state: 'succeeded',
      result: 'done',
      ...told,
    })
    expect(run.attempts).toEqual([
      { attempt: 1, server: cron.server, startedAt: run.startedAt, error: undefined, ...told },
    ])
    const [occurrence] = await cron.history('a')
    expect(run).toMatchObject(occurrence!)
  })

  it('knows nothing of what is not there, or in another namespace', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    await world.clock.advance('6m')
    const { id } = await newest(cron, 'a')
    expect(await cron.namespace('elsewhere').run(id)).toBeUndefined()
    expect(await cron.run('999-1-1')).toBeUndefined()
    await expect(cron.run('x')).rejects.toBeInstanceOf(InvalidInputError)
  })

  it('has nothing of a run that told nothing, and neither has the database', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    await world.clock.advance('6m')
    expect(await newest(cron, 'a')).toMatchObject({
      state: 'succeeded',
      log: [],
      dropped: undefined,
      progress: undefined,
      attempts: [],
    })
    expect(await rowsKept()).toBe(0)
  })

  it('says how many lines of a long log are not kept', async () => {
    const job = world.job('talks', ({ log }) => {
      for (let n = 1; n <= 1_000; n++) log.info({}, String(n))
    })
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'talks' })
    await world.clock.advance('6m')
    const run = await newest(cron, 'a')
    expect(run.dropped).toEqual({ after: 20, count: 900 })
    expect(messages(run).slice(19, 21)).toEqual(['20', '921'])
    expect(messages(run).at(-1)).toBe('1000')
  })

  it('is not hindered by anything that a handler logs', async () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    const job = world.job('odd', ({ log, progress }) => {
      log.info(circular, 'a circle')
      log.info({ big: 2n ** 70n }, '\uD800 half a character')
      log.info({ text: '\\ " \u0000 \u2028 🕰' }, 'quotes')
      log.error({}, 'x'.repeat(100_000))
      progress(Number.NaN)
    })
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'odd' })
    await world.clock.advance('6m')
    const run = await newest(cron, 'a')
    expect(run).toMatchObject({ state: 'succeeded', progress: { fraction: undefined } })
    expect(run.log.map(({ fields }) => fields)).toEqual([
      {},
      { big: String(2n ** 70n) },
      { text: '\\ " \u0000 \u2028 🕰' },
      {},
    ])
    expect(run.log[3]).toMatchObject({ level: 'error', isCut: true })
  })
})

describe('what a handler tells', () => {
  it('stays when a further attempt follows: that of the last five', async () => {
    const job = world.job('fails', ({ log, occurrence: { attempt } }) => {
      if (attempt !== 6) log.info({}, `attempt ${attempt}`)
      if (attempt < 9) throw new TypeError(`failure ${attempt}`)
    })
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({
      key: 'a',
      cron: '5 10 * * *',
      job: 'fails',
      retries: 8,
      backoff: { initial: '1s', factor: 1 },
    })
    await world.clock.advance('5m')
    const first = await newest(cron, 'a')
    expect(first).toMatchObject({ state: 'planned', attempt: 1, error: { message: 'failure 1' } })
    expect(messages(first)).toEqual(['attempt 1'])

    await world.clock.advance('1m')
    const run = await newest(cron, 'a')
    expect(run).toMatchObject({ state: 'succeeded', attempt: 9, error: undefined })
    expect(messages(run)).toEqual(['attempt 9'])
    expect(run.attempts.map(({ attempt, error, log }) => [attempt, error?.message, log[0]?.message])).toEqual(
      [
        [5, 'failure 5', 'attempt 5'],
        [7, 'failure 7', 'attempt 7'],
        [8, 'failure 8', 'attempt 8'],
        [9, undefined, 'attempt 9'],
      ],
    )
    expect(await rowsKept()).toBe(4)
  })

  it('is not told of an attempt that tells nothing', async () => {
    const job = world.job('fails', ({ log, occurrence: { attempt } }) => {
      if (attempt > 1) return
      log.info({}, 'only here')
      throw new Error('once')
    })
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'fails', retries: 1 })
    await world.clock.advance('6m')
    const run = await newest(cron, 'a')
    expect(run).toMatchObject({ attempt: 2, log: [], progress: undefined })
    expect(run.attempts.map(({ attempt }) => attempt)).toEqual([1])
  })

  it('is seen while it runs, within a heartbeat, and is written again only when there is more', async () => {
    const steps = [gate(), gate()]
    const job = world.job('slow', async ({ log, progress }) => {
      for (const [n, step] of steps.entries()) {
        await step.promise
        for (let i = 0; i < 1_000; i++) progress({ done: 1_000 * n + i, total: 2_000 })
        log.info({}, `step ${n}`)
      }
      await gate().promise
    })
    const cron = await world.open({ jobs: [job], lease: '30s' })
    const looking = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await world.clock.advance('5m')
    expect(await newest(looking, 'a')).toMatchObject({ state: 'running', progress: undefined, log: [] })

    for (const [n, step] of steps.entries()) {
      step.resolve()
      await world.clock.advance('11s')
      const run = await newest(looking, 'a')
      expect(run).toMatchObject({ state: 'running', progress: { done: 1_000 * n + 999, total: 2_000 } })
      expect(messages(run)).toEqual(Array.from({ length: n + 1 }, (_, i) => `step ${i}`))
    }
    const [row] = await world.sql('select written_at from carillon_run_details')
    await world.clock.advance('1m')
    expect(await world.sql('select written_at from carillon_run_details')).toEqual([row])
  })

  it('is whole at the end, after it was written while it ran', async () => {
    const end = gate()
    const job = world.job('slow', async ({ log }) => {
      log.info({}, 'begins')
      await end.promise
      throw new Error('no')
    })
    const cron = await world.open({ jobs: [job], lease: '30s' })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await world.clock.advance('5m')
    await world.clock.advance('11s')
    expect(messages(await newest(cron, 'a'))).toEqual(['begins'])
    end.resolve()
    await world.clock.advance('1s')
    const run = await newest(cron, 'a')
    expect(run).toMatchObject({ state: 'failed', attempts: [{ attempt: 1, error: { message: 'no' } }] })
  })

  it('is kept when the server stops and gives the run back', async () => {
    const job = world.job('slow', async ({ log, signal }) => {
      log.info({}, 'begins')
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      log.info({}, 'told to end')
      throw signal.reason
    })
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await world.clock.advance('5m')
    const stopping = cron.stop({ grace: 0 })
    await world.clock.advance('1s')
    await stopping
    const run = await newest(cron, 'a')
    expect(run).toMatchObject({ state: 'planned', attempt: 1 })
    expect(messages(run)).toEqual(['begins', 'told to end'])
  })

  it('does not touch what the next attempt tells, when a process that lost its lease wakes', async () => {
    const asleep = new ManualClock(world.clock.now())
    const ends = [gate(), gate()]
    const job = world.job('slow', async ({ occurrence: { attempt }, log, progress }) => {
      log.info({}, `${attempt} begins`)
      progress(attempt / 10)
      await ends[attempt - 1]?.promise
      log.info({}, `${attempt} ends`)
      progress(1)
    })
    const first = await world.open({ jobs: [job], clock: asleep, lease: '30s' })
    const second = await world.open({ jobs: [job], lease: '30s' })
    await first.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await first.start()
    await asleep.advance('5m')
    await asleep.advance('11s')

    await world.clock.advance('5m')
    await second.start()
    await world.clock.advance('1m')
    expect(world.begun.map(({ attempt }) => attempt)).toEqual([1, 2])
    ends[0]?.resolve()
    asleep.jumpTo(world.clock.now())
    await asleep.advance('15s')

    const told = async () =>
      (await newest(second, 'a')).attempts.map((attempt) => [
        attempt.attempt,
        attempt.progress?.fraction,
        ...messages(attempt),
      ])
    expect(await told()).toEqual([
      [1, 0.1, '1 begins'],
      [2, 0.2, '2 begins'],
    ])
    ends[1]?.resolve()
    await world.clock.advance('1s')
    expect(await told()).toEqual([
      [1, 0.1, '1 begins'],
      [2, 1, '2 begins', '2 ends'],
    ])
    const closing = first.close()
    await asleep.advance('5m')
    await closing
  })

  it('is never replaced by what was told before, however late that is written', async () => {
    const job = world.job('talks', ({ log }) => log.info({}, 'newer'))
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'talks' })
    await world.clock.advance('6m')
    const { id } = await newest(cron, 'a')

    await using store = await Store.open(world.database.address, world.clock)
    const write = (version: number, message: string) => {
      const first = [{ at: world.clock.now(), level: 'info', message }] as const
      const log = { first, dropped: 0, last: [] }
      const told = { version, startedAt: 0, log, progress: undefined, mayBeKept: true }
      const run = { ...parseOccurrenceId(id), attempt: 1 }
      return store.brief(({ details, now }) => details.write([{ run, told }], 'late', now))
    }
    const [{ version } = {}] = await world.sql('select version from carillon_run_details')
    await write(Number(version) - 1, 'older')
    expect(messages(await newest(cron, 'a'))).toEqual(['newer'])
    await write(Number(version) + 1, 'newest')
    expect(messages(await newest(cron, 'a'))).toEqual(['newest'])
  })

  it('costs a run neither its lease nor its end when it cannot be kept', async () => {
    const end = gate()
    const job = world.job('talks', async ({ log }) => {
      log.info({}, 'hello')
      await end.promise
      return 'done'
    })
    const cron = await world.open({ jobs: [job], lease: '30s' })
    await world.sql(
      isOn('sqlite')
        ? `create trigger refuse before insert on carillon_run_details begin select raise(abort, 'no'); end`
        : `alter table carillon_run_details add constraint refuse check (attempt > 99)`,
    )
    try {
      await cron.start()
      await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'talks' })
      await world.clock.advance('7m')
      expect(await newest(cron, 'a')).toMatchObject({ state: 'running', attempt: 1 })
      end.resolve()
      await world.clock.advance('1s')
      expect(await newest(cron, 'a')).toMatchObject({ state: 'succeeded', result: 'done', log: [] })
    } finally {
      await world.sql(
        isOn('sqlite') ? 'drop trigger refuse' : 'alter table carillon_run_details drop constraint refuse',
      )
    }
  })

  it('leaves no row behind for a run that is gone', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    await using store = await Store.open(world.database.address, world.clock)
    const run = { scheduleId: 1, generation: 1, nominalAt: 7, attempt: 1 }
    const told = { version: 1, startedAt: 0, log: undefined, progress: { at: 1 }, mayBeKept: false }
    await store.brief(({ details, now }) => details.write([{ run, told }], 'late', now))
    expect(await rowsKept()).toBe(0)
  })

  it('is removed with its run', async () => {
    const job = world.job('talks', ({ log }) => log.info({}, 'hello'))
    const cron = await world.open({ jobs: [job], keepHistory: '1h' })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5,35 10 * * *', job: 'talks' })
    await world.clock.advance('40m')
    expect(await rowsKept()).toBe(2)
    await world.clock.advance('45m')
    expect(await rowsKept()).toBe(1)
    await world.clock.advance('1h')
    expect(await rowsKept()).toBe(0)
  })
})
