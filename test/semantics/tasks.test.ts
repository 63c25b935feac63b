import { describe, expect, it } from 'vitest'
import { ConfigError, type TaskSchedule, type TaskSettings } from '../../src/index.ts'
import { ledger, time, useWorld } from './support.ts'

const world = useWorld()

/** A process with these tasks. */
function withTasks(schedule: (schedule: TaskSchedule) => void, settings: Partial<TaskSettings> = {}) {
  return world.open({ tasks: { schedule, ...settings } })
}

describe('a task with a job', () => {
  it('puts each instant on the queue once, however many servers do so', async () => {
    const define = (s: TaskSchedule) => void s.job('note', { of: 'task' }).name('n').everyFiveMinutes()
    const servers = [await withTasks(define), await withTasks(define), await withTasks(define)]
    for (const server of servers) await server.start()
    await world.clock.advance('11m')

    expect(world.beginnings).toEqual(['10:05 task n', '10:10 task n'])
    expect(world.begun.map(({ context }) => context.payload)).toEqual([{ of: 'task' }, { of: 'task' }])
    const [server] = servers
    expect(await server!.describe('task n')).toMatchObject({
      origin: 'code',
      group: 'tasks',
      state: 'paused',
    })
    expect(await ledger(server!, 'task n')).toHaveLength(2)
  })

  it('does not touch a user’s schedule of the same key', async () => {
    const server = await withTasks((s) => void s.job('note').name('n').everyFiveMinutes())
    await server.schedule({ key: 'task n', cron: '0 0 1 1 *', job: 'note', payload: 'mine' })
    await server.start()
    await world.clock.advance('6m')
    expect(world.begun).toEqual([])
    expect(await server.describe('task n')).toMatchObject({ origin: 'user', payload: 'mine' })
  })
})

describe('a stored task', () => {
  const define =
    (runs: string[], minute = '5') =>
    (s: TaskSchedule) => {
      s.call(({ nominalAt }) => void runs.push(time(nominalAt)))
        .name('report')
        .cron(`${minute} * * * *`)
        .store({ retries: 2 })
    }

  it('is a schedule of the database, and runs once for all servers', async () => {
    const runs: string[] = []
    const servers = [await withTasks(define(runs)), await withTasks(define(runs))]
    for (const server of servers) await server.start()
    expect(await servers[0]!.describe('report')).toMatchObject({ origin: 'code', group: 'tasks', retries: 2 })
    await world.clock.advance('2h')
    expect(runs).toEqual(['10:05', '11:05'])
  })

  it('keeps an operator’s pause when it is declared again, and changed', async () => {
    const runs: string[] = []
    const first = await withTasks(define(runs))
    await first.start()
    await first.pause('report')
    await first.close()

    const second = await withTasks(define(runs, '7'))
    await second.start()
    expect(await second.describe('report')).toMatchObject({ state: 'paused', cron: '7 * * * *' })
    await world.clock.advance('1h')
    expect(runs).toEqual([])
    await second.resume('report')
    await world.clock.advance('1h')
    expect(runs).toEqual(['11:07'])
  })

  it('stays as it is when nothing has changed', async () => {
    const server = await withTasks(define([]))
    await server.start()
    const before = await server.describe('report')
    await server.stop()
    await world.clock.advance('1m')
    await server.start()
    expect(await server.describe('report')).toEqual(before)
  })

  it('is deleted when its owner declares it no more, and by no other owner', async () => {
    const first = await withTasks(define([]))
    await first.start()
    await first.schedule({ key: 'users', group: 'tasks', cron: '0 0 1 1 *', job: 'note' })

    const other = await withTasks(() => {}, { owner: 'another app' })
    await other.start()
    expect(await other.describe('report')).toBeDefined()

    const same = await withTasks(() => {})
    await same.start()
    expect(await same.describe('report')).toBeUndefined()
    expect(await same.describe('users')).toBeDefined()
  })

  it('is refused under the key of a user’s schedule', async () => {
    const server = await withTasks(define([]))
    await server.schedule({ key: 'report', cron: '0 0 1 1 *', job: 'note' })
    await expect(server.start()).rejects.toThrow(ConfigError)
    await expect(server.declareTasks()).rejects.toThrow(/"report".*another name/)
  })

  it('is tried again as it was declared, and told as failed', async () => {
    let tries = 0
    const server = await withTasks((s) => {
      s.call(() => {
        tries++
        throw new Error('no')
      })
        .name('bad')
        .cron('5 * * * *')
        .withoutOverlapping()
        .store({ retries: 1, backoff: { initial: '20s' } })
    })
    await server.start()
    await world.clock.advance('10m')
    expect(tries).toBe(2)
    expect(await server.history('bad')).toMatchObject([{ state: 'failed', attempt: 2 }])
  })

  it('does not take an attempt that met its lock for done', async () => {
    let tries = 0
    const server = await withTasks((s) => {
      s.call(() => {
        if (++tries === 1) throw new Error('no')
      })
        .name('again')
        .cron('5 * * * *')
        .withoutOverlapping({ minimumBreak: '30s' })
        .store({ retries: 3, backoff: { initial: '20s', factor: 1 } })
    })
    await server.start()
    await world.clock.advance('10m')
    expect(tries).toBe(2)
    expect(await server.history('again')).toMatchObject([{ state: 'succeeded', attempt: 3 }])
  })

  it('says why it did not run', async () => {
    const server = await withTasks(
      (s) =>
        void s
          .call(() => {})
          .name('quiet')
          .cron('5 * * * *')
          .when(false)
          .store(),
    )
    await server.start()
    await world.clock.advance('10m')
    expect(await server.history('quiet')).toMatchObject([{ state: 'succeeded', result: { skipped: 'when' } }])
  })
})
