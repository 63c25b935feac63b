import type { Command } from 'commander'
import { namingOptions, wholeNumber } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { forecastText } from '../output/forecast-text.ts'
import { onExisting } from '../session.ts'

interface ForecastOptions {
  readonly from?: string
  readonly until?: string
  readonly bucket: string
  readonly top: number
}

/** `carillon forecast`: how much falls due, and when. */
export function addForecast(program: Command, invocation: Invocation): void {
  program
    .command('forecast')
    .summary('show how much falls due ahead, minute by minute')
    .description(
      'Counts how many runs of the active schedules fall due ahead, minute by minute, and tells of what the fullest minutes are full. All namespaces together, unless --namespace names one. Nothing is stored.',
    )
    .option('--from <instant>', 'when it begins; default now')
    .option('--until <instant>', 'when it ends; default an hour after it begins')
    .option('--bucket <duration>', 'count by pieces of this length', '1m')
    .option('--top <n>', 'tell what fills so many of the fullest', wholeNumber('--top', 0, 100), 10)
    .action(
      action<ForecastOptions>(invocation, async (call) => {
        const { options, output } = call
        const { from, until, bucket, top } = options
        await onExisting(call, async ({ catalog }) => {
          const forecast = await namingOptions(() => catalog.forecast({ from, until, bucket, top }))
          output.answer(forecast, (style) => forecastText(forecast, style))
        })
      }),
    )
}
