import type { Occurrence } from '../../catalog/occurrence-view.ts'
import { COMMAND_JOB } from '../../task/command-job.ts'
import { absoluteTime } from './time.ts'

/** What a run that has not ended waits for. The text changes only when that does. */
export function waitText(occurrence: Occurrence, job: string, now: number): string {
  const { state, attempt, server, error, dueAt } = occurrence
  if (state === 'running') return `Attempt ${attempt} runs on ${server ?? 'a server'}.`
  if (attempt === 0) return `No server has begun it yet. ${question(job)}`
  if (error === undefined)
    return `Attempt ${attempt} was given back: it waits for a server to begin it again.`

  const failed = `Attempt ${attempt} failed: ${error.message}.`
  if (dueAt.valueOf() > now) return `${failed} It waits for its next attempt until ${absoluteTime(dueAt)}.`
  return `${failed} Its next attempt waits for a server.`
}

function question(job: string): string {
  return job === COMMAND_JOB
    ? 'Is one running that allows commands? See carillon start --allow-commands.'
    : `Is one running that knows job "${job}"? See carillon start.`
}
