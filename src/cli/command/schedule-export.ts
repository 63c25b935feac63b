import type { Command } from 'commander'
import { documentLine, DOCUMENT_END, DOCUMENT_HEAD } from '../../catalog/exchange/schedule-document.ts'
import { CrontabWriter, type CrontabLoss } from '../../catalog/exchange/write-crontab.ts'
import type { Schedule } from '../../catalog/schedule-view.ts'
import { oneOf } from '../arguments.ts'
import { EXIT } from '../exit-status.ts'
import { writingFile, type Write } from '../export-target.ts'
import type { ExchangeFormat } from '../import-source.ts'
import { action, type Invocation } from '../invocation.ts'
import { onExisting } from '../session.ts'

interface ExportOptions {
  readonly format: ExchangeFormat
  readonly group?: string
  readonly file?: string
}

/** What became of an export. */
interface Exported {
  readonly exported: number
  /** Schedules that it does not hold, but for those that code declares. */
  readonly leftOut: number
  /** Schedules that are in it, but for a part. */
  readonly partly: number
  readonly declaredByCode: number
  readonly warnings: readonly CrontabLoss[]
}

/** `carillon schedule export`: schedules as a crontab, or as JSON that can be imported again. */
export function addExport(schedule: Command, invocation: Invocation): void {
  schedule
    .command('export')
    .summary('write schedules as JSON, or as a crontab')
    .description(
      'Writes the schedules of the namespace: as JSON, which holds all of them and can be imported again, or as a crontab, with a comment for each thing that a crontab cannot say. Schedules that code declares are left out.',
    )
    .option('--format <format>', 'json or crontab', oneOf('--format', ['json', 'crontab']), 'json')
    .option('--group <name>', 'only those of one group')
    .option('--file <path>', 'a file to write; standard output by default')
    .action(
      action<ExportOptions>(invocation, async (call) => {
        const { output, terminal } = call
        const { format, group, file } = call.options
        return onExisting(call, async ({ catalog }) => {
          const schedules = catalog.describeAll({ group })
          // A crontab is no JSON, so who asks for that is given it as a text in an object.
          const isWrapped = format === 'crontab' && output.isJson && file === undefined
          let text = ''
          const toScreen: Write = async (piece) => {
            if (isWrapped) text += piece
            else terminal.stdout.write(piece)
          }
          const write = async (to: Write) =>
            format === 'json'
              ? writeDocument(schedules, to)
              : writeLines(schedules, to, terminal.clock.now(), output.isJson)

          const result =
            file === undefined ? await write(toScreen) : await writingFile(terminal.cwd, file, write)
          if (isWrapped) output.answer({ format, ...result, text }, () => '')
          else if (file === undefined) output.note((style) => style.dim(resultText(result, format)))
          else output.answer({ format, file, ...result }, () => `${file}: ${resultText(result, format)}`)
          // Of a crontab it is known that it cannot say all.
          return format === 'json' && result.leftOut > 0 ? EXIT.failure : EXIT.ok
        })
      }),
    )
}

async function writeDocument(schedules: AsyncIterable<Schedule>, write: Write): Promise<Exported> {
  const warnings: CrontabLoss[] = []
  let [exported, declaredByCode] = [0, 0]
  await write(DOCUMENT_HEAD)
  for await (const schedule of schedules) {
    const { key, origin, reason = 'its row is damaged' } = schedule
    const line = documentLine(schedule)
    if (origin === 'code') declaredByCode++
    else if (line === undefined) warnings.push({ key, losses: [reason], isLeftOut: true })
    else await write(`${exported++ === 0 ? '' : ','}\n${line}`)
  }
  await write(DOCUMENT_END)
  return { exported, leftOut: warnings.length, partly: 0, declaredByCode, warnings }
}

/** @param isTold whether what is lost is answered too, besides the comments; there may be much of it */
async function writeLines(
  schedules: AsyncIterable<Schedule>,
  write: Write,
  now: number,
  isTold: boolean,
): Promise<Exported> {
  const writer = new CrontabWriter(now)
  const warnings: CrontabLoss[] = []
  let [exported, leftOut, partly, declaredByCode] = [0, 0, 0, 0]
  await write(writer.head)
  for await (const schedule of schedules) {
    if (schedule.origin === 'code') {
      declaredByCode++
      continue
    }
    const { text, loss } = writer.write(schedule)
    await write(text)
    if (loss?.isLeftOut === true) leftOut++
    else exported++
    if (loss?.isLeftOut === false) partly++
    if (loss !== undefined && isTold) warnings.push(loss)
  }
  return { exported, leftOut, partly, declaredByCode, warnings }
}

function resultText(
  { exported, leftOut, partly, declaredByCode, warnings }: Exported,
  format: string,
): string {
  const damaged = warnings.map(({ key, losses }) => `${key} (${losses.join()})`).join(', ')
  const parts = [
    `${exported} ${exported === 1 ? 'schedule' : 'schedules'} written`,
    partly > 0 && `${partly} of them without all that they say`,
    leftOut > 0 && `${leftOut} left out`,
    declaredByCode > 0 && `${declaredByCode} declared by code left out`,
  ]
  const told = parts.filter((part) => typeof part === 'string').join(', ')
  if (format === 'json') return damaged === '' ? `${told}.` : `${told}: ${damaged}.`
  return partly + leftOut > 0 ? `${told}: see the comments in it.` : `${told}.`
}
