/** A task of a server under test. */
export interface TaskPlan {
  readonly name: string
  /** With seconds. */
  readonly cron: string
  /** How long a run takes; `told` is until the test says so, or it is aborted. */
  readonly work: number | 'told'
  readonly onOneServer?: boolean
  readonly overlap?: {
    readonly expiresAfter: number
    readonly minimumBreak: number
    readonly renew?: boolean
  }
}

/** The lock of a task, as the lock server knows it. */
export function lockOf(task: string): string {
  return `lock ${task}`
}
