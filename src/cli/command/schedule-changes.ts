import type { Command } from 'commander'
import { acting, withActor, type ActingOptions } from '../acting.ts'
import { namingOptions, wholeNumber } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { changesText, fieldsText } from '../output/change-text.ts'
import { savedText } from '../output/schedule-text.ts'
import { onExisting } from '../session.ts'
import { nextOf } from './schedule-add.ts'

/** `carillon schedule changes`. */
export function addChanges(schedule: Command, invocation: Invocation): void {
  schedule
    .command('changes')
    .summary('who changed what of a schedule, and why')
    .description('Lists what was done to a schedule, newest first; also to a deleted schedule.')
    .argument('<key>', 'the schedule')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1), 20)
    .option('--after <id>', 'begin after this change: the last one of an earlier listing')
    .action(
      action<{ limit: number; after?: string }>(invocation, async (call) => {
        const [key = ''] = call.args
        const { output, terminal } = call
        const { limit, after } = call.options
        await onExisting(call, async ({ catalog }) => {
          const changes = await namingOptions(() => catalog.changes(key, { limit, after }))
          output.answer(changes, (style) => changesText(changes, terminal.clock.now(), style))
        })
      }),
    )
}

/** `carillon schedule diff`. */
export function addDiff(schedule: Command, invocation: Invocation): void {
  schedule
    .command('diff')
    .summary('what differs between two revisions of a schedule')
    .description('Shows what differs between two revisions of a schedule.')
    .argument('<key>', 'the schedule')
    .argument('<before>', 'a revision', wholeNumber('<before>', 1))
    .argument('[after]', 'another one; default the present one', wholeNumber('[after]', 1))
    .action(
      action(invocation, async (call) => {
        const [key = '', before, after] = call.args
        await onExisting(call, async ({ catalog }) => {
          const present = after ?? (await catalog.describe(key))?.revision ?? 1
          const fields = await catalog.diff(key, Number(before), Number(present))
          call.output.answer(fields, (style) =>
            fields.length === 0 ? 'Nothing differs.' : fieldsText(fields, style),
          )
        })
      }),
    )
}

interface RollbackOptions extends ActingOptions {
  readonly to: number
  readonly revision?: number
  readonly dryRun?: boolean
  readonly note?: string
}

/** `carillon schedule rollback`. */
export function addRollback(schedule: Command, invocation: Invocation): void {
  const command = schedule
    .command('rollback')
    .summary('make a schedule what it was at a revision')
    .description(
      'Stores what a schedule was at an earlier revision as a new change. Whether it is paused stays as it is.',
    )
    .argument('<key>', 'the schedule')
    .requiredOption('--to <n>', 'the revision: see carillon schedule changes', wholeNumber('--to', 1))
    .option('--revision <n>', 'only change this revision', wholeNumber('--revision', 1))
    .option('--dry-run', 'only tell what would change')
  withActor(command).action(
    action<RollbackOptions>(invocation, async (call) => {
      const [key = ''] = call.args
      const { options, output, terminal } = call
      const { to, revision, dryRun = false, note } = options
      const expected = revision === undefined ? {} : { revision }
      await onExisting(call, async (session) => {
        const catalog = acting(session, call, note)
        const done = await catalog.rollback(key, { revision: to, dryRun }, expected)
        const next = await nextOf(catalog, done.schedule)
        output.answer(done, (style) => {
          const fields = done.fields.length === 0 ? 'Nothing differs.' : fieldsText(done.fields, style)
          if (dryRun) return `Would change:\n${fields}`
          return `${savedText('Rolled back', done.schedule, next, terminal.clock.now(), style)}\n\n${fields}`
        })
      })
    }),
  )
}
