import { formatDuration } from '../../clock/duration.ts'
import { zonedTime } from '../../clock/time-text.ts'
import type { Filling, Forecast, FullBucket } from '../../schedule/forecast/forecast.ts'
import type { NamedCount } from '../../schedule/forecast/frequent-counts.ts'
import { chartOf } from './forecast-chart.ts'
import type { Style } from './style.ts'
import { columns, table } from './table.ts'
import { absoluteTime, localZone } from './time.ts'

/** As many marks as a row has where no screen limits it. */
const MOST_MARKS = 60
const FEWEST_MARKS = 5
/** What stands beside the marks of a row: two blanks, the time, and the number. */
const BESIDE = '  2026-03-29 03:30    1,000,000'.length
const SHOWN_NAMES = 10
const SHOWN_FILLINGS = 3
/** What is less than this is no load, however uneven. */
const FEW = 10
/** So many times the average is a peak. */
const PEAK = 4

/** How much falls due, and when: marks for the pieces of the time, then what fills the fullest, then the shares. */
export function forecastText(forecast: Forecast, style: Style): string {
  const { from, until, schedules, unreadable, total, fullest, byJob, byNamespace, byQueue } = forecast
  const at = (time: Date) => zonedTime(time, localZone())
  const count = `${amount(total, 'run')} of ${amount(schedules, 'active schedule')}`
  const parts = [
    `From ${at(from)} to ${at(until)}: ${count}.`,
    unreadable > 0 ? `${amount(unreadable, 'schedule')} cannot be read, and count for nothing.` : '',
    total > 0 ? chartText(forecast, style) : '',
    fullest.length > 0 ? fullestText(forecast, style) : '',
    total > 0 ? shareText('JOB', byJob, total, style) : '',
    byNamespace.length > 1 ? shareText('NAMESPACE', byNamespace, total, style) : '',
    byQueue.length > 1 ? shareText('QUEUE', byQueue, total, style) : '',
    peakText(forecast),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function chartText({ buckets, bucketMs }: Forecast, style: Style): string {
  const room = Math.max(Math.min((style.columns ?? Infinity) - BESIDE, MOST_MARKS), FEWEST_MARKS)
  const { rows, markMs } = chartOf(buckets, bucketMs, room)
  const lines = rows.map((row) => [
    `  ${style.dim(absoluteTime(row.at).slice(0, '2026-03-29 03:30'.length))}`,
    row.marks,
    row.count === 0 ? '-' : row.count.toLocaleString('en'),
  ])
  const length = formatDuration(bucketMs)
  const meaning = markMs === bucketMs ? length : `the fullest ${length} of ${formatDuration(markMs)}`
  return [`Each mark is ${meaning}:`, columns(lines)].join('\n')
}

function fullestText({ fullest, bucketMs, byNamespace }: Forecast, style: Style): string {
  const isOne = byNamespace.length === 1
  const rows = fullest.map((bucket) => [
    absoluteTime(bucket.at),
    bucket.count.toLocaleString('en'),
    filledBy(bucket, isOne),
  ])
  return table([`FULLEST ${formatDuration(bucketMs)}`, 'RUNS', 'OF'], rows, style)
}

function filledBy({ count, filledBy: fillings }: FullBucket, isOneNamespace: boolean): string {
  const shown = fillings.slice(0, SHOWN_FILLINGS)
  const rest = count - shown.reduce((sum, filling) => sum + filling.count, 0)
  const texts = shown.map(
    (filling) => `${filling.count.toLocaleString('en')} ${nameOf(filling, isOneNamespace)}`,
  )
  return [...texts, ...(rest > 0 ? [`${rest.toLocaleString('en')} others`] : [])].join(', ')
}

function nameOf({ namespace, group, job }: Filling, isOneNamespace: boolean): string {
  const where = [
    ...(isOneNamespace ? [] : [`namespace ${namespace}`]),
    ...(group === undefined ? [] : [`group ${group}`]),
  ]
  return where.length === 0 ? job : `${job} (${where.join(', ')})`
}

function shareText(head: string, counts: readonly NamedCount[], total: number, style: Style): string {
  const shown = counts
    .slice(0, SHOWN_NAMES)
    .map(({ name, count }) => [name, count.toLocaleString('en'), `${((count / total) * 100).toFixed(1)} %`])
  const left = counts.length - shown.length
  return [table([head, 'RUNS', 'SHARE'], shown, style), ...(left > 0 ? [`and ${left} more`] : [])].join('\n')
}

/** What could be spread out, if one piece of the time is much fuller than the others. */
function peakText({ fullest, buckets, total, bucketMs }: Forecast): string {
  const [peak] = fullest
  const average = total / buckets.length
  if (peak === undefined || peak.count < FEW || peak.count < PEAK * average) return ''

  const length = formatDuration(bucketMs)
  const even = average < 1 ? 'less than 1' : Math.round(average).toLocaleString('en')
  return `Note: ${absoluteTime(peak.at)} has ${peak.count.toLocaleString('en')} runs where an even flow would have ${even} each ${length}. Where they need not begin on the dot, spread takes them apart: carillon schedule edit <key> --spread ${formatDuration(10 * bucketMs)}`
}

function amount(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}
