import { z } from 'zod'
import { defineJob, type JobContext, type OccurrenceInfo } from './job.ts'
import { runProgram, type CommandResult } from './program.ts'

/** The payload of the job `command`. */
const commandPayload = z.strictObject({
  /** The program to run; with `shell`, the whole command line. */
  program: z.string().min(1),
  /** Its arguments, one by one; no shell looks at them. */
  args: z.array(z.string()).optional(),
  /** Hands `program` to `/bin/sh -c`. */
  shell: z.boolean().optional(),
  /** The working directory; that of the server by default. */
  cwd: z.string().optional(),
  /** Added to the server's environment. */
  env: z.record(z.string(), z.string()).optional(),
})
type CommandPayload = z.output<typeof commandPayload>

export const COMMAND_JOB = 'command'

/**
 * The built-in job that runs a program. Its exit status is the outcome: 0 succeeds, anything else fails. When the run
 * is aborted, the program is ended with all its children.
 *
 * A server runs it only if its operator has allowed it; see `allowCommands`.
 */
export const commandJob = defineJob(COMMAND_JOB, { payload: commandPayload, handle: runCommand })

async function runCommand({
  payload,
  occurrence,
  signal,
}: JobContext<CommandPayload>): Promise<CommandResult> {
  return runProgram({ ...payload, env: { ...describe(occurrence), ...payload.env } }, signal)
}

function describe({ id, key, namespace, nominalAt, attempt }: OccurrenceInfo): Record<string, string> {
  return {
    CARILLON_OCCURRENCE: id,
    CARILLON_KEY: key,
    CARILLON_NAMESPACE: namespace,
    CARILLON_NOMINAL_AT: nominalAt.toISOString(),
    CARILLON_ATTEMPT: String(attempt),
  }
}
