import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { DriverError, RunTimeoutError } from '../errors.ts'
import { MemoryLocks } from '../lock/memory/memory-locks.ts'
import type { LockStore } from '../lock/lock-store.ts'
import type { TaskSchedule } from '../task/fluent/task-schedule.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { TaskSettings } from './task-settings.ts'
import { Tasks } from './tasks.ts'

const START = '2026-03-04T05:06:07Z'
const NEVER = new AbortController().signal

/** Servers with the same tasks, which share locks, and what they log. */
class Fleet {
  readonly clock = new ManualClock(START)
  readonly locks: LockStore = new MemoryLocks(this.clock)
  readonly lines: string[] = []

  async server(
    schedule: (schedule: TaskSchedule) => void,
    settings: Partial<TaskSettings> = {},
    { clock = this.clock, locks = this.locks } = {},
  ): Promise<Tasks> {
    const line = (level: string) => (fields: object, message: string) => {
      const { task, reason } = fields as { task?: string; reason?: string }
      this.lines.push([level, message, task, reason].filter(Boolean).join(' '))
    }
    const logger = { info: line('info'), warn: line('warn'), error: line('error') }
    return Tasks.open({ tasks: { schedule, ...settings }, locks, clock, logger })
  }
}

/** A task that notes its instants. */
function noting(into: string[], what = ''): (context: { nominalAt: Date }) => void {
  return ({ nominalAt }) => void into.push(`${what}${nominalAt.toISOString().slice(11, 19)}`)
}

describe('tasks at work', () => {
  it('run at their instants, from the first after the start', async () => {
    const fleet = new Fleet()
    const runs: string[] = []
    await using tasks = await fleet.server((s) => {
      s.call(noting(runs, 'a ')).name('a').everyMinute()
      s.call(noting(runs, 'b ')).name('b').cron('*/20 * * * * *')
    })
    tasks.start()
    await fleet.clock.advance('12s')
    expect(runs).toEqual([])
    await fleet.clock.advance('60s')
    expect(runs).toEqual(['b 05:06:20', 'b 05:06:40', 'a 05:07:00', 'b 05:07:00'])
    await tasks.stop()
    await fleet.clock.advance('10m')
    expect(runs).toHaveLength(4)
  })

  it('go on when one of them throws, whatever it throws', async () => {
    const fleet = new Fleet()
    const runs: string[] = []
    await using tasks = await fleet.server((s) => {
      s.call(() => Promise.reject(new Error('no')))
        .name('bad')
        .everyMinute()
      s.call(() => {
        throw undefined
      })
        .name('worse')
        .everyMinute()
      s.call(noting(runs)).name('good').everyMinute()
    })
    tasks.start()
    await fleet.clock.advance('2m')
    expect(runs).toEqual(['05:07:00', '05:08:00'])
    expect(fleet.lines.filter((line) => line.includes('failed'))).toHaveLength(4)
  })

  it('do not wait for one that goes on', async () => {
    const fleet = new Fleet()
    const runs: string[] = []
    await using tasks = await fleet.server((s) => {
      s.call(
        ({ signal }) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
      )
        .name('stuck')
        .everyMinute()
        .withoutOverlapping()
      s.call(noting(runs)).name('good').everyMinute()
    })
    tasks.start()
    await fleet.clock.advance('3m')
    expect(runs).toHaveLength(3)
    const [stuck] = await tasks.list()
    expect(stuck!.lock).toMatchObject({ acquiredAt: Date.parse('2026-03-04T05:07:00Z') })
    expect(await tasks.unlock('stuck')).toMatchObject({ name: stuck!.lock!.name })
    expect((await tasks.list())[0]!.lock).toBeUndefined()
    await tasks.stop({ hurry: AbortSignal.abort() })
    expect(fleet.lines).toContain('info a task succeeded stuck')
  })
})

describe('a run', () => {
  const reasons: readonly [string, string, (s: TaskSchedule) => unknown, Partial<TaskSettings>][] = [
    ['in another environment', 'environment', (s) => s.call(f).everyMinute().environments('staging'), {}],
    ['while the application is down', 'maintenance', (s) => s.call(f).everyMinute(), { isDown: () => true }],
    [
      'when when() says no',
      'when',
      (s) =>
        s
          .call(f)
          .everyMinute()
          .when(true)
          .when(async () => false),
      {},
    ],
    [
      'when skip() says so',
      'skip',
      (s) =>
        s
          .call(f)
          .everyMinute()
          .skip(false) // a condition of the task; no test is left out
          .skip(() => true), // the same
      {},
    ],
    [
      'when it cannot be decided',
      'when',
      (s) =>
        s
          .call(f)
          .everyMinute()
          .when(() => Promise.reject(new Error('no'))),
      {},
    ],
  ]
  function f() {
    return 'ran'
  }

  it.each(reasons)('is skipped %s, and it is told why', async (_, reason, define, settings) => {
    const fleet = new Fleet()
    await using tasks = await fleet.server((s) => void define(s), { environment: 'production', ...settings })
    expect(await tasks.runMinute()).toMatchObject([{ kind: 'skipped', task: 'f', reason }])
    expect(fleet.lines.at(-1)).toBe(`info a task was skipped f ${reason}`)
  })

  it('takes place in its environment, and in maintenance where it is meant to', async () => {
    const fleet = new Fleet()
    const settings = { environment: 'staging', isDown: () => true }
    await using tasks = await fleet.server(
      (s) => void s.call(f).everyMinute().environments('staging').evenInMaintenanceMode().when(true),
      settings,
    )
    expect(await tasks.runMinute()).toMatchObject([{ kind: 'succeeded', output: 'ran' }])
  })

  it('calls its hooks in order, and a hook that throws changes nothing', async () => {
    const fleet = new Fleet()
    const calls: string[] = []
    const note = (name: string) => (event: { outcome: string | undefined; output: string }) =>
      void calls.push([name, event.outcome, event.output].filter(Boolean).join(' '))
    await using tasks = await fleet.server((s) => {
      for (const [name, run] of [
        ['good', () => 'text'],
        ['bad', () => Promise.reject(new Error('no'))],
      ] as const)
        s.call(run)
          .name(name)
          .everyMinute()
          .before(note('before'))
          .before(() => Promise.reject(new Error('hook')))
          .onSuccess(note('success'))
          .onFailure(note('failure'))
          .after(note('after'))
          .thenWithOutput((output) => void calls.push(`output ${output}`))
    })
    expect((await tasks.test('good', NEVER)).kind).toBe('succeeded')
    expect(calls.splice(0)).toEqual([
      'before',
      'success succeeded text',
      'after succeeded text',
      'output text',
    ])
    expect((await tasks.test('bad', NEVER)).kind).toBe('failed')
    expect(calls).toEqual(['before', 'failure failed', 'after failed', 'output '])
  })

  it('is aborted at its timeout, and has failed then', async () => {
    const fleet = new Fleet()
    await using tasks = await fleet.server((s) => {
      s.call(
        ({ signal }) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
      )
        .name('slow')
        .everyMinute()
        .timeout('5s')
    })
    const result = tasks.test('slow', NEVER)
    await fleet.clock.advance('5s')
    expect(await result).toMatchObject({ kind: 'failed', error: expect.any(RunTimeoutError) as unknown })
  })
})

describe('a command', () => {
  it('gets its instant, and its whole output goes where it is sent', async () => {
    const fleet = new Fleet()
    using folder = temporaryFolder()
    const [sent, appended] = [folder.file('sent'), folder.file('appended')]
    const mails: unknown[] = []
    await using tasks = await fleet.server(
      (s) => {
        s.command([
          process.execPath,
          '-e',
          'console.log(process.env.CARILLON_NOMINAL_AT + "x".repeat(100_000))',
        ])
          .name('print')
          .everyMinute()
          .sendOutputTo(sent)
          .appendOutputTo(appended)
          .emailOutputTo('a@example.com')
          .emailOutputOnFailure('b@example.com')
      },
      { sendMail: (mail) => void mails.push(mail) },
    )
    const at = new Date('2026-03-04T05:00:00Z')
    for (let i = 0; i < 2; i++)
      expect(await tasks.test('print', NEVER, at)).toMatchObject({ kind: 'succeeded' })
    const printed = `2026-03-04T05:00:00.000Z${'x'.repeat(100_000)}\n`
    expect(readFileSync(sent, 'utf8')).toBe(printed)
    expect(readFileSync(appended, 'utf8')).toBe(printed + printed)
    expect(mails).toMatchObject([{ to: ['a@example.com'] }, { to: ['a@example.com'] }])
  })

  it('fails with its exit status, and is told of with its output', async () => {
    const fleet = new Fleet()
    const outputs: string[] = []
    await using tasks = await fleet.server((s) => {
      s.command('echo why >&2; exit 3', { shell: true })
        .name('bad')
        .everyMinute()
        .onFailureWithOutput((output) => void outputs.push(output))
    })
    const result = await tasks.test('bad', NEVER)
    expect(result).toMatchObject({ kind: 'failed', error: { exitStatus: 3 } })
    expect(outputs).toEqual(['why\n'])
  })

  it('whose file cannot be written succeeds all the same', async () => {
    const fleet = new Fleet()
    await using tasks = await fleet.server(
      (s) => void s.command('echo a').name('x').everyMinute().sendOutputTo('/nowhere/at/all'),
    )
    expect(await tasks.test('x', NEVER)).toMatchObject({ kind: 'succeeded', output: 'a\n' })
    expect(fleet.lines).toContain('error the output of a task could not be written x')
  })
})

describe('a minute', () => {
  it('is served to its end: what is due at once, what repeats as it comes', async () => {
    const fleet = new Fleet()
    const runs: string[] = []
    await using tasks = await fleet.server((s) => {
      s.call(noting(runs, 'a ')).name('a').everyMinute()
      s.call(noting(runs, 'b ')).name('b').everyTwentySeconds()
      s.call(noting(runs, 'c ')).name('c').hourlyAt(7)
    })
    const served = tasks.runMinute()
    await fleet.clock.advance('1h')
    await served
    expect(runs).toEqual(['a 05:06:00', 'b 05:06:00', 'b 05:06:20', 'b 05:06:40'])
  })

  it('ends early when it is interrupted, on all servers, or stopped', async () => {
    const fleet = new Fleet()
    const runs: string[] = []
    const define = (s: TaskSchedule) => void s.call(noting(runs)).name('b').everyTwentySeconds()
    await using one = await fleet.server(define)
    await using two = await fleet.server(define)
    const served = one.runMinute()
    await fleet.clock.advance('14s')
    await two.interrupt('me')
    await fleet.clock.advance('30s')
    await served
    expect(runs).toEqual(['05:06:00', '05:06:20'])

    await fleet.clock.advance('1m')
    const stop = new AbortController()
    const stopped = one.runMinute({ stop: stop.signal })
    stop.abort()
    expect(await stopped).toHaveLength(1)
  })
})

describe('servers that share locks', () => {
  it('are all paused by one, until it is over, but for what runs all the same', async () => {
    const fleet = new Fleet()
    const runs: string[] = []
    const define = (s: TaskSchedule) => {
      s.call(noting(runs, 'a ')).name('a').everyMinute()
      s.call(noting(runs, 'b ')).name('b').everyMinute().evenWhenPaused()
    }
    await using one = await fleet.server(define)
    await using two = await fleet.server(define)
    one.start()
    expect(await two.pause('me: deploy', '90s')).toBeUndefined()
    expect(await two.pause('you')).toMatchObject({ owner: 'me: deploy' })
    expect(await one.pausedBy()).toMatchObject({ owner: 'me: deploy' })
    await fleet.clock.advance('1m')
    expect(runs).toEqual(['b 05:07:00'])
    await fleet.clock.advance('1m')
    expect(runs.splice(1).sort()).toEqual(['a 05:08:00', 'b 05:08:00'])
    await two.pause('me')
    expect(await one.resume()).toBe(true)
    expect(await one.resume()).toBe(false)
    await fleet.clock.advance('1m')
    expect(runs.splice(1).sort()).toEqual(['a 05:09:00', 'b 05:09:00'])
  })

  it('run each instant on one of them, however wrong their clocks are', async () => {
    const fleet = new Fleet()
    const runs: string[] = []
    const skews = [-30_000, -7_000, 0, 12_000, 30_000]
    const clocks = skews.map((skew) => new ManualClock(Date.parse(START) + skew))
    const define = (s: TaskSchedule) => {
      s.call(noting(runs)).name('a').everyMinute().onOneServer()
    }
    const servers = await Promise.all(clocks.map((clock) => fleet.server(define, {}, { clock })))
    for (const server of servers) server.start()
    for (let second = 0; second < 300; second++) {
      await fleet.clock.advance('1s')
      for (const clock of clocks) await clock.advance('1s')
    }
    await Promise.all(servers.map((server) => server.stop()))
    expect(new Set(runs).size).toBe(runs.length)
    expect(runs.slice(0, 5)).toEqual(['05:06:00', '05:07:00', '05:08:00', '05:09:00', '05:10:00'])
  })

  it('tell of conflicts at the level that was asked for', async () => {
    const fleet = new Fleet()
    const define = (s: TaskSchedule) =>
      void s
        .call(() => {})
        .name('a')
        .everyMinute()
        .onOneServer()
    await using one = await fleet.server(define, { lockLog: 'conflicts' })
    await using two = await fleet.server(define, { lockLog: 'conflicts' })
    await using quiet = await fleet.server(define, { lockLog: 'abandoned' })
    for (const server of [one, two, quiet]) await server.runMinute()
    expect(fleet.lines.filter((line) => line.includes('another-server'))).toEqual([
      'info a task was skipped a another-server',
    ])
  })

  it('run nothing that needs a lock while the locks cannot be asked, and say so once a minute', async () => {
    const fleet = new Fleet()
    const runs: string[] = []
    const down = () => Promise.reject(new DriverError('the server is gone', { retryable: true }))
    const locks: LockStore = {
      acquire: down,
      extend: down,
      release: down,
      inspect: down,
      forceRelease: down,
      [Symbol.asyncDispose]: async () => {},
    }
    await using tasks = await fleet.server(
      (s) => {
        s.call(noting(runs, 'a ')).name('a').everyTenSeconds().withoutOverlapping()
        s.call(noting(runs, 'b ')).name('b').everyTenSeconds().onOneServer()
        s.call(noting(runs, 'c ')).name('c').everyMinute()
      },
      {},
      { locks, clock: fleet.clock },
    )
    tasks.start()
    await fleet.clock.advance('5m')
    expect(runs).toHaveLength(5)
    expect(runs.every((run) => run.startsWith('c '))).toBe(true)
    const told = fleet.lines.filter((line) => line.startsWith('error'))
    expect(told.length).toBeGreaterThanOrEqual(5)
    expect(told.length).toBeLessThanOrEqual(6)
  })
})
