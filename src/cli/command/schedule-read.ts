import type { Command } from 'commander'
import type { Schedule } from '../../catalog/schedule-view.ts'
import type { ScheduleState } from '../../store/schedule-record.ts'
import { listOf, wholeNumber } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { scheduleDetails, scheduleTable } from '../output/schedule-text.ts'
import { onExisting } from '../session.ts'
import { nextOf } from './schedule-add.ts'
import { notFound } from './schedule-control.ts'

interface ListOptions {
  readonly group?: string
  readonly state?: readonly ScheduleState[]
  readonly job?: string
  readonly text?: string
  readonly after?: string
  readonly limit?: number
}

const STATES: readonly ScheduleState[] = ['active', 'paused', 'broken']

/** `carillon schedule list`. */
export function addList(schedule: Command, invocation: Invocation): void {
  schedule
    .command('list')
    .summary('list schedules')
    .description('Lists the schedules of the namespace by key, with their state and next run.')
    .option('--group <name>', 'only those of one group')
    .option('--state <states>', `only some of ${STATES.join(',')}`, listOf('--state', STATES))
    .option('--job <name>', 'only those of one job')
    .option('--text <text>', 'only those with this text in their key or group')
    .option('--after <key>', 'begin after this key')
    .option('--limit <n>', 'how many at most; all by default', wholeNumber('--limit', 1))
    .action(
      action<ListOptions>(invocation, async (call) => {
        const { output, terminal } = call
        const { group, state: states, job, text, after: afterKey, limit = Infinity } = call.options
        await onExisting(call, async ({ catalog }) => {
          const schedules: Schedule[] = []
          for await (const found of catalog.describeAll({ group, states, job, text, afterKey })) {
            schedules.push(found)
            if (schedules.length >= limit) break
          }
          output.answer(schedules, (style) => scheduleTable(schedules, terminal.clock.now(), style))
        })
      }),
    )
}

/** `carillon schedule show`. */
export function addShow(schedule: Command, invocation: Invocation): void {
  schedule
    .command('show')
    .summary('show all there is to know about one schedule')
    .description('Shows the definition of a schedule, its state and its next runs.')
    .argument('<key>', 'the schedule')
    .action(
      action(invocation, async (call) => {
        const [key = ''] = call.args
        const { output, terminal } = call
        await onExisting(call, async ({ catalog }) => {
          const found = await catalog.describe(key)
          if (found === undefined) throw notFound(key, catalog.namespaceName)
          const next = await nextOf(catalog, found)
          output.answer(found, (style) => scheduleDetails(found, next, terminal.clock.now(), style))
        })
      }),
    )
}
