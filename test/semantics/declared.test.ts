import { describe, expect, it } from 'vitest'
import type { Carillon, ScheduleDeclaration } from '../../src/index.ts'
import { collect, instant, until, useWorld } from './support.ts'

const world = useWorld()
const A = { key: 'a', cron: '* * * * *', job: 'note' } as const
const B = { key: 'b', every: '1h', job: 'note' } as const

/** A process whose code declares these schedules. */
const declaring = (schedules: readonly ScheduleDeclaration[], schedulesOwner?: string) =>
  world.open({ schedules, schedulesOwner })

const stored = async (cron: Carillon) =>
  (await collect(cron.describeAll())).map(({ key, origin, revision }) => `${key} ${origin} #${revision}`)

describe('declared schedules', () => {
  it('are stored when a process starts, and run', async () => {
    const cron = await declaring([A, { ...B, namespace: 'shop' }])
    await cron.start()
    await world.clock.advance('2m')

    expect(world.beginnings).toEqual(['10:01 a', '10:02 a'])
    expect(await stored(cron)).toEqual(['a code #1'])
    expect(await collect(cron.namespace('shop').describeAll())).toMatchObject([{ key: 'b', origin: 'code' }])
  })

  it('are changed, deleted and left as they are, and told so', async () => {
    await (await declaring([A, B])).declareSchedules()
    const cron = await declaring([
      { ...A, payload: 1, retries: 2 },
      { key: 'c', cron: '0 0 * * *', job: 'note' },
    ])
    const dry = await cron.declareSchedules({ dryRun: true })
    expect(await stored(cron)).toEqual(['a code #1', 'b code #1'])
    const report = await cron.declareSchedules()

    expect(report).toEqual(dry)
    expect(report).toEqual({
      isSuperseded: false,
      created: [{ namespace: 'default', key: 'c' }],
      changed: [{ namespace: 'default', key: 'a', parts: ['payload', 'retries'] }],
      deleted: [{ namespace: 'default', key: 'b' }],
      unchanged: 0,
    })
    expect(await stored(cron)).toEqual(['a code #2', 'c code #1'])
    expect(await cron.declareSchedules()).toMatchObject({
      created: [],
      changed: [],
      deleted: [],
      unchanged: 2,
    })
    expect(await stored(cron)).toEqual(['a code #2', 'c code #1'])
  })

  it('are all deleted when none is declared any more', async () => {
    await (await declaring([A, B])).declareSchedules()
    const cron = await declaring([])
    await cron.start()

    expect(await stored(cron)).toEqual([])
  })

  it('are brought back to what the code says', async () => {
    const cron = await declaring([A])
    await cron.declareSchedules()
    await cron.patch('a', { cron: '5 5 * * *' })

    expect(await cron.declareSchedules()).toMatchObject({ changed: [{ key: 'a', parts: ['recurrence'] }] })
    expect(await cron.describe('a')).toMatchObject({ cron: '* * * * *' })
  })

  it('keep an operator’s pause, and end one of their own', async () => {
    const cron = await declaring([A, { ...B, active: false }])
    await cron.declareSchedules()
    await cron.pause('a', { note: 'until the invoices are right' })
    const next = await declaring([{ ...A, payload: 1 }, B])

    expect(await next.declareSchedules()).toMatchObject({
      changed: [
        { key: 'a', parts: ['payload'] },
        { key: 'b', parts: ['active'] },
      ],
    })
    expect(await next.describe('a')).toMatchObject({ state: 'paused', payload: 1 })
    expect(await next.describe('b')).toMatchObject({ state: 'active' })
    expect(await next.declareSchedules()).toMatchObject({ changed: [], unchanged: 2 })
  })

  it('leave a pause of many as it is', async () => {
    const cron = await declaring([A])
    await cron.declareSchedules()
    await cron.pauseAll()

    expect(await cron.declareSchedules()).toMatchObject({ changed: [], unchanged: 1 })
    expect(await cron.describe('a')).toMatchObject({ state: 'paused' })
  })

  it('never touch what a user has stored', async () => {
    const cron = await declaring([A])
    await cron.schedule({ ...A, cron: '5 5 * * *' })

    await expect(cron.start()).rejects.toThrow(
      /declared schedule "a": a schedule with this key .* exists and was not declared/,
    )
    expect(await cron.describe('a')).toMatchObject({ cron: '5 5 * * *', origin: 'user' })
    await cron.schedule({ ...B })
    expect(await collect(cron.describeAll())).toHaveLength(2)
  })

  it('never touch what another owner has declared', async () => {
    await (await declaring([A], 'billing')).declareSchedules()
    const other = await declaring([B], 'mail')
    expect(await other.declareSchedules()).toMatchObject({ deleted: [] })
    expect(await stored(other)).toEqual(['a code #1', 'b code #1'])

    const clash = await declaring([{ ...A, payload: 1 }], 'mail')
    await expect(clash.declareSchedules()).rejects.toThrow(/is declared by "billing"; give it another key/)
  })

  it('are checked before anything is stored', async () => {
    const cron = await declaring([A, { ...B, job: 'nobody' }])
    await expect(cron.start()).rejects.toThrow(/declared schedule "b": .*nobody/)
    expect(await stored(cron)).toEqual([])
  })

  it.each([
    ['without a key', [{ cron: '* * * * *', job: 'note' }], /schedules\[0\] has no key/],
    ['with a key twice', [A, A], /schedules\[1\]: the key "a" is declared twice/],
    ['that are no list', A, /schedules is not a list/],
  ])('are refused %s', async (_, schedules, message) => {
    await expect(declaring(schedules as unknown as ScheduleDeclaration[])).rejects.toThrow(message)
  })

  it('are stored once by processes that start together', async () => {
    const processes = await Promise.all(Array.from({ length: 4 }, () => declaring([A, B])))
    await Promise.all(processes.map((cron) => cron.declareSchedules()))

    expect(await stored(processes[0]!)).toEqual(['a code #1', 'b code #1'])
  })

  it('that a process stored before it died are found again', async () => {
    const cron = await declaring([A])
    await cron.declareSchedules()
    await world.sql('delete from carillon_declared')
    await world.sql('delete from carillon_declarations')
    expect(await cron.declareSchedules()).toMatchObject({ created: [], unchanged: 1 })
    expect(await (await declaring([])).declareSchedules()).toMatchObject({ deleted: [{ key: 'a' }] })
  })
})

describe('two releases side by side', () => {
  it('hold what the newer one declares, whichever starts again', async () => {
    const old = await declaring([A, B])
    await old.start()
    const fresh = await declaring([{ ...A, payload: 'new' }])
    await fresh.start()
    expect(await stored(fresh)).toEqual(['a code #2'])

    const oldAgain = await declaring([A, B])
    expect(await oldAgain.declareSchedules()).toMatchObject({ isSuperseded: true })
    await world.clock.advance('10m')
    expect(await stored(fresh)).toEqual(['a code #2'])
  })

  it('go back to the older one when the newer one is gone', async () => {
    const old = await declaring([A])
    await old.start()
    const fresh = await declaring([B])
    await fresh.start()
    await world.clock.advance('2m')
    expect(await stored(old)).toEqual(['b code #1'])

    await fresh.stop()
    await world.clock.advance('2m')
    await until(async () => (await stored(old)).join() === 'a code #1')
    expect(world.clock.now()).toBeLessThan(instant('10:10'))
  })
})
