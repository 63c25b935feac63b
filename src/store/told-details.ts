import type { Instant } from '../clock/clock.ts'
import type { Json } from '../schedule/json.ts'

/** A line that a handler has logged, as it is kept. */
export interface KeptLine {
  readonly at: Instant
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields?: { readonly [name: string]: Json }
  /** Whether the line was longer. */
  readonly isCut?: true
}

/** The lines of an attempt: the first ones, and the last ones. */
export interface KeptLog {
  readonly first: readonly KeptLine[]
  /** How many between them are not kept. */
  readonly dropped: number
  readonly last: readonly KeptLine[]
}

/** How far a run has come, as its handler said last. */
export interface KeptProgress {
  readonly at: Instant
  /** From 0 to 1. */
  readonly fraction?: number
  readonly done?: number
  readonly total?: number
  readonly note?: string
}

/** What the handler of an attempt has told so far. */
export interface ToldDetails {
  /** Rises with all that is told: what is older never replaces what is newer. */
  readonly version: number
  readonly startedAt: Instant
  readonly log: KeptLog | undefined
  readonly progress: KeptProgress | undefined
  /** Whether some of it may have been written before. */
  readonly mayBeKept: boolean
}
