import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '../../src/index.ts'

/** A line that a member's handler wrote. */
export interface LoggedEvent {
  readonly event: 'begin' | 'end'
  readonly id: string
  readonly attempt: number
  readonly nominalAt?: number
  readonly pid: number
  readonly at: number
}

/** A server of a cluster test, as a process of its own. */
export class MemberProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<void>

  constructor(options: {
    database: string
    role: Role
    logFile: string
    handlerMs: number
    fatalBatch?: number
  }) {
    const { database, role, logFile, handlerMs, fatalBatch } = options
    const program = join(import.meta.dirname, 'member.ts')
    const crash = fatalBatch === undefined ? [] : [String(fatalBatch)]
    this.#child = spawn(process.execPath, [program, database, role, logFile, String(handlerMs), ...crash], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()))
    // A test that fails half-way must not leave servers behind.
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Resolves when it has started, and rejects when it ends before. */
  async started(): Promise<void> {
    const ready = new Promise<void>((resolve) => this.#child.stdout!.once('data', () => resolve()))
    const ended = this.#exited.then(() => {
      throw new Error(
        `a member of the cluster ended with status ${this.#child.exitCode} before it had started`,
      )
    })
    await Promise.race([ready, ended])
  }

  /** Resolves when it is gone, with the signal that ended it. */
  async ended(): Promise<string | null> {
    await this.#exited
    return this.#child.signalCode
  }

  /** Ends it as a power cut would: nothing of it runs any more. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#exited
  }
}

/** What the handlers of all members have done by now. */
export function readEvents(logFile: string): LoggedEvent[] {
  if (!existsSync(logFile)) return []

  const lines = readFileSync(logFile, 'utf8').split('\n')
  // The last one may be half written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as LoggedEvent)
}
