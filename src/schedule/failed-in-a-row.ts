/** How a run ended, of those that count. */
export type RunEnd = 'succeeded' | 'failed'

/**
 * Whether a schedule's last runs failed so often in a row that it is to be paused.
 *
 * @param ends how its runs ended, newest first
 */
export function failedInARow(ends: readonly RunEnd[], pauseAfter: number): boolean {
  return ends.length >= pauseAfter && ends.slice(0, pauseAfter).every((end) => end === 'failed')
}

/** What people read of a schedule that was paused for it. */
export function failedInARowText(pauseAfter: number): string {
  return pauseAfter === 1 ? 'a run failed' : `${pauseAfter} runs in a row failed`
}
