import type { Instant } from '../../clock/clock.ts'
import { missedRange, type MissedRange } from '../../schedule/plan.ts'
import type { Recurrence } from '../../schedule/recurrence.ts'
import type { OccurrenceRecord } from '../../store/ledger.ts'
import type { Owed } from '../../store/owed-table.ts'

/** A stretch of a schedule's life in which one generation was in force. */
export interface Stretch {
  readonly generation: number
  readonly recurrence: Recurrence
  /** It covers the instants after this one, */
  readonly from: Instant
  /** up to this one. */
  readonly until: Instant
}

/** An instant that the generation in force then names. */
export interface NamedInstant {
  readonly nominalAt: Instant
  readonly generation: number
}

/** What a range of missed occurrences is replaced with. */
export interface CarvedRange {
  readonly range: OccurrenceRecord
  /** What is left of it, on either side of what is made up for. */
  readonly rest: readonly MissedRange[]
}

/** What a backfill does about some instants that follow each other. */
export interface BackfillStep {
  /** These are written. */
  readonly write: readonly NamedInstant[]
  /** These rows tell of them as skipped, and give way. */
  readonly replaced: readonly OccurrenceRecord[]
  readonly carved: readonly CarvedRange[]
  /** How many ran, run, or are to run already. */
  readonly present: number
}

/** The instants of a time that the generations in force then name, in rising order, `size` at a time. */
export function* instantsOf(
  stretches: readonly Stretch[],
  from: Instant,
  until: Instant,
  size: number,
): Generator<NamedInstant[], void, undefined> {
  let step: NamedInstant[] = []
  for (const { generation, recurrence, ...stretch } of stretches) {
    const end = Math.min(until, stretch.until)
    let nominalAt = recurrence.nextMs(Math.max(from - 1, stretch.from), end)
    while (nominalAt !== undefined) {
      step.push({ nominalAt, generation })
      if (step.length === size) {
        yield step
        step = []
      }
      nominalAt = recurrence.nextMs(nominalAt, end)
    }
  }
  if (step.length > 0) yield step
}

/**
 * Decides which of some instants are made up for: those that nobody ran, runs, or is to run.
 *
 * @param named instants that follow each other
 * @param rows what the ledger has from the first to the last of them, ranges that reach into them included
 * @param owed the ranges that are to be caught up
 * @param recurrenceOf that of a generation
 */
export function decideBackfill(
  named: readonly NamedInstant[],
  rows: readonly OccurrenceRecord[],
  owed: readonly Pick<Owed, 'from' | 'until' | 'generation'>[],
  recurrenceOf: (generation: number) => Recurrence | undefined,
): BackfillStep {
  const ran = new Set(rows.filter(({ state }) => state !== 'skipped').map(({ nominalAt }) => nominalAt))
  const isOwed = ({ nominalAt, generation }: NamedInstant) =>
    owed.some((one) => one.generation === generation && one.from <= nominalAt && nominalAt <= one.until)
  const write = named.filter((one) => !ran.has(one.nominalAt) && !isOwed(one))
  const written = new Set(write.map(identityOf))

  const replaced = rows.filter((row) => row.missedUntil === null && written.has(identityOf(row)))
  const carved = rows.flatMap((range): CarvedRange[] => {
    if (range.missedUntil === null) return []
    const { missedUntil } = range
    const inside = write.filter(
      ({ nominalAt, generation }) =>
        generation === range.generation && range.nominalAt <= nominalAt && nominalAt <= missedUntil,
    )
    const recurrence = recurrenceOf(range.generation)
    if (inside.length === 0 || recurrence === undefined) return []
    const sides = [
      between(recurrence, range.nominalAt, inside.at(0)!.nominalAt - 1),
      between(recurrence, inside.at(-1)!.nominalAt + 1, missedUntil),
    ]
    return [{ range, rest: sides.filter((side) => side !== undefined) }]
  })
  return { write, replaced, carved, present: named.length - write.length }
}

function between(recurrence: Recurrence, from: Instant, until: Instant): MissedRange | undefined {
  return missedRange(recurrence, from, undefined, until)
}

function identityOf({ nominalAt, generation }: NamedInstant): string {
  return `${generation}@${nominalAt}`
}
