import type { Instant } from '../clock/clock.ts'
import type { Terminal } from './terminal.ts'

/** What Ctrl-C and SIGTERM have said so far. */
export interface Interruption extends Disposable {
  /** Resolves with the name of the first signal. */
  readonly first: Promise<string>
  /** Aborted by the second one. The third ends the process, as if nobody listened. */
  readonly hurry: AbortSignal
}

/**
 * A Ctrl-C reaches every process in the foreground, and npm and npx pass it on to their child besides: what follows so
 * closely is the same one.
 */
const SAME_INTERRUPTION_MS = 400

/** Listens for interruptions until it is disposed of. */
export function interruption(terminal: Terminal): Interruption {
  const hurry = new AbortController()
  const first = Promise.withResolvers<string>()
  let firstAt: Instant | undefined

  const stopListening = terminal.onInterrupt((signal) => {
    const now = terminal.clock.now()
    if (firstAt === undefined) {
      firstAt = now
      first.resolve(signal)
    } else if (now - firstAt >= SAME_INTERRUPTION_MS) {
      hurry.abort()
      stopListening()
    }
  })
  return { first: first.promise, hurry: hurry.signal, [Symbol.dispose]: stopListening }
}
