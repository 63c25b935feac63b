import type { Command } from 'commander'
import type { BackfillReport } from '../../catalog/backfill/backfill.ts'
import { OVERLAP_WORDS, type OverlapWord } from '../../schedule/overlap.ts'
import { namingOptions, oneOf, wholeNumber } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { oneLine } from '../output/visible.ts'
import { absoluteTime } from '../output/time.ts'
import { onExisting } from '../session.ts'

/** From how many instants on it tells how far it is. */
const LARGE = 500

interface BackfillCallOptions {
  readonly from: string
  readonly until?: string
  readonly rate?: number
  readonly dryRun?: boolean
  readonly overlap?: OverlapWord
}

/** `carillon schedule backfill`: makes up for what did not run. */
export function addBackfill(schedule: Command, invocation: Invocation): void {
  schedule
    .command('backfill')
    .summary('make up for what did not run')
    .description(
      'Makes up for the runs of a time that is over and did not happen: missed, skipped, paused, or before the schedule was stored. Each instant is named by the definition that was in force then; what ran is left alone, so it may be said again.',
    )
    .argument('<key>', 'the schedule')
    .requiredOption('--from <instant>', 'the first instant')
    .option('--until <instant>', 'the last one; default now')
    .option('--rate <n>', 'how many runs a minute; default 60', wholeNumber('--rate', 1))
    .option(
      '--overlap <policy>',
      "when one of them finds no room, in place of the schedule's own: allow, skip, queue-one, queue-all, replace",
      oneOf('--overlap', OVERLAP_WORDS),
    )
    .option('--dry-run', 'only say what it would do')
    .action(
      action<BackfillCallOptions>(invocation, async (call) => {
        const [key = ''] = call.args
        const { from, until, rate, overlap, dryRun = false } = call.options
        await onExisting(call, async ({ catalog }) => {
          const report = await namingOptions(() =>
            catalog.backfill(key, {
              from,
              until,
              rate,
              overlap,
              dryRun,
              onProgress: ({ planned, present }) => {
                if (planned + present >= LARGE) call.output.note(() => `${planned} runs so far`)
              },
            }),
          )
          call.output.answer(report, () => oneLine(reportText(key, report, dryRun)))
        })
      }),
    )
}

function reportText(key: string, report: BackfillReport, isDry: boolean): string {
  const { planned, present, firstAt, lastAt, dueUntil, overlap, maxRunning } = report
  const left = present === 0 ? '' : ` ${present} ran, run, or are to run already.`
  if (planned === 0) return `There is nothing to make up for.${left}`
  const runs = `${planned} run${planned === 1 ? '' : 's'} of ${key}`
  const range = `from ${absoluteTime(firstAt!)} to ${absoluteTime(lastAt!)}`
  const room = maxRunning === undefined ? 'whatever else runs' : `${maxRunning} at a time`
  const how = `overlap ${overlap}, ${room}`
  return isDry
    ? `It would make up for ${runs}, ${range}; the last would begin at ${absoluteTime(dueUntil!)} (${how}).${left} Nothing was written.`
    : `Makes up for ${runs}, ${range}; the last begins at ${absoluteTime(dueUntil!)} (${how}).${left}`
}
