import type { Command } from 'commander'
import { ScheduleNotFoundError } from '../../errors.ts'
import { acting, withActor, type ActingOptions } from '../acting.ts'
import { action, type Invocation } from '../invocation.ts'
import { oneLine } from '../output/visible.ts'
import { onExisting } from '../session.ts'

/** `carillon schedule delete`. */
export function addDelete(schedule: Command, invocation: Invocation): void {
  const command = schedule
    .command('delete')
    .summary('delete a schedule')
    .description('Deletes a schedule. Nothing of it begins any more; what runs may end.')
    .argument('<key>', 'the schedule')
  withActor(command).action(
    action<ActingOptions & { note?: string }>(invocation, async (call) => {
      const [key = ''] = call.args
      await onExisting(call, async (session) => {
        const catalog = acting(session, call, call.options.note)
        if (!(await catalog.delete(key))) throw notFound(key, catalog.namespaceName)
        call.output.answer({ key, deleted: true }, () => oneLine(`Deleted ${key}.`))
      })
    }),
  )
}

export function notFound(key: string, namespace: string): ScheduleNotFoundError {
  return new ScheduleNotFoundError(`no schedule has the key "${key}" in namespace "${namespace}"`, key)
}
