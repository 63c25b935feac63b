import type { Command } from 'commander'
import type { Duration } from '../../clock/duration.ts'
import { namingOptions } from '../arguments.ts'
import { EXIT } from '../exit-status.ts'
import { action, type Invocation } from '../invocation.ts'
import { absentText } from '../output/absent-text.ts'
import { onExisting } from '../session.ts'

interface CheckOptions {
  readonly after?: Duration
}

/** `carillon check`: whether runs are absent, for monitoring systems. */
export function addCheck(program: Command, invocation: Invocation): void {
  program
    .command('check')
    .summary('tell which runs are absent, for monitoring systems')
    .description(
      'Tells which runs have not begun, or not ended, by when they were expected to, whether or not a server is alive. Ends with status 1 when there are any. Looks at all namespaces, unless --namespace is given.',
    )
    .option('--after <duration>', 'how long after it was due a run is to have begun; default 15m')
    .action(
      action<CheckOptions>(invocation, async (call) =>
        onExisting(call, async ({ carillon }) => {
          const { namespace, after } = call.options
          const absent = await namingOptions(() => carillon.absent({ namespace, after }))
          const now = call.terminal.clock.now()
          call.output.answer(absent, (style) => absentText(absent, now, style))
          return absent.length === 0 ? EXIT.ok : EXIT.failure
        }),
      ),
    )
}
