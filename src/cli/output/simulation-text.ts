import { zonedTime, lengthOfTime } from '../../clock/time-text.ts'
import type { Simulation, SimulatedOutcome } from '../../schedule/simulation/simulation.ts'
import type { Style } from './style.ts'
import { columns, table } from './table.ts'
import { localZone } from './time.ts'

const LONGEST_BAR = 40
const HEAD = [
  'KEY',
  'RAN',
  'SKIPPED',
  'REPLACED',
  'MISSED',
  'MADE UP FOR',
  'BROKEN OFF',
  'LEFT',
  'AT ONCE',
  'LATEST',
]

/** What a simulation showed: a line for each schedule, and the fullest minutes as bars. */
export function simulationText(simulation: Simulation, style: Style): string {
  const { from, until, schedules, mostAtOnce, fullestMinutes } = simulation
  const at = (time: Date) => zonedTime(time, localZone())
  if (schedules.length === 0) return 'There is no active schedule.'

  const most = Math.max(...fullestMinutes.map(({ began }) => began))
  const bars = fullestMinutes.map(({ at: minute, began }) => [
    `  ${at(minute)}`,
    String(began),
    '█'.repeat(Math.max(Math.round((began / most) * LONGEST_BAR), 1)),
  ])
  return [
    `From ${at(from)} to ${at(until)}:`,
    '',
    table(HEAD, schedules.map(rowOf), style),
    '',
    `At most ${mostAtOnce.count} at the same time, first at ${at(mostAtOnce.at)}.`,
    ...(bars.length === 0 ? [] : ['', 'Minutes in which most runs begin:', columns(bars)]),
  ].join('\n')
}

function rowOf(outcome: SimulatedOutcome): string[] {
  const { key, ran, skipped, replaced, missed, caughtUp, brokenOff, unfinished, waiting } = outcome
  const counts = [
    ran,
    skipped,
    replaced,
    missed,
    caughtUp,
    brokenOff,
    unfinished + waiting,
    outcome.mostAtOnce,
  ]
  const shown = counts.map((count) => (count === 0 ? '-' : String(count)))
  return [key, ...shown, outcome.latestMs === 0 ? '-' : lengthOfTime(outcome.latestMs)]
}
