import type { Command } from 'commander'
import type { ResumeAnswer } from '../../catalog/catalog-options.ts'
import type { ManyReport, PauseInForce } from '../../catalog/scoped-pauses.ts'
import { durationMs } from '../../clock/duration.ts'
import { InvalidInputError } from '../../errors.ts'
import { instantMs } from '../../schedule/instant-input.ts'
import { acting, actingEverywhere, withActor, type ActingOptions } from '../acting.ts'
import { namingOptions, oneOf } from '../arguments.ts'
import { action, type Call, type Invocation } from '../invocation.ts'
import { pausesTable } from '../output/pause-text.ts'
import { savedText } from '../output/schedule-text.ts'
import { absoluteTime, relativeTime } from '../output/time.ts'
import { oneLine } from '../output/visible.ts'
import { onExisting } from '../session.ts'
import { nextOf } from './schedule-add.ts'

/** Which schedules are meant, where there is no key. */
interface ManyOptions extends ActingOptions {
  readonly all?: boolean
  readonly group?: string
  readonly everywhere?: boolean
  readonly dryRun?: boolean
  readonly note?: string
}

interface PauseOptions extends ManyOptions {
  readonly until?: string
  readonly for?: string
}

interface ResumeOptions extends ManyOptions {
  readonly missed?: ResumeAnswer
}

/** `carillon schedule pause`. */
export function addPause(schedule: Command, invocation: Invocation): void {
  const command = schedule
    .command('pause')
    .summary('keep schedules from running, for a while or until they are resumed')
    .description(
      'Keeps a schedule, a group or all schedules from running until they are resumed, or until an instant. What was planned and has not begun is withdrawn; what is stored meanwhile in a group that is paused is paused too.',
    )
    .argument('[key]', 'the schedule; without it, --all or --group')
    .option('--until <instant>', 'when it ends by itself: 2026-03-29T09:00:00+02:00')
    .option('--for <duration>', 'how long: 90m, 2h')
  withMany(command).action(
    action<PauseOptions>(invocation, async (call) => {
      const [key] = call.args
      const { options, output, terminal } = call
      const many = manyOf(key, options)
      const until = await namingOptions(async () => endOf(options, terminal.clock.now()))
      await onExisting(call, async (session) => {
        if (key !== undefined) {
          const catalog = acting(session, call, options.note)
          const paused = await namingOptions(() => catalog.pause(key, { until, note: options.note }))
          output.answer(paused, () =>
            oneLine(`Paused ${key}. It runs again ${endText(until, key, terminal.clock.now())}.`),
          )
          return
        }
        const report = await namingOptions(() =>
          options.everywhere === true
            ? actingEverywhere(session, call, options.note).pauseAll({ ...many, until, everywhere: true })
            : acting(session, call, options.note).pauseAll({ ...many, until }),
        )
        output.answer(report, () => manyText('pause', 'Paused', report, options))
      })
    }),
  )
}

/** `carillon schedule resume`. */
export function addResume(schedule: Command, invocation: Invocation): void {
  const command = schedule
    .command('resume')
    .summary('let paused or broken schedules run again')
    .description(
      'Lets a paused or broken schedule run again, or ends a pause of a group or of all schedules.',
    )
    .argument('[key]', 'the schedule; without it, --all or --group')
    .option(
      '--missed <answer>',
      'what the pause kept from running: skip it (default), run the latest, or all of it',
      oneOf<ResumeAnswer>('--missed', ['skip', 'latest', 'all']),
    )
  withMany(command).action(
    action<ResumeOptions>(invocation, async (call) => {
      const [key] = call.args
      const { options, output, terminal } = call
      const many = manyOf(key, options)
      const { missed = 'skip', note } = options
      await onExisting(call, async (session) => {
        const catalog = acting(session, call, note)
        if (key !== undefined) {
          const resumed = await namingOptions(() => catalog.resume(key, { missed }))
          const next = await nextOf(catalog, resumed)
          output.answer(resumed, (style) => savedText('Resumed', resumed, next, terminal.clock.now(), style))
          return
        }
        const report = await namingOptions(() =>
          options.everywhere === true
            ? actingEverywhere(session, call, note).resumeAll({ ...many, missed, everywhere: true })
            : catalog.resumeAll({ ...many, missed }),
        )
        output.answer(report, () => manyText('resume', 'Resumed', report, options))
      })
    }),
  )
}

/** `carillon schedule pauses`. */
export function addPauses(schedule: Command, invocation: Invocation): void {
  schedule
    .command('pauses')
    .summary('list the pauses of groups and of all schedules')
    .description('Lists the pauses of many schedules that are in force, with who made them and why.')
    .option('--everywhere', 'those of all namespaces')
    .action(
      action<{ everywhere?: boolean }>(invocation, async (call) => {
        const { options, output, terminal } = call
        await onExisting(call, async ({ carillon, catalog }) => {
          const pauses: PauseInForce[] = await (options.everywhere === true
            ? carillon.pauses({ everywhere: true })
            : catalog.pauses())
          output.answer(pauses, (style) => pausesTable(pauses, terminal.clock.now(), style))
        })
      }),
    )
}

function withMany(command: Command): Command {
  return withActor(command)
    .option('--all', 'all schedules of the namespace')
    .option('--group <name>', 'all schedules of one group')
    .option('--everywhere', 'of all namespaces, with --all or --group')
    .option('--dry-run', 'only tell how many schedules that are')
}

/** @throws {InvalidInputError} unless either a key or many schedules are meant */
function manyOf(key: string | undefined, { all, group, everywhere, dryRun = false }: ManyOptions) {
  const isMany = all === true || group !== undefined
  if (key !== undefined && (isMany || everywhere === true || dryRun))
    throw new InvalidInputError(
      '--all, --group, --everywhere and --dry-run go without a key: they are about many schedules',
      'arguments',
    )
  if (key === undefined && !isMany)
    throw new InvalidInputError('which schedules? give a key, --group <name> or --all', 'arguments')
  return { group, dryRun }
}

/** @throws {InvalidInputError} when both are given, or one is not right */
function endOf({ until, for: duration }: PauseOptions, now: number): Date | undefined {
  if (until !== undefined && duration !== undefined)
    throw new InvalidInputError('--until and --for both say when the pause ends: give one', 'arguments')
  if (duration !== undefined) return new Date(now + durationMs(duration, 'for'))
  return until === undefined ? undefined : new Date(instantMs(until, 'until'))
}

function endText(until: Date | undefined, key: string, now: number): string {
  return until === undefined
    ? `after carillon schedule resume ${key}`
    : `at ${absoluteTime(until)} (${relativeTime(until, now)})`
}

function manyText(
  verb: string,
  done: string,
  { schedules }: ManyReport,
  { dryRun, group }: Call<ManyOptions>['options'],
): string {
  const what = `${schedules} ${schedules === 1 ? 'schedule' : 'schedules'}`
  const where = group === undefined ? '' : ` of group ${group}`
  return oneLine(dryRun === true ? `Would ${verb} ${what}${where}.` : `${done} ${what}${where}.`)
}
