import { oneLineOf } from './comment-text.ts'

/** Why a line of a crontab does not mean the same here, or is left out. */
export type CrontabWarningCode =
  | 'syntax'
  | 'sixth-field'
  | 'no-command'
  | 'too-long'
  | 'reboot'
  | 'time-zone'
  | 'tz-variable'
  | 'start-step'
  | 'star-step'
  | 'random'
  | 'random-delay'
  | 'clock-change'
  | 'mail'
  | 'stdin'
  | 'user'
  | 'system'
  | 'flags'
  | 'unlogged'
  | 'continuation'
  | 'line-ends'
  | 'last-line'
  | 'environment'

/** What differs between cron and Carillon, in a sentence each. */
export interface CrontabRemark {
  readonly code: CrontabWarningCode
  /** What is not the same. */
  readonly differs: string
  /** What to do about it. */
  readonly remedy: string
}

/** A remark on one line of a crontab, or on all of it. */
export interface CrontabWarning extends CrontabRemark {
  /** Counted from 1; `undefined` when it is about the whole. */
  readonly line: number | undefined
  /** The line, without control characters, cut when it is long; empty when it is about the whole. */
  readonly text: string
  /** Whether the line is left out. */
  readonly isRefused: boolean
}

/** A line that cannot be taken over. It never leaves this folder: `readCrontab` tells of it in its answer. */
export class RefusedLine extends Error {
  readonly remark: CrontabRemark

  constructor(code: CrontabWarningCode, differs: string, remedy: string) {
    super(differs)
    this.remark = { code, differs, remedy }
  }
}

const LONGEST_SHOWN = 120

/** The text of a line as warnings show it. */
export function shownLine(text: string): string {
  const shown = text.trim()
  return oneLineOf(shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN - 1)}…` : shown)
}
