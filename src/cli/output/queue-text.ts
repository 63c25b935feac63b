import { lengthOfTime } from '../../clock/time-text.ts'
import type { QueueReport } from '../../carillon/queues.ts'
import type { Style } from './style.ts'
import { table } from './table.ts'
import { relativeTime } from './time.ts'

/** The queues, one a line; what is wrong with one comes last, since it may be long. */
export function queuesText(queues: readonly QueueReport[], now: number, style: Style): string {
  const rows = queues.map((queue) => [
    style.bold(queue.name),
    queue.driver,
    queue.health.isUp ? style.paint('green', 'up') : style.paint('red', 'down'),
    String(queue.unsent),
    queue.unsent === 0 ? '' : lengthOfTime(queue.lagMs),
    queue.oldestUnsent === undefined ? '' : relativeTime(queue.oldestUnsent.dueAt, now),
    queue.driver === 'database' ? '' : String(queue.sent),
    queue.driver === 'database' ? '' : String(queue.toWithdraw),
    inQueue(queue),
    queue.health.error ?? '',
  ])
  const head = ['QUEUE', 'DRIVER', '', 'UNSENT', 'SINCE', 'DUE', 'SENT', 'TO WITHDRAW', 'IN THE QUEUE', '']
  return table(head, rows, style)
}

function inQueue({ health: { delayed, waiting, active } }: QueueReport): string {
  const counts = [
    delayed === undefined ? '' : `${delayed} delayed`,
    waiting === undefined ? '' : `${waiting} waiting`,
    active === undefined ? '' : `${active} active`,
  ]
  return counts.filter(Boolean).join(', ')
}
