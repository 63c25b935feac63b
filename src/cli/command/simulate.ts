import type { Command } from 'commander'
import { scheduleInputOf } from '../../catalog/schedule-input-of.ts'
import { durationMs } from '../../clock/duration.ts'
import { InvalidInputError } from '../../errors.ts'
import { instantMs } from '../../schedule/instant-input.ts'
import { simulate } from '../../schedule/simulation/simulate.ts'
import type { SimulatedOutage, SimulatedSchedule } from '../../schedule/simulation/simulation.ts'
import { gather, namingOptions, wholeNumber } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { simulationText } from '../output/simulation-text.ts'
import { onExisting } from '../session.ts'

interface SimulateOptions {
  readonly from?: string
  readonly for: string
  readonly takes: string
  readonly outage?: readonly string[]
  readonly group?: string
  readonly concurrency?: number
}

/** `carillon simulate`: what the schedules would do. */
export function addSimulate(program: Command, invocation: Invocation): void {
  program
    .command('simulate')
    .summary('show what the schedules would do, without running anything')
    .description(
      'Runs the schedules of the namespace on a virtual clock, as servers would: what runs, waits, is skipped, is missed in an outage and made up for, and how much runs at the same time. Nothing is stored, and no job is run.',
    )
    .option('--from <instant>', 'when it begins; default now')
    .option('--for <duration>', 'how long it lasts', '7d')
    .option('--takes <duration>', 'how long a run takes', '0s')
    .option(
      '--outage <from/until>',
      'a time without any server: 2026-06-01T02:00:00Z/2026-06-01T04:00:00Z; may be repeated',
      gather,
    )
    .option('--group <name>', 'only the schedules of one group')
    .option(
      '--concurrency <n>',
      'how many runs at once on all servers; no limit by default',
      wholeNumber('--concurrency', 1),
    )
    .action(
      action<SimulateOptions>(invocation, async (call) => {
        const { options, output, terminal } = call
        const { group, takes, concurrency } = options
        await onExisting(call, async ({ catalog }) => {
          const schedules: SimulatedSchedule[] = []
          for await (const schedule of catalog.describeAll({ group, states: ['active'] }))
            schedules.push({ ...scheduleInputOf(schedule), namespace: schedule.namespace, takes })
          const simulation = await namingOptions(async () => {
            durationMs(takes, 'takes')
            const from = options.from === undefined ? terminal.clock.now() : instantMs(options.from, 'from')
            const until = from + durationMs(options.for, 'for')
            return simulate({ schedules, from, until, outages: options.outage?.map(outageOf), concurrency })
          })
          output.answer(simulation, (style) => simulationText(simulation, style))
        })
      }),
    )
}

function outageOf(text: string): SimulatedOutage {
  const [from = '', until = '', ...rest] = text.split('/')
  if (from !== '' && until !== '' && rest.length === 0) return { from, until }
  throw new InvalidInputError(
    `--outage "${text}" is not two instants with a slash between them, as in 2026-06-01T02:00:00Z/2026-06-01T04:00:00Z`,
    '--outage',
  )
}
