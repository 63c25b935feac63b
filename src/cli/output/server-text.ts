import type { Role } from '../../carillon/options.ts'
import { COMMAND_JOB } from '../../task/command-job.ts'
import type { NextRun } from '../next-runs.ts'
import type { Style } from './style.ts'
import { columns, properties } from './table.ts'
import { absoluteTime, localZone, relativeTime } from './time.ts'

/** What a server is, as it starts. */
export interface ServerReport {
  readonly server: string
  readonly database: string
  readonly config: string | undefined
  readonly roles: readonly Role[]
  /** The jobs that it runs. */
  readonly jobs: readonly string[]
  readonly next: readonly NextRun[]
}

/** What `carillon start` tells people before it begins. */
export function serverText(report: ServerReport, database: string, now: number, style: Style): string {
  const { server, config, roles, jobs, next } = report
  const facts = properties(
    [
      ['database', database],
      ['config', config ?? 'none'],
      ['roles', roles.join(', ')],
      ['jobs', roles.includes('work') ? jobs.join(', ') || 'none' : undefined],
      ['commands', roles.includes('work') ? commandsText(jobs, style) : undefined],
    ],
    style,
  )
  return [
    `${style.bold('Carillon')} is starting on ${server}`,
    facts,
    '',
    next.length === 0
      ? 'Nothing is due: add a schedule with carillon schedule add.'
      : `Next runs ${style.dim(`(${localZone()})`)}:\n${runsText(report, now, style)}`,
    '',
    style.dim('Ctrl-C stops it.'),
  ].join('\n')
}

function commandsText(jobs: readonly string[], style: Style): string {
  return jobs.includes(COMMAND_JOB)
    ? style.paint('yellow', 'allowed: schedules in this database run programs as this user')
    : 'not allowed (--allow-commands allows them)'
}

function runsText({ next, roles, jobs }: ServerReport, now: number, style: Style): string {
  return columns(
    next.map(({ key, job, at }) => [
      `  ${absoluteTime(at)}`,
      style.dim(relativeTime(at, now)),
      style.bold(key),
      !roles.includes('work') || jobs.includes(job)
        ? ''
        : style.paint('yellow', `job "${job}" is not run here`),
    ]),
  )
}
