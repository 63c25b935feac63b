import type { AbsentRun } from '../../carillon/absent-runs.ts'
import type { Style } from './style.ts'
import { relativeTime } from './time.ts'
import { oneLine } from './visible.ts'

/** What is absent, one a line. */
export function absentText(absent: readonly AbsentRun[], now: number, style: Style): string {
  if (absent.length === 0) return 'No run is absent.'
  return absent
    .map(({ message, expectedBy }) => {
      const expected = style.dim(` (expected ${relativeTime(expectedBy, now)})`)
      return style.paint('red', oneLine(message)) + expected
    })
    .join('\n')
}
