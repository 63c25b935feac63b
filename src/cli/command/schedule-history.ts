import type { Command } from 'commander'
import type { OccurrenceState } from '../../schedule/occurrence.ts'
import { listOf, namingOptions, wholeNumber } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { historyTable } from '../output/occurrence-text.ts'
import { onExisting } from '../session.ts'
import { notFound } from './schedule-control.ts'

interface HistoryOptions {
  readonly limit: number
  readonly state?: readonly OccurrenceState[]
}

const STATES: readonly OccurrenceState[] = ['planned', 'sent', 'running', 'succeeded', 'failed', 'skipped']

/** `carillon schedule history`. */
export function addHistory(schedule: Command, invocation: Invocation): void {
  schedule
    .command('history')
    .summary('what became of the runs of a schedule')
    .description(
      'Lists what became of the runs of a schedule up to now, newest first; also of a deleted schedule.',
    )
    .argument('<key>', 'the schedule')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1), 20)
    .option('--state <states>', `only some of ${STATES.join(',')}`, listOf('--state', STATES))
    .action(
      action<HistoryOptions>(invocation, async (call) => {
        const [key = ''] = call.args
        const { output, terminal } = call
        const { limit, state: states } = call.options
        await onExisting(call, async ({ catalog }) => {
          const occurrences = await namingOptions(() => catalog.history(key, { limit, states }))
          if (occurrences.length === 0 && (await catalog.describe(key)) === undefined)
            throw notFound(key, catalog.namespaceName)
          output.answer(occurrences, (style) => historyTable(occurrences, terminal.clock.now(), style))
        })
      }),
    )
}
