import { lengthOfTime, zonedTime } from '../../clock/time-text.ts'
import type { TaskInfo } from '../../carillon/tasks.ts'
import type { HeldLock } from '../../lock/lock-store.ts'
import type { TaskResult } from '../../runner/task-runner.ts'
import type { Style } from './style.ts'
import { table } from './table.ts'
import { absoluteTime, localZone, relativeTime } from './time.ts'

/** The tasks, in the order in which they are defined. */
export function taskListText(tasks: readonly TaskInfo[], now: number, style: Style): string {
  if (tasks.length === 0) return 'No tasks are defined.'
  const here = localZone()
  const rows = tasks.map((task) => [
    style.bold(task.name),
    [...task.expressions, ...task.windows].join(' '),
    task.nextAt === undefined ? 'never' : zonedTime(task.nextAt, task.timezone),
    task.nextAt === undefined ? '' : absoluteTime(task.nextAt),
    task.nextAt === undefined ? '' : relativeTime(task.nextAt, now),
    marksOf(task),
    task.description ?? task.runs,
  ])
  return table(['TASK', 'WHEN', 'NEXT', `IN ${here}`, '', '', 'WHAT'], rows, style)
}

function marksOf({ lock, stored, withoutOverlapping, onOneServer }: TaskInfo): string {
  return [
    stored ? 'stored' : '',
    onOneServer ? 'one server' : '',
    lock === undefined ? (withoutOverlapping ? 'free' : '') : `locked by ${holderText(lock)}`,
  ]
    .filter(Boolean)
    .join(', ')
}

/** Who has a lock, and since when. */
export function holderText({ owner, acquiredAt }: HeldLock): string {
  return `${owner}, since ${absoluteTime(acquiredAt)}`
}

/** What became of a task. */
export function resultText(result: TaskResult, style: Style, { withOutput = false } = {}): string {
  const name = `${style.bold(result.task)} ${style.dim(absoluteTime(result.nominalAt))}`
  switch (result.kind) {
    case 'succeeded':
      return `${name} succeeded in ${lengthOfTime(result.tookMs)}${withOutput ? outputText(result.output) : ''}`
    case 'failed': {
      const { error, output } = result
      return `${name} ${style.paint('red', 'failed')}: ${errorText(error)}${withOutput ? outputText(output) : ''}`
    }
    case 'handed-over':
      return `${name} runs in a process of its own`
    case 'skipped': {
      const by = result.holder === undefined ? '' : ` (${holderText(result.holder)})`
      return `${name} ${style.paint('yellow', 'skipped')}: ${REASONS[result.reason]}${by}`
    }
  }
}

/** What somebody threw, in words. */
export function errorText(error: unknown): string {
  if (error instanceof Error) return error.message
  return typeof error === 'string' ? error : (JSON.stringify(error) ?? 'nothing was said')
}

function outputText(output: string): string {
  return output.trim() === '' ? '' : `\n${output.trimEnd()}`
}

const REASONS: Readonly<Record<Extract<TaskResult, { kind: 'skipped' }>['reason'], string>> = {
  paused: 'tasks are paused',
  maintenance: 'the application is in maintenance mode',
  environment: 'it is not for this environment',
  when: 'when() says no',
  skip: 'skip() says so',
  'another-server': 'another server has taken this instant',
  overlap: 'its lock is held',
  'locks-unavailable': 'the locks cannot be asked',
}
