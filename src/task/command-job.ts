import { spawn, type ChildProcess } from 'node:child_process'
import { z } from 'zod'
import { SystemClock } from '../clock/system-clock.ts'
import { waitAtMost } from '../clock/wait.ts'
import { CommandFailedError } from '../errors.ts'
import { defineJob, type JobContext, type OccurrenceInfo } from './job.ts'
import { OutputTail } from './output-tail.ts'

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

/** What is kept of a command's run. */
export interface CommandResult {
  readonly exitStatus: number | null
  /** The signal that ended it, if one did. */
  readonly signal: string | null
  /** What it printed, on both streams: the end of it, if it was long. */
  readonly output: string
  /** How many bytes of output came before what is kept. */
  readonly droppedBytes: number
}

export const COMMAND_JOB = 'command'

const KEPT_OUTPUT_BYTES = 32 * 1024
/** How long a program may take to end after SIGTERM, before SIGKILL. */
const TERM_GRACE_MS = 3_000
/** How long output is waited for after the program ended, since its children may hold the pipe open for ever. */
const OUTPUT_GRACE_MS = 500

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
  signal.throwIfAborted()
  const output = new OutputTail(KEPT_OUTPUT_BYTES)
  const child = start(payload, occurrence)
  child.stdout?.on('data', (chunk: Buffer) => output.add(chunk))
  child.stderr?.on('data', (chunk: Buffer) => output.add(chunk))

  const end = () => void endGroup(child)
  signal.addEventListener('abort', end, { once: true })
  try {
    const { exitStatus, signal: endedBy } = await outcome(child, payload.program)
    const result = { exitStatus, signal: endedBy, output: output.text(), droppedBytes: output.droppedBytes }
    if (exitStatus === 0) return result

    const how = endedBy === null ? `ended with status ${exitStatus}` : `was ended by ${endedBy}`
    throw new CommandFailedError(`${payload.program} ${how}`, { exitStatus: exitStatus ?? undefined, result })
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** In a process group of its own, so that its children can be ended with it. */
function start(
  { program, args = [], shell = false, cwd, env }: CommandPayload,
  occurrence: OccurrenceInfo,
): ChildProcess {
  return spawn(program, args, {
    shell: shell ? '/bin/sh' : false,
    cwd,
    env: { ...withoutOwnSettings(process.env), ...describe(occurrence), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
}

/** Carillon's own settings, which may hold a database password, are no business of the program. */
function withoutOwnSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('CARILLON_')))
}

function describe({ id, key, namespace, nominalAt, attempt }: OccurrenceInfo): NodeJS.ProcessEnv {
  return {
    CARILLON_OCCURRENCE: id,
    CARILLON_KEY: key,
    CARILLON_NAMESPACE: namespace,
    CARILLON_NOMINAL_AT: nominalAt.toISOString(),
    CARILLON_ATTEMPT: String(attempt),
  }
}

async function outcome(child: ChildProcess, program: string) {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const ended = await new Promise<{ exitStatus: number | null; signal: string | null }>((resolve, reject) => {
    child.once('exit', (exitStatus, signal) => resolve({ exitStatus, signal }))
    child.once('error', (cause) => {
      reject(new CommandFailedError(`${program} could not be started: ${cause.message}`, { cause }))
    })
  })
  const clock = new SystemClock()
  await waitAtMost(clock, clock.now() + OUTPUT_GRACE_MS, closed)
  child.stdout?.destroy()
  child.stderr?.destroy()
  return ended
}

async function endGroup(child: ChildProcess): Promise<void> {
  const exited = new Promise<boolean>((resolve) => child.once('exit', () => resolve(true)))
  signalGroup(child, 'SIGTERM')

  const clock = new SystemClock()
  const hasExited = await waitAtMost(clock, clock.now() + TERM_GRACE_MS, exited)
  // Its children may have ignored SIGTERM even where the program itself has not.
  signalGroup(child, 'SIGKILL')
  if (hasExited !== true) child.kill('SIGKILL')
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    // Nobody is left in the group.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
