import { ConfigError } from '../../errors.ts'
import { splitCommandLine, type CommandWording } from '../command-line.ts'
import type { AnyJob } from '../job.ts'
import { TaskAttributes } from './task-attributes.ts'
import { TaskBuilder, type NamedWork, type TaskDefaults } from './task-builder.ts'
import type { Task, TaskContext } from './task.ts'

export interface CommandOptions {
  /** Hands the line to `/bin/sh`: with pipes, variables and all. Never with what users have written. */
  readonly shell?: boolean | undefined
  /** The working directory; that of this process by default. */
  readonly cwd?: string | undefined
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

/**
 * Tasks that code defines:
 *
 * ```ts
 * schedule.call(sendReports).weekdays().at('7:30').timezone('Europe/Berlin').withoutOverlapping()
 * schedule.command('node scripts/prune.js --days 30').hourly().onOneServer()
 * schedule.group((task) => task.daily().onOneServer(), (daily) => {
 *   daily.job('invoice', { month: 'last' }).at('2:00')
 * })
 * ```
 *
 * @see docs/reference/tasks.md
 */
export class TaskSchedule {
  readonly #builders: TaskBuilder[]
  readonly #group: TaskAttributes | undefined

  constructor(parent?: { builders: TaskBuilder[]; group: TaskAttributes }) {
    this.#builders = parent?.builders ?? []
    this.#group = parent?.group
  }

  /** A function of this process. A function without a name of its own needs `name`. */
  call(run: (context: TaskContext) => unknown): TaskBuilder {
    const name = run.name === '' ? undefined : run.name
    return this.#add({ work: { kind: 'call', run }, name, shown: `${name ?? 'a function'}()` })
  }

  /**
   * A program with its arguments, as a list or as a line, which no shell looks at unless that is asked for.
   *
   * @throws {ConfigError} when the line needs a shell
   */
  command(
    line: string | readonly [string, ...string[]],
    { shell = false, ...options }: CommandOptions = {},
  ): TaskBuilder {
    const shown = typeof line === 'string' ? line : line.join(' ')
    const [program = '', ...args] = shell ? [shown] : typeof line === 'string' ? split(line) : line
    if (program.trim() === '') throw new ConfigError('command: there is no program to run')
    const command = { ...options, program, args, shell }
    return this.#add({
      work: { kind: 'command', command },
      name: Array.from(shown).slice(0, 80).join(''),
      shown,
    })
  }

  /** Puts a run of a registered job on its queue. Each instant is put there once, however many servers do so. */
  job(job: string | AnyJob, payload: unknown = null, { queue }: { queue?: string } = {}): TaskBuilder {
    const name = typeof job === 'string' ? job : job.name
    const work = { kind: 'job', job: name, payload, queue } as const
    return this.#add({ work, name, shown: `job ${name}` })
  }

  /** Tasks of which the same is true, unless they say otherwise. */
  group(attributes: (task: TaskAttributes) => unknown, define: (schedule: TaskSchedule) => void): void {
    const group = new TaskAttributes(this.#group)
    attributes(group)
    define(new TaskSchedule({ builders: this.#builders, group }))
  }

  /**
   * All tasks that were defined.
   *
   * @throws {ConfigError} when one of them is not complete or contradicts itself, or two have the same name
   */
  build(defaults: TaskDefaults): readonly Task[] {
    const tasks = this.#builders.map((builder) => builder.build(defaults))
    const names = new Set<string>()
    for (const { name, shown } of tasks) {
      if (names.has(name))
        throw new ConfigError(`two tasks are named "${name}": give one of them a name('…') (${shown})`)
      names.add(name)
    }
    return tasks
  }

  #add(named: NamedWork): TaskBuilder {
    const builder = new TaskBuilder(named, this.#group)
    this.#builders.push(builder)
    return builder
  }
}

const IN_CODE: CommandWording = {
  line: 'it',
  shell: 'ask for one',
  variable: (name) => `{ env: { ${name}: '…' } }`,
}

function split(line: string): string[] {
  try {
    return splitCommandLine(line, IN_CODE)
  } catch (cause) {
    const { message } = cause as Error
    throw new ConfigError(
      `command('${line}'): ${message}; give the arguments as a list, or ask for a shell with { shell: true }`,
      { cause },
    )
  }
}
