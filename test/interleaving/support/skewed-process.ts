import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Role } from '../../../src/index.ts'

export interface SkewedServerSettings {
  readonly database: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly aheadMs: number
  readonly intervalMs: number
  readonly leaseMs: number
}

/** A beginning or an end of a handler. */
export interface RunLine {
  readonly event: 'begin' | 'end'
  readonly key: string
  readonly id: string
  readonly attempt: number
  readonly dueAt: number
  readonly origin: string
  readonly server: string
  /** By the machine's clock, which is right. */
  readonly at: number
}

/** A server as a process of its own, whose clock is wrong by so much. */
export class SkewedProcess implements AsyncDisposable {
  readonly lines: RunLine[] = []
  readonly #child: ChildProcess
  readonly #started: Promise<void>

  constructor(shiftMs: number, settings: SkewedServerSettings) {
    const file = (name: string) => join(import.meta.dirname, name)
    this.#child = spawn(
      process.execPath,
      ['--import', file('shift-clock.ts'), file('skewed-server.ts'), JSON.stringify(settings)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, CARILLON_TEST_SHIFT_MS: String(shiftMs) },
      },
    )
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#started = promise
    promise.catch(() => {})
    createInterface(this.#child.stdout!).on('line', (line) => {
      if (line === 'started') resolve()
      else this.lines.push(JSON.parse(line) as RunLine)
    })
    const killWithUs = () => this.#child.kill('SIGKILL')
    process.once('exit', killWithUs)
    this.#child.once('exit', (code) => {
      process.off('exit', killWithUs)
      reject(new Error(`${settings.name} ended with status ${code} before it had started`))
    })
  }

  async started(): Promise<void> {
    return this.#started
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
  }
}
