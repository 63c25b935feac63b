import { readFileSync } from 'node:fs'

/** A line that a run of a task wrote. */
export interface RunLine {
  /** A run that is aborted ends with `abort` instead of `end`. */
  readonly event: 'begin' | 'end' | 'abort'
  readonly task: string
  readonly nominalAt: number
  /** Of the lock under which it runs, if there is one. */
  readonly token?: number | undefined
  /** With `begin`: when that lock ends if nobody touches it, by the lock server. */
  readonly expiresAt?: number | undefined
  readonly pid: number
  /** By the true clock, whatever the server took for the time. */
  readonly at: number
}

/** A line that a server wrote about itself. */
export interface ServerLine {
  /** `stall`: it was not given the processor from `from` on. `log`: Carillon complained. */
  readonly event: 'start' | 'stop' | 'stall' | 'log'
  readonly pid: number
  readonly skewMs: number
  readonly from?: number
  readonly message?: string
  readonly at: number
}

export type TaskLine = RunLine | ServerLine

export function isRunLine(line: TaskLine): line is RunLine {
  return line.event === 'begin' || line.event === 'end' || line.event === 'abort'
}

/** All that was written by now. */
export function readLines(file: string): TaskLine[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  // The last one may be half written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as TaskLine)
}
