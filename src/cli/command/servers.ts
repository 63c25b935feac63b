import type { Command } from 'commander'
import { EXIT } from '../exit-status.ts'
import { action, type Invocation } from '../invocation.ts'
import { serversText } from '../output/servers-text.ts'
import { onExisting } from '../session.ts'

/** `carillon servers`: which servers there are, and what they do. */
export function addServers(program: Command, invocation: Invocation): void {
  program
    .command('servers')
    .summary('show the servers that have started')
    .description(
      'Shows the servers that have started and not stopped: what they do, how many runs are under way in each, and when it was heard of last. One that is gone has died, or has lost its database. Ends with status 1 when no server that is alive dispatches, or none works.',
    )
    .action(
      action(invocation, async (call) =>
        onExisting(call, async ({ carillon }) => {
          const servers = await carillon.servers()
          call.output.answer(servers, (style) => serversText(servers, call.terminal.clock.now(), style))
          const alive = servers.filter(({ isAlive }) => isAlive)
          const isDone = (['dispatch', 'work'] as const).every((role) =>
            alive.some(({ roles }) => roles.includes(role)),
          )
          return isDone ? EXIT.ok : EXIT.failure
        }),
      ),
    )
}
