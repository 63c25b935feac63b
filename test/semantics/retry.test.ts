import { describe, expect, it } from 'vitest'
import { defineJob, UnrecoverableError } from '../../src/index.ts'
import { instant, ledger, useWorld } from './support.ts'

const world = useWorld()

function raise(error: Error): never {
  throw error
}

function nothingToSee(): never {
  return raise(new TypeError('nothing to see here'))
}

function nested(depth: number): unknown {
  let value: unknown = []
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

/** A job that fails as often as told, then returns. */
function failing(times: number, failure?: { thrown: unknown }) {
  return defineJob('failing', {
    handle(context) {
      world.record(context)
      if (context.occurrence.attempt > times) return 'done'
      throw failure === undefined ? new Error('the disk is full') : failure.thrown
    },
  })
}

async function startWith(times: number, policy: object, failure?: { thrown: unknown }) {
  const cron = await world.open({ jobs: [failing(times, failure), world.note] })
  await cron.start()
  await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'failing', ...policy })
  return cron
}

describe('a run that fails', () => {
  it('is not tried again by default, and its error is kept', async () => {
    const cron = await startWith(9, {})
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(['10:05 a'])

    const [occurrence] = await cron.history('a')
    expect(occurrence).toMatchObject({ state: 'failed', attempt: 1, finishedAt: new Date(instant('10:05')) })
    expect(occurrence?.error).toMatchObject({ message: 'the disk is full' })
    expect(occurrence?.error?.stack).toContain('retry.test.ts')
    expect(occurrence?.server).toBe(cron.server)
  })

  it('is tried again with waits that double, from 10 seconds', async () => {
    const cron = await startWith(9, { retries: 4 })
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual([
      '10:05 a',
      '10:05:10 a #2',
      '10:05:30 a #3',
      '10:06:10 a #4',
      '10:07:30 a #5',
    ])
    expect(await ledger(cron, 'a')).toEqual(['10:05 failed'])
    expect((await cron.history('a'))[0]).toMatchObject({ attempt: 5 })
  })

  it('waits as its schedule says, and never longer than the maximum', async () => {
    await startWith(9, { retries: 4, backoff: { initial: '1s', factor: 3, max: '5s' } })
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual([
      '10:05 a',
      '10:05:01 a #2',
      '10:05:04 a #3',
      '10:05:09 a #4',
      '10:05:14 a #5',
    ])
  })

  it('waits for a time that is shorter by up to its jitter, another one for each occurrence', async () => {
    const backoff = { initial: '40s', jitter: 0.5 }
    const cron = await startWith(1, { retries: 1, backoff })
    for (const key of ['b', 'c', 'd', 'e', 'f'])
      await cron.schedule({ key, cron: '5 10 * * *', job: 'failing', retries: 1, backoff })
    await world.clock.advance('1h')

    const again = world.begun.filter(({ attempt }) => attempt === 2).map(({ at }) => instant(at))
    expect(again).toHaveLength(6)
    expect(new Set(again).size).toBe(6)
    expect(Math.min(...again)).toBeGreaterThanOrEqual(instant('10:05:20'))
    expect(Math.max(...again)).toBeLessThanOrEqual(instant('10:05:40'))
  })

  it('has the jitter 0 where its schedule was stored before there was any, and is not changed by storing it again', async () => {
    const cron = await startWith(9, { retries: 1 })
    await world.tamper('a', ({ definition, terms }) => {
      const { backoff, ...rest } = JSON.parse(definition) as { backoff: { jitter: number } }
      const { jitter, ...old } = backoff
      expect(jitter).toBe(0)
      return { definition: JSON.stringify({ ...rest, backoff: old }), terms }
    })
    const again = await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'failing', retries: 1 })
    expect(again).toMatchObject({ revision: 1, generation: 1, backoff: { initialMs: 10_000, jitter: 0 } })
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(['10:05 a', '10:05:10 a #2'])
  })

  it('ends as succeeded when a later attempt does, with one id for all attempts', async () => {
    const cron = await startWith(2, { retries: 5 })
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(['10:05 a', '10:05:10 a #2', '10:05:30 a #3'])
    expect(new Set(world.begun.map(({ context }) => context.occurrence.id)).size).toBe(1)
    expect(new Set(world.begun.map(({ context }) => context.occurrence.nominalAt.getTime()))).toEqual(
      new Set([instant('10:05')]),
    )
    expect(world.begun.map(({ context }) => context.occurrence.dueAt.getTime())).toEqual(
      ['10:05', '10:05:10', '10:05:30'].map(instant),
    )
    expect((await cron.history('a'))[0]).toMatchObject({
      state: 'succeeded',
      result: 'done',
      attempt: 3,
      error: undefined,
    })
  })

  it('is not tried again after an error that no attempt would mend, and its schedule goes on', async () => {
    const cause = new Error('404')
    const thrown = new UnrecoverableError('the account is closed', { cause })
    const cron = await startWith(9, { retries: 4, cron: '5,15 10 * * *' }, { thrown })
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(['10:05 a', '10:15 a'])
    expect(await ledger(cron, 'a')).toEqual(['10:05 failed', '10:15 failed'])
    const [occurrence] = await cron.history('a')
    expect(occurrence?.error).toMatchObject({ code: 'UNRECOVERABLE', message: 'the account is closed' })
  })

  it('is shown as planned with its error while it waits', async () => {
    const cron = await startWith(9, { retries: 1 })
    await world.clock.advanceTo(instant('10:05:05'))
    const [waiting] = await cron.history('a')
    expect(waiting).toMatchObject({ state: 'planned', attempt: 1, dueAt: new Date(instant('10:05:10')) })
    expect(waiting?.error?.message).toBe('the disk is full')
  })

  it('does not hold up the next occurrence', async () => {
    const cron = await world.open({ jobs: [failing(1)] })
    await cron.start()
    await cron.schedule({
      key: 'a',
      cron: '* * * * *',
      job: 'failing',
      retries: 1,
      backoff: { initial: '90s' },
    })
    await world.clock.advance('4m')
    expect(world.beginnings.slice(0, 5)).toEqual([
      '10:01 a',
      '10:02 a',
      '10:02:30 a #2',
      '10:03 a',
      '10:03:30 a #2',
    ])
  })

  it.each([
    ['text', 'no luck', 'no luck'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object', { status: 500 }, ''],
  ])('may throw what is not an error: %s', async (_, thrown, message) => {
    const cron = await startWith(9, {}, { thrown })
    await world.clock.advance('10m')
    const [occurrence] = await cron.history('a')
    expect(occurrence?.state).toBe('failed')
    expect(occurrence?.error?.message).toContain(message)
  })

  it.each([
    ['an object without any method', Object.create(null)],
    ['an error whose message is no text', Object.assign(new Error('x'), { message: { status: 500 } })],
    ['an error whose stack is no text', Object.assign(new Error('x'), { stack: 7 })],
    ['an error that cannot be read', new Proxy(new Error('x'), { get: () => nothingToSee() })],
    [
      'an error with a result that cannot be read',
      Object.assign(new Error('x'), { result: { toJSON: nothingToSee } }),
    ],
  ])('may throw what is hard to describe: %s', async (_, thrown: unknown) => {
    const cron = await startWith(9, {}, { thrown })
    await cron.schedule({ key: 'b', cron: '6 10 * * *', job: 'note' })
    await world.clock.advance('10m')
    expect(await ledger(cron, 'a')).toEqual(['10:05 failed'])
    expect(await ledger(cron, 'b')).toEqual(['10:06 succeeded'])
  })

  it('of a job that is gone does not stop the others', async () => {
    const cron = await startWith(9, {})
    await world.tamper('a', ({ definition, terms }) => ({
      definition: definition.replace('"failing"', '"gone"'),
      terms: terms.replace('"failing"', '"gone"'),
    }))
    for (const table of ['carillon_schedules', 'carillon_occurrences'])
      await world.sql(`update ${table} set job = 'gone'`)
    await cron.schedule({ key: 'b', cron: '6 10 * * *', job: 'note' })
    await world.clock.advance('10m')
    expect(await ledger(cron, 'a')).toEqual(['10:05 planned'])
    expect(await ledger(cron, 'b')).toEqual(['10:06 succeeded'])
  })
})

describe('a run that succeeds', () => {
  it.each([
    [
      'an object',
      { rows: 3, at: null, list: [1, 'two', true] },
      { rows: 3, at: null, list: [1, 'two', true] },
    ],
    ['text', 'ok', 'ok'],
    ['nothing', undefined, null],
    ['a number', 0, 0],
  ])('keeps what it returned: %s', async (_, returned, kept) => {
    const cron = await world.open({ jobs: [defineJob('job', { handle: () => Promise.resolve(returned) })] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'job' })
    await world.clock.advance('10m')
    expect((await cron.history('a'))[0]).toMatchObject({ state: 'succeeded', result: kept })
  })

  it('is none the worse for returning what is not JSON, or too much of it', async () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    const values = [1n, () => 1, circular, 'x'.repeat(5_000_000), Symbol('s'), new Map([[1, 2]]), Number.NaN]
    const jobs = values.map((value, n) => defineJob(`job${n}`, { handle: () => value }))
    const cron = await world.open({ jobs })
    await cron.start()
    for (const [n] of values.entries())
      await cron.schedule({ key: `k${n}`, cron: '5 10 * * *', job: `job${n}` })

    await world.clock.advance('10m')
    for (const [n] of values.entries()) expect(await ledger(cron, `k${n}`)).toEqual(['10:05 succeeded'])
    const [size] = await world.sql(`select max(length(result)) as longest from carillon_occurrences`)
    expect(size?.['longest']).toBeLessThan(1_000_000)
  })

  it.each([
    ['refuses to be written', { toJSON: () => nothingToSee() }],
    ['cannot be read', new Proxy({}, { get: () => nothingToSee(), ownKeys: () => [] })],
    ['fails in its own way', { toJSON: () => raise(new RangeError('too deep')) }],
    ['nests too deeply', nested(200_000)],
  ])('is none the worse for a result that %s', async (_, returned) => {
    const cron = await world.open({ jobs: [defineJob('job', { handle: () => ({ returned }) })] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'job' })
    await world.clock.advance('10m')
    expect(await ledger(cron, 'a')).toEqual(['10:05 succeeded'])
  })
})
