import type { LoggedNote } from './event-log.ts'
import type { Step } from './steps.ts'

interface Tally {
  readonly kind: string
  readonly seed: number
  readonly seconds: number
  readonly rounds: number
  readonly steps: readonly {
    readonly step: Step
    readonly reached: number
    readonly deaths: number
    /** How many were to die there, did not come there in time, and were killed wherever they were. */
    readonly elsewhere: number
  }[]
  readonly counts: Readonly<Record<string, number>>
}

/** How often all processes together reached a step, those left out that were killed elsewhere. */
export function reachedIn(notes: readonly LoggedNote[], step: Step): number {
  return notes.reduce((sum, note) => sum + ('reached' in note ? (note.reached[step] ?? 0) : 0), 0)
}

/** What happened, for people. */
export function tell({ kind, seed, seconds, rounds, steps, counts }: Tally): string {
  const lines: [string, number | string][] = [
    ['rounds', rounds],
    ['seed', seed],
    ['seconds', seconds],
    ...steps.map(({ step, reached, deaths, elsewhere }): [string, string] => [
      step,
      `${deaths} died, reached ${reached} times` + (elsewhere > 0 ? `, ${elsewhere} died before` : ''),
    ]),
    ...Object.entries(counts),
  ]
  const width = Math.max(...lines.map(([what]) => what.length))
  return [kind, ...lines.map(([what, value]) => `  ${what.padEnd(width)}  ${value}`)].join('\n')
}
