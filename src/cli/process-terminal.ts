import { userInfo } from 'node:os'
import { SystemClock } from '../clock/system-clock.ts'
import type { Screen, Terminal } from './terminal.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return {
    stdout: screenOf(process.stdout),
    stderr: screenOf(process.stderr),
    get stdin() {
      return process.stdin
    },
    env: process.env,
    cwd: process.cwd(),
    clock: new SystemClock(),
    user: userName(),

    onInterrupt(listener) {
      for (const signal of SIGNALS) process.on(signal, listener)
      return () => {
        for (const signal of SIGNALS) process.off(signal, listener)
      }
    },
  }
}

/** A user id without a name, as in some containers, is an error to Node. */
function userName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return process.env.USER || undefined
  }
}

function screenOf(stream: NodeJS.WriteStream): Screen {
  const isTty = stream.isTTY
  return {
    write: (text) => void stream.write(text),
    columns: isTty ? stream.columns : undefined,
    // `hasColors` knows NO_COLOR, FORCE_COLOR and TERM.
    hasColors: isTty && stream.hasColors(),
  }
}
