import type { Command } from 'commander'
import type { ResumeAnswer } from '../../catalog/catalog-options.ts'
import { ScheduleNotFoundError } from '../../errors.ts'
import { oneOf } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { savedText } from '../output/schedule-text.ts'
import { oneLine } from '../output/visible.ts'
import { onExisting } from '../session.ts'
import { nextOf } from './schedule-add.ts'

/** `carillon schedule delete`. */
export function addDelete(schedule: Command, invocation: Invocation): void {
  schedule
    .command('delete')
    .summary('delete a schedule')
    .description('Deletes a schedule. Nothing of it begins any more; what runs may end.')
    .argument('<key>', 'the schedule')
    .action(
      action(invocation, async (call) => {
        const [key = ''] = call.args
        await onExisting(call, async ({ catalog }) => {
          if (!(await catalog.delete(key))) throw notFound(key, catalog.namespaceName)
          call.output.answer({ key, deleted: true }, () => oneLine(`Deleted ${key}.`))
        })
      }),
    )
}

/** `carillon schedule pause`. */
export function addPause(schedule: Command, invocation: Invocation): void {
  schedule
    .command('pause')
    .summary('keep a schedule from running until it is resumed')
    .description(
      'Keeps a schedule from running until it is resumed. What was planned and has not begun is withdrawn.',
    )
    .argument('<key>', 'the schedule')
    .action(
      action(invocation, async (call) => {
        const [key = ''] = call.args
        await onExisting(call, async ({ catalog }) => {
          const paused = await catalog.pause(key)
          call.output.answer(paused, () =>
            oneLine(`Paused ${key}. It runs again after carillon schedule resume ${key}.`),
          )
        })
      }),
    )
}

/** `carillon schedule resume`. */
export function addResume(schedule: Command, invocation: Invocation): void {
  schedule
    .command('resume')
    .summary('let a paused or broken schedule run again')
    .description('Lets a paused or broken schedule run again.')
    .argument('<key>', 'the schedule')
    .option(
      '--missed <answer>',
      'what the pause kept from running: skip it (default), run the latest, or all of it',
      oneOf<ResumeAnswer>('--missed', ['skip', 'latest', 'all']),
    )
    .action(
      action<{ missed?: ResumeAnswer }>(invocation, async (call) => {
        const [key = ''] = call.args
        const { options, output, terminal } = call
        await onExisting(call, async ({ catalog }) => {
          const resumed = await catalog.resume(key, { missed: options.missed ?? 'skip' })
          const next = await nextOf(catalog, resumed)
          output.answer(resumed, (style) => savedText('Resumed', resumed, next, terminal.clock.now(), style))
        })
      }),
    )
}

export function notFound(key: string, namespace: string): ScheduleNotFoundError {
  return new ScheduleNotFoundError(`no schedule has the key "${key}" in namespace "${namespace}"`, key)
}
