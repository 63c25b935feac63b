import type { Instant } from '../clock/clock.ts'
import type { Logger } from '../logger.ts'
import type { KeptLog, KeptProgress, ToldDetails } from '../store/told-details.ts'
import type { ProgressInput } from '../task/job.ts'
import { BoundedLog, keptLine } from './bounded-log.ts'

const NOTE_LENGTH = 200

/** What the handler of a run tells of it, to be kept with the run. Most tell nothing, and cost nothing. */
export class RunReport {
  readonly #startedAt: Instant
  #version = 0
  /** The version that was handed out last, to be written. */
  #taken = 0
  /** That of it which is known to be written. */
  #written = 0
  #log: BoundedLog | undefined
  #progress: KeptProgress | undefined

  constructor(startedAt: Instant) {
    this.#startedAt = startedAt
  }

  /** A logger whose lines are kept too. */
  logger(logger: Logger, now: () => Instant): Logger {
    const keep = (level: keyof Logger) => (fields: object, message: string) => {
      logger[level](fields, message)
      this.#log ??= new BoundedLog()
      this.#log.add(keptLine(level, fields, message, now()))
      this.#version++
    }
    return { info: keep('info'), warn: keep('warn'), error: keep('error') }
  }

  progress(input: ProgressInput, at: Instant): void {
    this.#progress = { at, ...progressOf(input) }
    this.#version++
  }

  /** Whether something was told that is not written yet. */
  get isNew(): boolean {
    return this.#version > this.#written
  }

  /** All that was told so far, to be written; `undefined` when it is nothing. */
  take(): ToldDetails | undefined {
    if (this.#version === 0) return undefined
    const mayBeKept = this.#taken > 0
    this.#taken = this.#version
    const log: KeptLog | undefined = this.#log?.kept
    return { version: this.#version, startedAt: this.#startedAt, log, progress: this.#progress, mayBeKept }
  }

  /** The same at the end of the run. It counts as newer than all before, since how the run ended is written with it. */
  takeLast(): ToldDetails | undefined {
    if (this.#version > 0) this.#version++
    return this.take()
  }

  /** Says that what was taken is written. */
  written({ version }: ToldDetails): void {
    this.#written = Math.max(this.#written, version)
  }
}

/**
 * What is kept of a progress. It must not make a run fail, neither by a division by a total of 0 nor by what no type allows:
 * what cannot be kept is left out.
 */
export function progressOf(input: unknown): Omit<KeptProgress, 'at'> {
  if (typeof input === 'number') return given('fraction', fractionOf(input))
  if (typeof input !== 'object' || input === null) return {}

  const { done, total, note } = input as Readonly<Record<string, unknown>>
  const fraction =
    typeof done === 'number' && typeof total === 'number' ? fractionOf(done / total) : undefined
  return {
    ...given('fraction', fraction),
    ...given('done', finite(done)),
    ...given('total', finite(total)),
    ...given('note', typeof note === 'string' ? note.slice(0, NOTE_LENGTH) : undefined),
  }
}

/** From 0 to 1. */
function fractionOf(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : Math.min(Math.max(value, 0), 1)
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function given<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]: Value })
}
