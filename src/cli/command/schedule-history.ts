import type { Command } from 'commander'
import { namingOptions } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { historyTable } from '../output/occurrence-text.ts'
import { onExisting } from '../session.ts'
import { addRunFilters, filtersOf, type RunFilters } from './run-filters.ts'
import { notFound } from './schedule-control.ts'

/** `carillon schedule history`. */
export function addHistory(schedule: Command, invocation: Invocation): void {
  const history = schedule
    .command('history')
    .summary('what became of the runs of a schedule')
    .description(
      'Lists what became of the runs of a schedule up to now, newest first; also of a deleted schedule.',
    )
    .argument('<key>', 'the schedule')
  addRunFilters(history).action(
    action<RunFilters>(invocation, async (call) => {
      const [key = ''] = call.args
      const { options, output, terminal } = call
      await onExisting(call, async ({ catalog }) => {
        const occurrences = await namingOptions(() => catalog.history(key, filtersOf(options)))
        if (occurrences.length === 0 && (await catalog.describe(key)) === undefined)
          throw notFound(key, catalog.namespaceName)
        output.answer(occurrences, (style) => historyTable(occurrences, terminal.clock.now(), style))
        const last = occurrences.at(-1)
        if (last !== undefined && occurrences.length === options.limit)
          output.note((style) => style.dim(`earlier ones: --after ${last.id}`))
      })
    }),
  )
}
