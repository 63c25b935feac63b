import type { Command } from 'commander'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Schedule } from '../../catalog/schedule-view.ts'
import { InvalidInputError } from '../../errors.ts'
import { COMMAND_JOB } from '../../task/command-job.ts'
import { acting, withActor, type ActingOptions } from '../acting.ts'
import { namingOptions } from '../arguments.ts'
import { splitArguments } from '../dashed-arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { notesText, savedText } from '../output/schedule-text.ts'
import { onCreated } from '../session.ts'
import { workInput } from '../work-input.ts'
import { timingAndPolicy, withScheduleOptions, type ScheduleOptions } from './schedule-options.ts'

type AddOptions = ScheduleOptions & ActingOptions & { readonly paused?: boolean }

const SHOWN_RUNS = 3

/** `carillon schedule add`: stores a schedule, or replaces the one with this key. */
export function addScheduleAdd(schedule: Command, invocation: Invocation): void {
  const command = schedule
    .command('add')
    .summary('add a schedule, or replace the one with this key')
    .description(
      'Adds a schedule; one that is there already is replaced in full; a pause stays. It needs one of --cron, --every and --at, ' +
        'and one of --job, --command and -- <program>.',
    )
    .usage('[key] [options] [-- program arguments...]')
    .argument('[key]', 'its name, unique in the namespace; default a new UUID')
    .allowExcessArguments()
    .option('--paused', 'store it paused')

  withActor(withScheduleOptions(command), '--change-note').action(
    action<AddOptions>(invocation, async (call) => {
      const { options, output, terminal } = call
      const { key, program } = splitArguments(call.args, invocation.argv)
      const { job, payload = null } = workInput(options, program)
      if (job === undefined)
        throw new InvalidInputError('a schedule needs one of --job, --command and -- <program>', '--job')
      const input = {
        key,
        ...timingAndPolicy(options),
        job,
        payload,
        ...(options.paused === true && { active: false }),
      }

      await onCreated(call, async (session) => {
        const { isRehearsal, allowsCommands } = session
        const catalog = acting(session, call, options.changeNote)
        const before = key === undefined ? undefined : await catalog.describe(key)
        const stored = await namingOptions(() => catalog.schedule(input))
        if (isRehearsal) return

        const next = await nextOf(catalog, stored)
        output.answer(stored, (style) => {
          const now = terminal.clock.now()
          const saved = savedText(verb(before, stored), stored, next, now, style)
          const notes = notesText(stored, now)
          return notes === '' ? saved : `${saved}\n\n${notes}`
        })
        if (job === COMMAND_JOB && !allowsCommands)
          output.note((style) =>
            style.dim('It runs on servers that allow commands: carillon start --allow-commands'),
          )
      })
    }),
  )
}

/** The next runs of a schedule that has any. */
export async function nextOf(catalog: Catalog, { key, nextRunAt }: Schedule): Promise<Date[]> {
  return nextRunAt === undefined ? [] : catalog.preview(key, SHOWN_RUNS)
}

function verb(before: Schedule | undefined, { revision }: Schedule): string {
  if (before === undefined) return 'Added'
  return before.revision === revision ? 'Unchanged:' : 'Replaced'
}
