import { spawn, type ChildProcess } from 'node:child_process'
import { SystemClock } from '../clock/system-clock.ts'
import { waitAtMost } from '../clock/wait.ts'
import { CommandFailedError } from '../errors.ts'
import { OutputTail } from './output-tail.ts'

/** A program to run. */
export interface Program {
  /** With `shell`, the whole command line. */
  readonly program: string
  /** Its arguments, one by one; no shell looks at them. */
  readonly args?: readonly string[] | undefined
  /** Hands `program` to `/bin/sh -c`. */
  readonly shell?: boolean | undefined
  readonly cwd?: string | undefined
  /** Added to this process's environment, but for Carillon's own settings. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

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

const KEPT_OUTPUT_BYTES = 32 * 1024
/** How long a program may take to end after SIGTERM, before SIGKILL. */
const TERM_GRACE_MS = 3_000
/** How long output is waited for after the program ended, since its children may hold the pipe open for ever. */
const OUTPUT_GRACE_MS = 500

/**
 * Runs a program to its end; when the signal is aborted, ends it with all its children.
 *
 * @param onOutput told of all that it prints, as it comes
 * @throws {CommandFailedError} when it could not be started, or its exit status is not 0
 */
export async function runProgram(
  program: Program,
  signal: AbortSignal,
  onOutput: (chunk: Buffer) => void = () => {},
): Promise<CommandResult> {
  signal.throwIfAborted()
  const output = new OutputTail(KEPT_OUTPUT_BYTES)
  const child = start(program)
  const take = (chunk: Buffer) => {
    output.add(chunk)
    onOutput(chunk)
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)

  const end = () => void endGroup(child)
  signal.addEventListener('abort', end, { once: true })
  try {
    const { exitStatus, signal: endedBy } = await outcome(child, program.program)
    const result = { exitStatus, signal: endedBy, output: output.text(), droppedBytes: output.droppedBytes }
    if (exitStatus === 0) return result

    const how = endedBy === null ? `ended with status ${exitStatus}` : `was ended by ${endedBy}`
    throw new CommandFailedError(`${program.program} ${how}`, { exitStatus: exitStatus ?? undefined, result })
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** In a process group of its own, so that its children can be ended with it. */
function start({ program, args = [], shell = false, cwd, env, uid, gid }: Program): ChildProcess {
  return spawn(program, args, {
    shell: shell ? '/bin/sh' : false,
    cwd,
    env: { ...withoutOwnSettings(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    uid,
    gid,
  })
}

/** Carillon's own settings, which may hold a database password, are no business of the program. */
function withoutOwnSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('CARILLON_')))
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
