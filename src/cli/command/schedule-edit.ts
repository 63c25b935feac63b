import type { Command } from 'commander'
import type { SchedulePatch } from '../../schedule/schedule-input.ts'
import { InvalidInputError } from '../../errors.ts'
import { acting, withActor, type ActingOptions } from '../acting.ts'
import { namingOptions, oneOf, wholeNumber } from '../arguments.ts'
import { splitArguments } from '../dashed-arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { savedText } from '../output/schedule-text.ts'
import { onExisting } from '../session.ts'
import { workInput } from '../work-input.ts'
import { nextOf } from './schedule-add.ts'
import { timingAndPolicy, withScheduleOptions, type ScheduleOptions } from './schedule-options.ts'

/** What `--clear` takes back to its default, and the property that it is. */
const CLEARABLE = {
  timezone: 'timezone',
  dst: 'dst',
  syntax: 'syntax',
  except: 'except',
  anchor: 'anchor',
  group: 'group',
  note: 'note',
  'starts-at': 'startsAt',
  'ends-at': 'endsAt',
  'max-runs': 'maxRuns',
  spread: 'spread',
  overlap: 'overlap',
  'max-running': 'maxRunning',
  mutex: 'mutex',
  'minimum-break': 'minimumBreak',
  'catch-up': 'catchUp',
  retries: 'retries',
  backoff: 'backoff',
  'pause-after': 'pauseAfter',
  'expect-within': 'expectWithin',
  timeout: 'timeout',
} as const satisfies Record<string, keyof SchedulePatch>
type Clearable = keyof typeof CLEARABLE

type EditOptions = ScheduleOptions &
  ActingOptions & { readonly revision?: number; readonly clear?: readonly Clearable[] }

/** `carillon schedule edit`: changes parts of a schedule. */
export function addScheduleEdit(schedule: Command, invocation: Invocation): void {
  const command = schedule
    .command('edit')
    .summary('change parts of a schedule')
    .description(
      'Changes what the options name, and leaves the rest. What was planned and does not fit is withdrawn.',
    )
    .usage('<key> [options] [-- program arguments...]')
    .argument('<key>', 'the schedule')
    .allowExcessArguments()
    .option(
      '--clear <option>',
      'take an option back to its default, as in --clear timeout; may be repeated',
      gather,
    )
    .option('--revision <n>', 'only change this revision', wholeNumber('--revision', 1))

  withActor(withScheduleOptions(command), '--change-note').action(
    action<EditOptions>(invocation, async (call) => {
      const { options, output, terminal } = call
      const { key = '', program } = splitArguments(call.args, invocation.argv)
      const patch = { ...timingAndPolicy(options), ...workInput(options, program), ...cleared(options.clear) }
      if (Object.keys(patch).length === 0)
        throw new InvalidInputError('nothing to change: give at least one option, see --help', 'arguments')

      const expected = options.revision === undefined ? {} : { revision: options.revision }
      await onExisting(call, async (session) => {
        const catalog = acting(session, call, options.changeNote)
        const changed = await namingOptions(() => catalog.patch(key, patch, expected))
        const next = await nextOf(catalog, changed)
        output.answer(changed, (style) => savedText('Changed', changed, next, terminal.clock.now(), style))
      })
    }),
  )
}

function gather(text: string, before: Clearable[] = []): Clearable[] {
  const name = text.replace(/^--/, '')
  return [...before, oneOf('--clear', Object.keys(CLEARABLE) as Clearable[])(name)]
}

function cleared(names: readonly Clearable[] = []): SchedulePatch {
  return Object.fromEntries(names.map((name) => [CLEARABLE[name], null]))
}
