import { fork, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { FatalStep } from './fate.ts'
import type { Places, QueueKind } from './queue-kind.ts'

export interface MemberSettings extends Places {
  readonly name: string
  readonly kind: QueueKind
  /** Where all processes write what they do. */
  readonly notes: string
  /** Where all processes write what they complain of. */
  readonly errors: string
  readonly leaseMs: number
  /** Where it dies. One without goes on until it is told to stop. */
  readonly fatal?: FatalStep | undefined
}

const running = new Set<ChildProcess>()
// A test that fails half-way must not leave processes behind.
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** A server of its own: it dispatches and works. */
export class MemberProcess implements AsyncDisposable {
  readonly name: string
  readonly #child: ChildProcess
  readonly #exited: Promise<void>

  /** @param cache where compiled code is kept: what is started often is not compiled each time */
  constructor(settings: MemberSettings, cache: string) {
    this.name = settings.name
    const errors = openSync(settings.errors, 'a')
    this.#child = fork(join(import.meta.dirname, 'member.ts'), [JSON.stringify(settings)], {
      execArgv: [],
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
      stdio: ['ignore', 'ignore', errors, 'ipc'],
    })
    closeSync(errors)
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

  /** How it ended, in words; `undefined` while it runs. */
  get ending(): string | undefined {
    const { signalCode, exitCode } = this.#child
    if (signalCode === null && exitCode === null) return undefined
    return signalCode ?? `exit status ${exitCode}`
  }

  /** Gives it no processor, as a machine that sleeps. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.send('stop')
    await this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}
