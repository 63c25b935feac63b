import type { Command } from 'commander'
import type { Carillon, DispatchReport } from '../../carillon/carillon.ts'
import { InvalidInputError } from '../../errors.ts'
import { EXIT } from '../exit-status.ts'
import { action, type Invocation } from '../invocation.ts'
import { heldText, previewText } from '../output/owed-text.ts'
import { absoluteTime, relativeTime } from '../output/time.ts'
import { onExisting } from '../session.ts'

interface DispatchOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** `carillon dispatch`: one pass, for a scheduler that is driven from outside. */
export function addDispatch(program: Command, invocation: Invocation): void {
  program
    .command('dispatch')
    .summary('hand over all that is due within so many seconds, once')
    .description(
      'Does one dispatch pass: hands what is due within the next seconds to the queue, and ends. Run it again before they have passed.',
    )
    .argument('<seconds>', 'how far to look ahead; more than 0')
    .option('--dry-run', 'only say what the pass would do')
    .option('--yes', 'let missed runs go, although there are more than catchUp.holdAbove')
    .action(
      action<DispatchOptions>(invocation, async (call) => {
        const [text = ''] = call.args
        const aheadMs = Math.round(Number(text) * 1_000)
        if (text.trim() === '' || !Number.isFinite(aheadMs))
          throw new InvalidInputError(`"${text}" is not a number of seconds`, 'seconds')

        if (aheadMs <= 0) {
          const message = `dispatching ${text} seconds ahead would hand over nothing: give more than 0, as in carillon dispatch 600`
          call.output.error(new InvalidInputError(message, 'seconds'))
          return EXIT.failure
        }
        await onExisting(call, async ({ carillon }) => {
          if (call.options.dryRun === true) {
            const preview = await carillon.previewDispatch({ ahead: aheadMs })
            call.output.answer(preview, (style) => previewText(preview, style))
            return
          }
          const until = new Date(call.terminal.clock.now() + aheadMs)
          const report = await dispatch(carillon, aheadMs, call.options.yes === true)
          const nextBy = `${absoluteTime(until)} (${relativeTime(until, until.valueOf() - aheadMs)})`
          call.output.answer(
            { ...report, until },
            () => `${reportText(report)}\nThe next pass is due by ${nextBy}.`,
          )
        })
      }),
    )
}

/** @param releases whether what is held is let go, and written by a second pass */
async function dispatch(carillon: Carillon, ahead: number, releases: boolean): Promise<DispatchReport> {
  const report = await carillon.dispatch({ ahead })
  if (!releases || report.held === undefined) return report
  await carillon.releaseOwed()
  const { planned, held } = await carillon.dispatch({ ahead })
  return { ...report, planned: report.planned + planned, ...(held !== undefined && { held }) }
}

function reportText({ planned, missed, broken, held }: DispatchReport): string {
  const parts = [`Dispatched ${count(planned, 'run')}.`]
  if (missed > 0) parts.push(`${count(missed, 'missed run')} too old to catch up.`)
  if (broken > 0) parts.push(`${count(broken, 'schedule')} cannot be planned: see carillon schedule list.`)
  if (held !== undefined) parts.push(heldText(held))
  return parts.join(' ')
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
