import type { Command } from 'commander'
import { EXIT } from '../exit-status.ts'
import { action, type Invocation } from '../invocation.ts'
import { queuesText } from '../output/queue-text.ts'
import { onExisting } from '../session.ts'

/** `carillon queues`: how the queues are, and what waits in them and before them. */
export function addQueues(program: Command, invocation: Invocation): void {
  program
    .command('queues')
    .summary('show the queues, and what waits in them and before them')
    .description(
      'Shows the queues of the config file: whether each can be reached, what is not sent yet and since when, what is sent and has not begun. Ends with status 1 when one is down.',
    )
    .action(
      action(invocation, async (call) =>
        onExisting(call, async ({ carillon }) => {
          const queues = await carillon.describeQueues()
          const now = call.terminal.clock.now()
          call.output.answer(queues, (style) => queuesText(queues, now, style))
          return queues.every(({ health }) => health.isUp) ? EXIT.ok : EXIT.failure
        }),
      ),
    )
}
