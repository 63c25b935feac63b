import type { Command } from 'commander'
import type { Catalog } from '../../catalog/catalog.ts'
import type { ScheduleComparison } from '../../catalog/compare-schedules.ts'
import type { CrontabWarning } from '../../catalog/exchange/crontab-warning.ts'
import { overPresent } from '../../catalog/exchange/over-present.ts'
import { readCrontab, type CrontabSchedule } from '../../catalog/exchange/read-crontab.ts'
import { readDocument } from '../../catalog/exchange/schedule-document.ts'
import { InvalidInputError } from '../../errors.ts'
import { COMMAND_JOB } from '../../task/command-job.ts'
import { oneOf } from '../arguments.ts'
import { EXIT } from '../exit-status.ts'
import { guessFormat, readSource, type ExchangeFormat } from '../import-source.ts'
import { action, type Invocation } from '../invocation.ts'
import { importText } from '../output/exchange-text.ts'
import { localZone } from '../output/time.ts'
import { onCreated, onPresent } from '../session.ts'

interface ImportOptions {
  readonly from?: ExchangeFormat
  readonly job?: string
  readonly timezone?: string
  readonly group?: string
  readonly system?: boolean
  readonly dryRun?: boolean
}

/** What a source holds. */
interface Imported {
  readonly schedules: readonly CrontabSchedule[]
  readonly warnings: readonly CrontabWarning[]
}

/** `carillon schedule import`: schedules out of a crontab, or out of an export. */
export function addImport(schedule: Command, invocation: Invocation): void {
  schedule
    .command('import')
    .summary('bring in a crontab, or schedules that were exported')
    .description(
      'Stores the lines of a crontab as schedules, or the schedules of an export. All is checked before anything is written, and importing the same again changes nothing. ' +
        'Tells of each line that cron would understand otherwise; with a line that is left out, the exit status is 1.',
    )
    .argument('<file>', 'a crontab, or JSON of schedule export; - for standard input')
    .option(
      '--from <format>',
      'crontab or json; by default what it looks like',
      oneOf('--from', ['crontab', 'json']),
    )
    .option('--dry-run', 'tell what would be stored, and write nothing')
    .option('--group <name>', 'put all of them into this group')
    .optionsGroup('Of a crontab:')
    .option('--job <name>', 'a job of the config file that each line becomes; default the built-in command')
    .option('--timezone <zone>', 'zone of lines without CRON_TZ= or TZ=; default that of this machine')
    .option('--system', 'a user stands before each command, as in /etc/crontab')
    .optionsGroup('Options:')
    .action(
      action<ImportOptions>(invocation, async (call) => {
        const [file = ''] = call.args
        const { options, output, terminal } = call
        const text = await readSource(file, terminal)
        const from = options.from ?? guessFormat(file, text)
        const { schedules, warnings } = read(text, from, options)
        const refused = warnings.filter(({ isRefused }) => isRefused)
        if (schedules.length === 0 && refused.length > 0) throw nothingLeft(refused)

        const isDryRun = options.dryRun === true
        const on = isDryRun ? onPresent : onCreated
        await on(call, async ({ catalog, isRehearsal, allowsCommands }) => {
          const wanted = from === 'crontab' ? await laidOver(catalog, schedules) : schedules
          const changes = await Array.fromAsync(catalog.compareMany(wanted))
          if (isRehearsal) return
          if (!isDryRun) await catalog.scheduleMany(wanted)

          const answer = { from, dryRun: isDryRun, ...keysOf(changes), refused: refused.length, warnings }
          output.answer(answer, (style) =>
            importText({ schedules: wanted, changes, warnings, isDryRun }, style),
          )
          if (!allowsCommands && schedules.some(({ job }) => job === COMMAND_JOB))
            output.note((style) =>
              style.dim('Commands run on servers that allow them: carillon start --allow-commands'),
            )
        })
        return refused.length === 0 ? EXIT.ok : EXIT.failure
      }),
    )
}

function read(text: string, from: ExchangeFormat, options: ImportOptions): Imported {
  const { job, timezone = localZone(), group, system } = options
  if (from === 'crontab') return readCrontab(text, { job, timezone, group, system })

  const stray = (['job', 'timezone', 'system'] as const).find((name) => options[name] !== undefined)
  if (stray !== undefined)
    throw new InvalidInputError(`--${stray} goes with a crontab, and this is an export in JSON`, `--${stray}`)
  const schedules = readDocument(text)
  const warnings: CrontabWarning[] = []
  if (group === undefined) return { schedules, warnings }
  return { schedules: schedules.map((schedule) => ({ ...schedule, group })), warnings }
}

async function laidOver(catalog: Catalog, lines: readonly CrontabSchedule[]): Promise<CrontabSchedule[]> {
  const wanted: CrontabSchedule[] = []
  for (const line of lines) wanted.push(overPresent(line, await catalog.describe(line.key)))
  return wanted
}

function keysOf(changes: readonly ScheduleComparison[]) {
  const having = (wanted: ScheduleComparison['change']) =>
    changes.filter(({ change }) => change === wanted).map(({ key }) => key)
  return { created: having('created'), changed: having('changed'), unchanged: having('unchanged') }
}

function nothingLeft(refused: readonly CrontabWarning[]): InvalidInputError {
  const [{ line, text, differs, remedy }] = refused as [CrontabWarning]
  const others = refused.length === 1 ? '' : `, and ${refused.length - 1} more like it`
  return new InvalidInputError(
    `nothing can be imported: line ${line}, ${JSON.stringify(text)}: ${differs}: ${remedy}${others}`,
    'file',
  )
}
