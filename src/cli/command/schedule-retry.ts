import type { Command } from 'commander'
import { EXIT } from '../exit-status.ts'
import { action, type Invocation } from '../invocation.ts'
import { oneLine } from '../output/visible.ts'
import { onExisting } from '../session.ts'

/** `carillon schedule retry`: puts a run back that failed for good. */
export function addRetry(schedule: Command, invocation: Invocation): void {
  schedule
    .command('retry')
    .summary('run once more what failed for good')
    .description(
      'Puts a run back that failed for good: it begins again as soon as it can, with all its retries.',
    )
    .argument('<key>', 'the schedule')
    .argument('[id]', 'the run, as history names it; the newest that failed when left out')
    .action(
      action(invocation, async (call) => {
        const [key = '', id] = call.args
        return onExisting(call, async ({ catalog }) => {
          const occurrence = await catalog.retry(key, id === undefined ? {} : { id })
          call.output.answer(occurrence, () =>
            oneLine(
              `Run ${occurrence.id} of ${key} begins again: carillon schedule history ${key} shows the outcome.`,
            ),
          )
          return EXIT.ok
        })
      }),
    )
}
