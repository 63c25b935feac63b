import { existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { Step } from './steps.ts'

/** How often steps were reached. */
export type Reached = Partial<Record<Step, number>>

/** What a process wrote, apart from its name and the time. */
export type Note =
  /** Of a handler. */
  | {
      readonly event: 'begin'
      readonly id: string
      readonly attempt: number
      readonly dueAt: number
      readonly key: string
    }
  | { readonly event: 'end' | 'abort' | 'fail'; readonly id: string; readonly attempt: number }
  /** The queue has these messages. */
  | { readonly event: 'sent'; readonly ids: readonly string[] }
  /** It ends, by a step that was fatal to it, or since it was told to. */
  | { readonly event: 'dies'; readonly step: Step; readonly reached: Reached }
  | { readonly event: 'stops'; readonly reached: Reached }

export type LoggedNote = Note & { readonly member: string; readonly at: number }

/** A file to which all processes append line by line, at once, so that SIGKILL loses nothing of it. */
export class EventLog {
  readonly #file: number
  readonly #member: string

  constructor(file: string, member: string) {
    this.#file = openSync(file, 'a')
    this.#member = member
  }

  write(note: Note): void {
    writeSync(this.#file, `${JSON.stringify({ ...note, member: this.#member, at: Date.now() })}\n`)
  }
}

/** What all have written by now. */
export function readNotes(file: string): LoggedNote[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  // The last one may be half written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as LoggedNote)
}
