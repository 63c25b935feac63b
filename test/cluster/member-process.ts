import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '../../src/index.ts'

/** What a member is told, and how it is set up. */
export interface MemberSettings {
  /** Marks what it writes to its log, and the runs that it holds. */
  readonly name: string
  readonly database: string
  readonly role: Role
  /** Where its handler writes what it does. */
  readonly logFile: string
  /** How long its handler takes when the payload does not say. */
  readonly handlerMs: number
  readonly leaseMs: number
  readonly concurrency: number
  readonly aheadMs?: number | undefined
  readonly intervalMs?: number | undefined
  /** It kills itself in the transaction of this batch of a dispatch pass: all is written, nothing committed. */
  readonly fatalBatch?: number | undefined
  /** Where its standard error goes; to that of the tests when left out. */
  readonly errorFile?: string | undefined
}

/** A line that a member's handler wrote. */
export interface LoggedEvent {
  /** A handler that is aborted ends with `abort` instead of `end`. */
  readonly event: 'begin' | 'end' | 'abort'
  /** The occurrence's. */
  readonly id: string
  readonly attempt: number
  /** With `begin`: by the store's clock, when the attempt passed the fence. */
  readonly startedAt?: number
  readonly nominalAt?: number
  readonly member: string
  readonly at: number
}

/** A server of a cluster test, as a process of its own. */
export class MemberProcess implements AsyncDisposable {
  readonly name: string
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  readonly #ready: Promise<void>

  constructor(settings: MemberSettings) {
    this.name = settings.name
    const program = join(import.meta.dirname, 'member.ts')
    const { errorFile } = settings
    const stderr = errorFile === undefined ? 'inherit' : openSync(errorFile, 'a')
    this.#child = spawn(process.execPath, [program, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', stderr],
    })
    if (typeof stderr === 'number') closeSync(stderr)

    this.#ready = new Promise((resolve) => this.#child.stdout!.once('data', () => resolve()))
    // A test that fails half-way must not leave servers behind.
    const killWithUs = () => this.#child.kill('SIGKILL')
    process.once('exit', killWithUs)
    this.#exited = new Promise((resolve) =>
      this.#child.once('exit', () => {
        process.off('exit', killWithUs)
        resolve()
      }),
    )
  }

  /** Resolves when it has started, and rejects when it ends before. */
  async started(): Promise<void> {
    const ended = this.#exited.then(() => {
      throw new Error(`member ${this.name} ended before it had started, with ${this.ending}`)
    })
    await Promise.race([this.#ready, ended])
  }

  /** Resolves when it is gone, with the signal that ended it. */
  async ended(): Promise<string | null> {
    await this.#exited
    return this.#child.signalCode
  }

  get hasEnded(): boolean {
    return this.#child.signalCode !== null || this.#child.exitCode !== null
  }

  /** How it ended, in words. */
  get ending(): string {
    return this.#child.signalCode ?? `exit status ${this.#child.exitCode}`
  }

  /** Ends it as a power cut would: nothing of it runs any more. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** What the handlers of the members that write to this file have done by now. */
export function readEvents(logFile: string): LoggedEvent[] {
  if (!existsSync(logFile)) return []

  const lines = readFileSync(logFile, 'utf8').split('\n')
  // The last one may be half written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as LoggedEvent)
}
