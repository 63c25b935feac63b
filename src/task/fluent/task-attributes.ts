import { durationMs, type Duration } from '../../clock/duration.ts'
import { ConfigError } from '../../errors.ts'
import { Frequencies } from './frequencies.ts'
import type { TaskEvent, TaskHook, TaskLists, TaskOutput, TaskPredicate, TaskTraits } from './task.ts'
import { ping } from './ping.ts'

/** How `withoutOverlapping` holds its lock. */
export interface OverlapOptions {
  /** How long after a run began its lock ends, whatever became of the run; `1h` by default. */
  readonly expiresAfter?: Duration | undefined
  /** How long after the end of a run the lock is still held; `10s` by default. */
  readonly minimumBreak?: Duration | undefined
  /** Whether the lock is extended while the run goes on; `false` by default. */
  readonly renew?: boolean | undefined
}

type Lists = { [K in keyof TaskLists]: TaskLists[K][number][] }

/**
 * What can be said of a task besides its name and its work, and of a whole group: how often, on which conditions, and what
 * happens around a run. What a task says itself goes before what its group says; hooks and conditions add up.
 *
 * @see docs/reference/tasks.md
 */
export class TaskAttributes extends Frequencies {
  readonly #group: TaskAttributes | undefined
  readonly #traits: { -readonly [K in keyof TaskTraits]?: TaskTraits[K] } = {}
  readonly #lists: Lists = {
    when: [],
    skip: [],
    before: [],
    after: [],
    onSuccess: [],
    onFailure: [],
    outputs: [],
  }

  constructor(group?: TaskAttributes) {
    super(group)
    this.#group = group
  }

  /** Text for people. */
  description(text: string): this {
    return this.#trait({ description: text })
  }

  /**
   * Keeps it from running while a run of it goes on, here or on any other server, and for a short break after that.
   *
   * @throws {InvalidInputError} when a duration is not one
   */
  withoutOverlapping({
    expiresAfter = '1h',
    minimumBreak = '10s',
    renew = false,
  }: OverlapOptions = {}): this {
    const expiresAfterMs = durationMs(expiresAfter, 'expiresAfter')
    if (expiresAfterMs < 1_000) throw new ConfigError('withoutOverlapping: expiresAfter is at least a second')
    const minimumBreakMs = durationMs(minimumBreak, 'minimumBreak')
    return this.#trait({ overlap: { expiresAfterMs, minimumBreakMs, renew } })
  }

  /** Runs each of its instants on one server only: whichever comes first. */
  onOneServer(): this {
    return this.#trait({ onOneServer: true })
  }

  /** Runs it in a process of its own, which may outlive the one that starts it. */
  runInBackground(): this {
    return this.#trait({ inBackground: true })
  }

  /** Only where the environment is one of these: `environment` of the settings, or `NODE_ENV`. */
  environments(...names: readonly [string, ...string[]]): this {
    return this.#trait({ environments: names })
  }

  evenInMaintenanceMode(): this {
    return this.#trait({ evenInMaintenanceMode: true })
  }

  /** Also while tasks are paused. */
  evenWhenPaused(): this {
    return this.#trait({ evenWhenPaused: true })
  }

  /** Aborts a run that takes longer: its signal, or the program. */
  timeout(duration: Duration): this {
    return this.#trait({ timeoutMs: durationMs(duration, 'timeout') })
  }

  /** The user id, and perhaps the group id, that a command runs as; it takes the right to do that. */
  user(uid: number, gid?: number): this {
    if (![uid, gid ?? 0].every((id) => Number.isInteger(id) && id >= 0))
      throw new ConfigError('user() takes the numbers of a user and of a group')
    return this.#trait({ user: { uid, gid } })
  }

  /** Only if this says so, when a run is due. Of several, all must. */
  when(predicate: TaskPredicate | boolean): this {
    return this.#add('when', typeof predicate === 'boolean' ? () => predicate : predicate)
  }

  /** Not if this says so, when a run is due. Of several, one is enough. */
  skip(predicate: TaskPredicate | boolean): this {
    return this.#add('skip', typeof predicate === 'boolean' ? () => predicate : predicate)
  }

  before(hook: TaskHook): this {
    return this.#add('before', hook)
  }

  /** After each run, however it ended. */
  after(hook: TaskHook): this {
    return this.#add('after', hook)
  }

  onSuccess(hook: TaskHook): this {
    return this.#add('onSuccess', hook)
  }

  onFailure(hook: TaskHook): this {
    return this.#add('onFailure', hook)
  }

  /** After each run, with what it printed: the end of it, if it was long. */
  thenWithOutput(hook: (output: string, event: TaskEvent) => unknown): this {
    return this.after((event) => hook(event.output, event))
  }

  onSuccessWithOutput(hook: (output: string, event: TaskEvent) => unknown): this {
    return this.onSuccess((event) => hook(event.output, event))
  }

  onFailureWithOutput(hook: (output: string, event: TaskEvent) => unknown): this {
    return this.onFailure((event) => hook(event.output, event))
  }

  /** GETs an address before each run. That it cannot be reached is logged and changes nothing. */
  pingBefore(url: string): this {
    return this.before(ping(url))
  }

  pingBeforeIf(condition: boolean, url: string): this {
    return condition ? this.pingBefore(url) : this
  }

  /** GETs an address after each run. */
  thenPing(url: string): this {
    return this.after(ping(url))
  }

  thenPingIf(condition: boolean, url: string): this {
    return condition ? this.thenPing(url) : this
  }

  pingOnSuccess(url: string): this {
    return this.onSuccess(ping(url))
  }

  pingOnSuccessIf(condition: boolean, url: string): this {
    return condition ? this.pingOnSuccess(url) : this
  }

  pingOnFailure(url: string): this {
    return this.onFailure(ping(url))
  }

  pingOnFailureIf(condition: boolean, url: string): this {
    return condition ? this.pingOnFailure(url) : this
  }

  /** Writes what a run printed to a file, in place of what the file had. */
  sendOutputTo(file: string): this {
    return this.#add('outputs', { kind: 'file', file, appends: false })
  }

  appendOutputTo(file: string): this {
    return this.#add('outputs', { kind: 'file', file, appends: true })
  }

  /** Sends what a run printed by `sendMail` of the settings. */
  emailOutputTo(...to: readonly [string, ...string[]]): this {
    return this.#mail(to, 'always')
  }

  /** The same, if it printed something. */
  emailWrittenOutputTo(...to: readonly [string, ...string[]]): this {
    return this.#mail(to, 'written')
  }

  /** The same, if it failed. */
  emailOutputOnFailure(...to: readonly [string, ...string[]]): this {
    return this.#mail(to, 'failed')
  }

  /** What holds of it, its own and its group's. */
  protected traits(): TaskTraits {
    return { ...(this.#group?.traits() ?? NO_TRAITS), ...this.#traits }
  }

  /** The group's first. */
  protected lists(): TaskLists {
    const group = this.#group?.lists()
    if (group === undefined) return this.#lists
    const both = <K extends keyof TaskLists>(list: K) => [...group[list], ...this.#lists[list]]
    return {
      when: both('when'),
      skip: both('skip'),
      before: both('before'),
      after: both('after'),
      onSuccess: both('onSuccess'),
      onFailure: both('onFailure'),
      outputs: both('outputs'),
    }
  }

  #mail(to: readonly string[], when: Extract<TaskOutput, { kind: 'mail' }>['when']): this {
    return this.#add('outputs', { kind: 'mail', to, when })
  }

  #trait(traits: Partial<TaskTraits>): this {
    for (const [name, value] of Object.entries(traits)) {
      const before = this.#traits[name as keyof TaskTraits]
      if (before !== undefined && JSON.stringify(before) !== JSON.stringify(value))
        throw new ConfigError(`${METHODS[name as keyof TaskTraits]} is called twice with different arguments`)
    }
    Object.assign(this.#traits, traits)
    return this
  }

  #add<K extends keyof Lists>(list: K, item: Lists[K][number]): this {
    ;(this.#lists[list] as Lists[K][number][]).push(item)
    return this
  }
}

const METHODS: Readonly<Record<keyof TaskTraits, string>> = {
  description: 'description()',
  overlap: 'withoutOverlapping()',
  onOneServer: 'onOneServer()',
  inBackground: 'runInBackground()',
  environments: 'environments()',
  evenInMaintenanceMode: 'evenInMaintenanceMode()',
  evenWhenPaused: 'evenWhenPaused()',
  timeoutMs: 'timeout()',
  user: 'user()',
}

const NO_TRAITS: TaskTraits = {
  description: undefined,
  overlap: undefined,
  onOneServer: false,
  inBackground: false,
  environments: undefined,
  evenInMaintenanceMode: false,
  evenWhenPaused: false,
  timeoutMs: undefined,
  user: undefined,
}
