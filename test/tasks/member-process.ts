import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { LockKind } from './open-locks.ts'
import type { TaskPlan } from './task-plan.ts'

export interface MemberSettings {
  readonly kind: LockKind
  /** Of the lock server. */
  readonly address: string
  /** Where all servers write what their runs do. */
  readonly file: string
  /** By how much its clock is ahead. */
  readonly skewMs: number
  readonly tasks: readonly TaskPlan[]
}

/** What a server is told: to stop, or to end its run of a task. */
export type ToMember = { readonly kind: 'stop' } | { readonly kind: 'end'; readonly task: string }

/** What a run that waits to be told writes, at its begin and at its end, under its token. */
export interface FencedWrite {
  readonly task: string
  readonly token: number
}

/** What a server tells the test. */
export type FromMember = { readonly kind: 'started' } | ({ readonly kind: 'write' } & FencedWrite)

const running = new Set<ChildProcess>()
// A test that fails half-way must not leave servers behind.
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** One server, as a process of its own. However the test ends, it is killed. */
export class MemberProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  readonly #started = Promise.withResolvers<void>()

  constructor(settings: MemberSettings, onWrite: (write: FencedWrite) => void = () => {}) {
    const program = join(import.meta.dirname, 'member.ts')
    this.#child = fork(program, [JSON.stringify(settings)], { execArgv: [], stdio: 'inherit' })
    this.#child.on('message', (message: FromMember) => {
      if (message.kind === 'started') this.#started.resolve()
      else onWrite(message)
    })
    // It was killed while something was sent to it.
    this.#child.on('error', () => {})
    running.add(this.#child)
    this.#exited = new Promise((resolve) =>
      this.#child.once('exit', () => {
        running.delete(this.#child)
        resolve()
      }),
    )
  }

  get pid(): number {
    return this.#child.pid!
  }

  get hasEnded(): boolean {
    return this.#child.signalCode !== null || this.#child.exitCode !== null
  }

  /** Resolves when its tasks run; rejects when it ends before, unless it was killed. */
  async started(): Promise<void> {
    const ended = this.#exited.then(() => {
      if (this.#child.signalCode === null) throw new Error('a server ended before it had started')
    })
    await Promise.race([this.#started.promise, ended])
  }

  /** Has its run of a task end. */
  end(task: string): void {
    this.#tell({ kind: 'end', task })
  }

  /** Ends it as a power cut would; resolves when nothing of it runs any more. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Gives it no processor, as a machine that sleeps. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    this.#tell({ kind: 'stop' })
    await this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #tell(message: ToMember): void {
    if (this.#child.connected) this.#child.send(message)
  }
}
