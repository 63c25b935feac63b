import { describe, expect, it } from 'vitest'
import { ConfigError, InvalidInputError } from '../../errors.ts'
import type { TaskAttributes } from './task-attributes.ts'
import type { TaskBuilder } from './task-builder.ts'
import { TaskSchedule } from './task-schedule.ts'
import type { TaskEvent } from './task.ts'

const UTC = { timezone: 'UTC' }
const FROM = Date.parse('2026-03-04T05:06:07Z')

function sendReports() {}

function build(define: (schedule: TaskSchedule) => unknown, defaults = UTC) {
  const schedule = new TaskSchedule()
  define(schedule)
  return schedule.build(defaults)
}

const one = (define: (schedule: TaskSchedule) => unknown, defaults = UTC) => build(define, defaults)[0]!

/** The next instant of the one task that a group has. */
function nextIn(group: (task: TaskAttributes) => unknown, say: (task: TaskBuilder) => unknown): string {
  const { recurrence } = one((s) => s.group(group, (g) => say(g.job('task')))).timing
  return new Date(recurrence.nextMs(FROM)!).toISOString().slice(0, 16)
}

const EVENT: TaskEvent = {
  task: 'task',
  nominalAt: new Date(FROM),
  outcome: 'failed',
  error: new Error('no'),
  output: 'printed',
  tookMs: 5,
}

describe('a name', () => {
  it('is that of the function, the line of the command, or the job, unless one is given', () => {
    const tasks = build((s) => {
      s.call(sendReports).daily()
      s.command('pg_dump  -Fc app').daily()
      s.command(['ls', '-l']).daily()
      s.job('invoice').daily()
      s.job({ name: 'archive', handle: () => {} }).daily()
      s.call(() => {})
        .daily()
        .name('given')
    })
    expect(tasks.map(({ name }) => name)).toEqual([
      'sendReports',
      'pg_dump  -Fc app',
      'ls -l',
      'invoice',
      'archive',
      'given',
    ])
  })

  it('must be given to a function without one', () => {
    const define = (s: TaskSchedule) => s.call(() => {}).daily()
    expect(() => build(define)).toThrow(ConfigError)
    expect(() => build(define)).toThrow(/name\('…'\)/)
  })

  it.each<[string, (s: TaskSchedule) => unknown]>([
    ['functions', (s) => [s.call(sendReports).daily(), s.call(sendReports).hourly()]],
    ['jobs', (s) => [s.job('sendReports', 1).daily(), s.job('sendReports', 2).daily()]],
    ['given names', (s) => [s.job('a').name('sendReports').daily(), s.call(sendReports).daily()]],
    [
      'groups',
      (s) => [
        s.call(sendReports).daily(),
        s.group(
          () => {},
          (g) => g.call(sendReports).daily(),
        ),
      ],
    ],
  ])('is had by one task only: %s', (_, define) => {
    expect(() => build(define)).toThrow(ConfigError)
    expect(() => build(define)).toThrow(/"sendReports".*name\('…'\)/)
  })

  it.each(['', 'x'.repeat(101), '\uD800'])('is not %j', (name) => {
    expect(() => build((s) => s.call(sendReports).daily().name(name))).toThrow(ConfigError)
  })

  it('of a long command ends somewhere, but never within a character', () => {
    const { name } = one((s) => s.command(`echo ${'x'.repeat(94)}🎉🎉`).daily())
    expect(name.length).toBeLessThanOrEqual(100)
    expect(name.isWellFormed()).toBe(true)
  })
})

describe('a command', () => {
  const commandOf = (...args: Parameters<TaskSchedule['command']>) => {
    const { work } = one((s) => s.command(...args).daily())
    return work.kind === 'command' ? work.command : undefined
  }

  it('is split without a shell', () => {
    expect(commandOf(`node prune.js --days 30 'two words' "a'b"`)).toMatchObject({
      program: 'node',
      args: ['prune.js', '--days', '30', 'two words', "a'b"],
      shell: false,
    })
  })

  it('given as a list is taken as it is', () => {
    expect(commandOf(['echo', '$HOME | *', '', 'a b'])).toMatchObject({
      program: 'echo',
      args: ['$HOME | *', '', 'a b'],
      shell: false,
    })
  })

  it('is for a shell if that is asked for', () => {
    const options = { shell: true, cwd: '/tmp', env: { A: '1' } }
    expect(commandOf('cat a | wc -l > b', options)).toEqual({
      program: 'cat a | wc -l > b',
      args: [],
      ...options,
    })
  })

  it.each(['a | b', 'a > b', 'echo $HOME', 'a && b', 'rm *', 'A=1 ls', `echo 'open`])(
    'that only a shell could read is refused: %s',
    (line) => {
      const define = (s: TaskSchedule) => s.command(line)
      expect(() => build(define)).toThrow(ConfigError)
      expect(() => build(define)).toThrow(/as a list.*shell: true/)
      expect(() => build(define)).toThrow(line)
    },
  )

  it.each(['a | b', 'A=1 ls'])('is refused without a word of options that only the CLI has: %s', (line) => {
    expect(() => build((s) => s.command(line))).not.toThrow(/--(command|shell|env)/)
  })

  it('without a program is refused', () => {
    for (const line of ['', '  ', "''", [''] as const])
      expect(() => build((s) => s.command(line).daily())).toThrow(ConfigError)
    expect(() => build((s) => s.command(' ', { shell: true }).daily())).toThrow(ConfigError)
  })
})

describe('a group', () => {
  it('says what its tasks do not say themselves', () => {
    const [inherits, own, outside] = build((s) => {
      s.group(
        (task) =>
          task
            .daily()
            .timezone('Asia/Tokyo')
            .description('group')
            .timeout('1m')
            .onOneServer()
            .environments('production')
            .withoutOverlapping({ renew: true }),
        (g) => {
          g.job('inherits')
          const task = g.job('own').hourly().timezone('Europe/Berlin').description('own').timeout('2m')
          task.environments('staging', 'test').withoutOverlapping({ expiresAfter: '2h' })
        },
      )
      s.job('outside').hourly()
    })
    expect(inherits).toMatchObject({
      timing: { spec: { expressions: ['0 0 * * *'], timezone: 'Asia/Tokyo' } },
      description: 'group',
      timeoutMs: 60_000,
      onOneServer: true,
      environments: ['production'],
      overlap: { renew: true, expiresAfterMs: 3_600_000, minimumBreakMs: 10_000 },
    })
    expect(own).toMatchObject({
      timing: { spec: { expressions: ['0 * * * *'], timezone: 'Europe/Berlin' } },
      description: 'own',
      timeoutMs: 120_000,
      onOneServer: true,
      environments: ['staging', 'test'],
      overlap: { renew: false, expiresAfterMs: 7_200_000, minimumBreakMs: 10_000 },
    })
    expect(outside).toMatchObject({
      timing: { spec: { timezone: 'UTC' } },
      description: undefined,
      timeoutMs: undefined,
      onOneServer: false,
      environments: undefined,
      overlap: undefined,
      inBackground: false,
      evenInMaintenanceMode: false,
      evenWhenPaused: false,
    })
  })

  it('adds its hooks and conditions, those of the outermost first', () => {
    const all = (name: string) => (task: TaskAttributes) => {
      const hook = Object.assign(() => {}, { of: name })
      const predicate = Object.assign(() => true, { of: name })
      // Its skip() is a condition; no test is left out.
      task.when(predicate).skip(predicate).before(hook).after(hook).onSuccess(hook).onFailure(hook) // a condition of the task; no test is left out
      task.appendOutputTo(name)
    }
    const task = one((s) => {
      s.group(all('outer'), (outer) =>
        outer.group(all('inner'), (inner) => all('task')(inner.job('x').daily())),
      )
    })
    const lists = [task.when, task.skip, task.before, task.after, task.onSuccess, task.onFailure]
    const names = lists.map((list) => list.map((item) => (item as { of?: string }).of))
    expect(names).toEqual(lists.map(() => ['outer', 'inner', 'task']))
    expect(task.outputs).toMatchObject([{ file: 'outer' }, { file: 'inner' }, { file: 'task' }])
  })

  it('nests, the innermost first', () => {
    const tasks = build((s) => {
      s.group(
        (task) => task.weekly().at('3:00').timezone('Asia/Tokyo'),
        (outer) => {
          outer.group(
            (task) => task.at('4:00'),
            (inner) => {
              inner.job('time')
              inner.job('own').at('5:00').mondays()
            },
          )
          outer.group(
            (task) => task.hourly(),
            (inner) => inner.job('frequency'),
          )
          outer.job('outer')
        },
      )
    })
    expect(tasks.map(({ name, timing }) => [name, timing.spec.expressions, timing.spec.timezone])).toEqual([
      ['time', ['0 4 * * 0'], 'Asia/Tokyo'],
      ['own', ['0 5 * * 1'], 'Asia/Tokyo'],
      ['frequency', ['0 * * * *'], 'Asia/Tokyo'],
      ['outer', ['0 3 * * 0'], 'Asia/Tokyo'],
    ])
  })

  it('gives its time of day with its frequency only', () => {
    const three = (task: TaskAttributes) => task.dailyAt('3:00')
    expect(nextIn(three, () => {})).toBe('2026-03-05T03:00')
    expect(nextIn(three, (task) => task.at('4:00'))).toBe('2026-03-05T04:00')
    expect(nextIn(three, (task) => task.mondays())).toBe('2026-03-09T03:00')
    expect(nextIn(three, (task) => task.hourly())).toBe('2026-03-04T06:00')
    expect(nextIn(three, (task) => task.weekly())).toBe('2026-03-08T00:00')
    expect(nextIn(three, (task) => task.cron('0 7 * * *'))).toBe('2026-03-04T07:00')
    expect(
      nextIn(
        (task) => task.monthly(),
        (task) => task.at('6:00'),
      ),
    ).toBe('2026-04-01T06:00')
  })

  it('gives its days and windows to any frequency', () => {
    const weekends = (task: TaskAttributes) => task.weekends().between('9:00', '12:00')
    expect(nextIn(weekends, (task) => task.hourly())).toBe('2026-03-07T09:00')
    expect(nextIn(weekends, (task) => task.hourly().mondays())).toBe('2026-03-09T09:00')
    expect(nextIn(weekends, (task) => task.hourly().between('8:00', '8:30'))).toBe('2026-03-07T08:00')
    expect(nextIn(weekends, (task) => task.hourly().unlessBetween('9:00', '9:30'))).toBe('2026-03-07T10:00')
  })

  it('does not keep a task from naming its days with its frequency', () => {
    const weekdays = (task: TaskAttributes) => task.weekdays()
    expect(nextIn(weekdays, (task) => task.weeklyOn('saturday', '8:00'))).toBe('2026-03-07T08:00')
  })

  it('is refused where the task would never run', () => {
    const group = (task: TaskAttributes) => task.between('9:00', '17:00')
    expect(() => nextIn(group, (task) => task.dailyAt('3:00'))).toThrow(
      /"task".*never run.*dailyAt\('3:00'\).*between\('9:00', '17:00'\)/,
    )
  })
})

describe('the name of a lock', () => {
  const lockOf = (define: (s: TaskSchedule) => TaskBuilder, defaults = UTC) =>
    one((s) => define(s).withoutOverlapping(), defaults).overlap!.lockName
  const base = lockOf((s) => s.job('x').weekdays().at('8:00'))

  it('does not depend on the order of calls, nor on what is said besides', () => {
    const others: ((s: TaskSchedule) => TaskBuilder)[] = [
      (s) => s.job('x').at('8:00').weekdays(),
      (s) => s.job('x').dailyAt('8:00').days(1, 2, 3, 4, 5),
      (s) => s.job('x').days('fri', 4, 'wednesday', 2, 'Mon').daily().at('08:00'),
      (s) => s.job('x').timezone('UTC').weekdays().at('8:00'),
      (s) =>
        s
          .job('x')
          .description('x')
          .when(true)
          .onOneServer()
          .weekdays()
          .at('8:00')
          .after(() => {}),
    ]
    for (const define of others) expect(lockOf(define)).toBe(base)
    const grouped = one((s) =>
      s.group(
        (task) => task.weekdays().withoutOverlapping(),
        (g) => g.job('x').at('8:00'),
      ),
    )
    expect(grouped.overlap!.lockName).toBe(base)
  })

  it('depends on the expression, the zone and the work', () => {
    const names = [
      base,
      lockOf((s) => s.job('x').weekdays().at('8:01')),
      lockOf((s) => s.job('x').weekends().at('8:00')),
      lockOf((s) => s.job('x').weekdays().at('8:00').timezone('Europe/Berlin')),
      lockOf((s) => s.job('y').weekdays().at('8:00')),
      lockOf((s) => s.command('x').weekdays().at('8:00')),
      lockOf((s) => s.command('x y').weekdays().at('8:00')),
    ]
    expect(new Set(names).size).toBe(names.length)
    const berlin = lockOf((s) => s.job('x').weekdays().at('8:00'), { timezone: 'Europe/Berlin' })
    expect(berlin).toBe(names[3])
  })

  it.each<[string, (s: TaskSchedule) => TaskBuilder, (s: TaskSchedule) => TaskBuilder]>([
    ['arguments', (s) => s.command(['a', 'b c']), (s) => s.command(['a', 'b', 'c'])],
    ['payloads', (s) => s.job('a', { of: 1 }), (s) => s.job('a', { of: 2 })],
  ])('tells %s apart', (_, define, other) => {
    expect(lockOf((s) => define(s).name('n').daily())).not.toBe(lockOf((s) => other(s).name('n').daily()))
  })

  it('may be given, also to several tasks', () => {
    const tasks = build((s) => {
      for (const job of ['a', 'b']) s.job(job).daily().withoutOverlapping().lockName('shared')
    })
    expect(tasks.map(({ overlap }) => overlap?.lockName)).toEqual(['lock shared', 'lock shared'])
  })
})

describe('what does not go together', () => {
  it.each<[(s: TaskSchedule) => unknown, RegExp]>([
    [(s) => s.job('x'), /"x".*how often.*daily\(\)/],
    [(s) => s.job('x').hourly().at('3:00'), /"x".*at\('3:00'\).*hourly\(\).*daily\(\)/],
    [(s) => s.call(sendReports).daily().user(1000), /"sendReports".*user\(\).*commands/],
    [(s) => s.job('x').daily().runInBackground(), /"x".*runInBackground\(\).*job\(\)/],
    [(s) => s.command('x').daily().runInBackground().store(), /"x".*store\(\).*runInBackground\(\)/],
    [(s) => s.job('x').hourly().between('8:00', '9:00').store(), /"x".*between\(.*cron\('…'\)/],
    [(s) => s.job('task x').daily(), /"task x".*kept for jobs/],
    [(s) => s.job('x').daily().store({ group: 'mine' }), /group.*owner/],
    [
      (s) =>
        s
          .job('x')
          .daily()
          .onSuccess(() => {})
          .store(),
      /a hook.*store\(\)/,
    ],
    [(s) => s.job('x').daily().withoutOverlapping({ expiresAfter: '999ms' }), /expiresAfter.*a second/],
    [(s) => s.job('x').daily().lockName(''), /lock.*200/],
  ])('is refused with a remedy: %s', (define, message) => {
    expect(() => build(define)).toThrow(ConfigError)
    expect(() => build(define)).toThrow(message)
  })

  it('includes durations that are none', () => {
    expect(() => build((s) => s.job('x').timeout('soon'))).toThrow(InvalidInputError)
    expect(() => build((s) => s.job('x').withoutOverlapping({ minimumBreak: '1 x' }))).toThrow(/minimumBreak/)
  })

  it('is not to await a builder, which is no promise', () => {
    expect(new TaskSchedule().job('x')).not.toHaveProperty('then')
  })
})

describe('hooks', () => {
  it('are given the output', () => {
    const seen: unknown[] = []
    const note = (output: string, { outcome }: TaskEvent) => seen.push([output, outcome])
    const task = one((s) =>
      s.job('x').daily().thenWithOutput(note).onSuccessWithOutput(note).onFailureWithOutput(note),
    )
    for (const list of [task.after, task.onSuccess, task.onFailure]) for (const hook of list) hook(EVENT)
    expect(seen).toEqual(Array.from({ length: 3 }, () => ['printed', 'failed']))
  })

  it('take a boolean for a condition', async () => {
    // Its skip() is a condition; no test is left out.
    const { when, skip } = one((s) => s.job('x').daily().when(true).when(false).skip(true)) // the same
    expect([await when[0]!(), await when[1]!(), await skip[0]!()]).toEqual([true, false, true])
  })
})
