import { Readable } from 'node:stream'
import type { Clock } from '../../src/clock/clock.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import type { Screen, Terminal } from '../../src/cli/terminal.ts'

/** A terminal that remembers what it was shown. */
export interface FakeTerminal extends Terminal {
  readonly printed: string
  readonly complained: string
  /** Whether somebody listens to signals. */
  readonly isListening: boolean
  interrupt(signal: string): void
}

export function fakeTerminal({
  clock = new SystemClock(),
  cwd = '/nowhere',
  env = {},
  stdin = [],
}: {
  clock?: Clock
  cwd?: string
  env?: Record<string, string>
  stdin?: readonly (string | Uint8Array)[]
} = {}): FakeTerminal {
  let printed = ''
  let complained = ''
  const listeners = new Set<(signal: string) => void>()
  const screen = (write: (text: string) => void): Screen => ({ write, columns: undefined, hasColors: false })
  return {
    stdout: screen((text) => (printed += text)),
    stderr: screen((text) => (complained += text)),
    stdin: Readable.from(stdin.map((chunk) => Buffer.from(chunk))),
    env,
    cwd,
    clock,
    user: 'tester',
    onInterrupt(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get printed() {
      return printed
    },
    get complained() {
      return complained
    },
    get isListening() {
      return listeners.size > 0
    },
    interrupt(signal) {
      for (const listener of listeners) listener(signal)
    },
  }
}
