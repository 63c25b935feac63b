import type { Command } from 'commander'
import { action, type Invocation } from '../invocation.ts'
import { owedText, runs } from '../output/owed-text.ts'
import { onExisting } from '../session.ts'

/** `carillon catch-up`: the missed runs that are still to be caught up, of all namespaces. */
export function addCatchUp(program: Command, invocation: Invocation): void {
  const catchUp = program
    .command('catch-up')
    .summary('show missed runs that are still to be caught up; let them go, or drop them')

  catchUp
    .command('list', { isDefault: true })
    .summary('show how many there are, by namespace')
    .action(
      action(invocation, async (call) =>
        onExisting(call, async ({ carillon }) => {
          const owed = await carillon.owed()
          const now = call.terminal.clock.now()
          call.output.answer(owed, (style) => owedText(owed, now, style))
        }),
      ),
    )

  catchUp
    .command('release')
    .summary('let them go, although there are more than catchUp.holdAbove')
    .option('--only <namespace>', 'only those of this namespace')
    .action(
      action<OnlyOption>(invocation, async (call) =>
        onExisting(call, async ({ carillon }) => {
          const released = await carillon.releaseOwed(onlyOf(call.options))
          call.output.answer({ released }, () =>
            released === 0
              ? 'Nothing was held.'
              : `Let ${runs(released)} go; dispatchers hand them over at the rate of the option catchUp.`,
          )
        }),
      ),
    )

  catchUp
    .command('drop')
    .summary('drop them: they do not run, and the ledger says so')
    .option('--only <namespace>', 'only those of this namespace')
    .requiredOption('--yes', 'really drop them')
    .action(
      action<OnlyOption>(invocation, async (call) =>
        onExisting(call, async ({ carillon }) => {
          const dropped = await carillon.dropOwed(onlyOf(call.options))
          call.output.answer({ dropped }, () => `Dropped ${runs(dropped)}.`)
        }),
      ),
    )
}

interface OnlyOption {
  readonly only?: string
}

function onlyOf({ only }: OnlyOption): { namespace?: string } {
  return only === undefined ? {} : { namespace: only }
}
