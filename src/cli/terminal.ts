import type { Clock } from '../clock/clock.ts'

/** One output stream, and what it can show. */
export interface Screen {
  write(text: string): void
  /** How wide it is; `undefined` when no person looks at it. */
  readonly columns: number | undefined
  readonly hasColors: boolean
}

/** All that the command line sees of the world: so that tests can show it another one. */
export interface Terminal {
  readonly stdout: Screen
  readonly stderr: Screen
  /** What is piped in, or typed; reading it begins with the first look at it. */
  readonly stdin: AsyncIterable<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  /** The working directory. */
  readonly cwd: string
  readonly clock: Clock
  /** Who uses it, by the operating system; `undefined` when that does not know. */
  readonly user: string | undefined

  /** Calls `listener` on Ctrl-C and on SIGTERM, instead of ending the process. @returns how to take it away */
  onInterrupt(listener: (signal: string) => void): () => void
}
