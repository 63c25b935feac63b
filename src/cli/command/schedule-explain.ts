import type { Command } from 'commander'
import { action, type Invocation } from '../invocation.ts'
import { explanationText } from '../output/explanation-text.ts'
import { onExisting } from '../session.ts'

/** `carillon schedule explain`: why did it (not) run? */
export function addExplain(schedule: Command, invocation: Invocation): void {
  schedule
    .command('explain')
    .summary('why it ran at an instant, or did not')
    .description(
      'Tells why a schedule ran at an instant, or did not, or whether it will: from the history, and from the definition that was in force then; also of a deleted schedule.',
    )
    .argument('<key>', 'the schedule')
    .argument('<instant>', 'when it should have run, with its offset: 2026-03-29T02:30:00+01:00')
    .action(
      action(invocation, async (call) => {
        const [key = '', instant = ''] = call.args
        await onExisting(call, async ({ catalog }) => {
          const explanation = await catalog.explain(key, instant)
          call.output.answer(explanation, (style) => explanationText(explanation, style))
        })
      }),
    )
}
