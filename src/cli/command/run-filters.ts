import type { Command } from 'commander'
import type { OccurrenceOptions } from '../../catalog/catalog-options.ts'
import {
  OCCURRENCE_ORIGINS,
  OCCURRENCE_STATES,
  SKIP_REASONS,
  type OccurrenceOrigin,
  type OccurrenceState,
  type SkipReason,
} from '../../schedule/occurrence.ts'
import { listOf, wholeNumber } from '../arguments.ts'

/** Which runs are listed, as the command line has it. */
export interface RunFilters {
  readonly limit: number
  readonly state?: readonly OccurrenceState[]
  readonly reason?: readonly SkipReason[]
  readonly origin?: readonly OccurrenceOrigin[]
  readonly error?: readonly string[]
  readonly from?: string
  readonly until?: string
  readonly after?: string
}

/** The options that all listings of runs have. */
export function addRunFilters(command: Command): Command {
  const words = (what: readonly string[]) => `only some of ${what.join(',')}`
  return command
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1, 10_000), 20)
    .option('--state <states>', words(OCCURRENCE_STATES), listOf('--state', OCCURRENCE_STATES))
    .option(
      '--reason <reasons>',
      `skipped for one of ${SKIP_REASONS.join(',')}`,
      listOf('--reason', SKIP_REASONS),
    )
    .option('--origin <origins>', words(OCCURRENCE_ORIGINS), listOf('--origin', OCCURRENCE_ORIGINS))
    .option('--error <codes>', 'only those whose last failure has one of these codes', split)
    .option('--from <instant>', 'only those that stand for this instant or a later one')
    .option('--until <instant>', 'only those that stand for this instant or an earlier one; default now')
    .option('--after <id>', 'goes on behind this run')
}

/** What the library is asked with. */
export function filtersOf(filters: RunFilters): OccurrenceOptions & { readonly after: string | undefined } {
  const { limit, state: states, reason: reasons, origin: origins, error: errorCodes } = filters
  const { from, until, after } = filters
  return { limit, states, reasons, origins, errorCodes, from, until, after }
}

function split(text: string): string[] {
  return text.split(',').map((code) => code.trim())
}
