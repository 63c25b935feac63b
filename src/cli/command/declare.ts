import type { Command } from 'commander'
import type { DeclareReport } from '../../catalog/declare/declarations.ts'
import { action, type Invocation } from '../invocation.ts'
import type { Style } from '../output/style.ts'
import { onCreated, onExisting } from '../session.ts'

/** `carillon declare`: brings the schedules of the config file into the database. */
export function addDeclare(program: Command, invocation: Invocation): void {
  program
    .command('declare')
    .summary('bring the schedules of the config file into the database')
    .description(
      'Makes the database hold the schedules that the config file declares (schedules: […]): new ones are stored, changed ones changed, and those that are declared no more deleted. What others have declared or stored is not touched. carillon start does this by itself.',
    )
    .option('--dry-run', 'only say what it would do')
    .action(
      action<{ readonly dryRun?: boolean }>(invocation, async (call) => {
        const { dryRun = false } = call.options
        // To look at a database must not create it.
        const onDatabase = dryRun ? onExisting : onCreated
        await onDatabase(call, async ({ carillon, isRehearsal }) => {
          const report = await carillon.declareSchedules({ dryRun })
          if (!isRehearsal) call.output.answer(report, (style) => reportText(report, dryRun, style))
        })
      }),
    )
}

function reportText(report: DeclareReport, isDry: boolean, style: Style): string {
  const { isSuperseded, created, changed, deleted, unchanged } = report
  if (isSuperseded)
    return 'A newer release has declared other schedules, and is alive: nothing was done. These are declared when it is gone.'
  const nameOf = ({ namespace, key }: { namespace: string; key: string }) =>
    namespace === 'default' ? key : `${key} (${namespace})`
  const lines = [
    ...created.map((one) => style.paint('green', `+ ${nameOf(one)}`)),
    ...changed.map((one) => style.paint('yellow', `~ ${nameOf(one)}: ${one.parts.join(', ')}`)),
    ...deleted.map((one) => style.paint('red', `- ${nameOf(one)}`)),
  ]
  const counts = `${created.length} new, ${changed.length} changed, ${deleted.length} deleted, ${unchanged} as they were`
  return [...lines, isDry ? `It would be ${counts}. Nothing was written.` : `${counts}.`].join('\n')
}
