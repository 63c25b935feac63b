import type { Clock, Instant } from '../clock/clock.ts'
import { formatDuration } from '../clock/duration.ts'
import { CommandFailedError, ConfigError, RunTimeoutError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { runProgram, type CommandResult } from '../task/program.ts'
import type { Task, TaskEvent, TaskHook, TaskOutput } from '../task/fluent/task.ts'
import { OutputFiles } from './output-files.ts'

/** A message about a task's output. */
export interface TaskMail {
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
}

/** How a run ended. */
export interface Performance {
  readonly kind: 'succeeded' | 'failed'
  readonly error: unknown
  readonly output: string
  readonly tookMs: number
}

export interface PerformOptions {
  readonly task: Task
  readonly nominalAt: Instant
  /** Of the task's lock, if it has one. */
  readonly token: number | undefined
  readonly stop: AbortSignal
  readonly clock: Clock
  readonly logger: Logger
  readonly sendMail: ((mail: TaskMail) => unknown) | undefined
  readonly enqueue: ((task: Task, nominalAt: Instant) => Promise<unknown>) | undefined
}

/** Runs the work of a task with its hooks around it. Never throws: what goes wrong is the run's outcome. */
export async function performTask(options: PerformOptions): Promise<Performance> {
  const { task, nominalAt, clock, logger, sendMail } = options
  const event: TaskEvent = {
    task: task.name,
    nominalAt: new Date(nominalAt),
    outcome: undefined,
    error: undefined,
    output: '',
    tookMs: 0,
  }
  await callHooks(task.before, event, logger)
  logger.info({}, 'a task begins')
  const files = new OutputFiles(task.outputs, logger)
  const performance = await settle(options, clock.now(), (chunk) => files.write(chunk))
  await files.end()
  const { kind, error, output, tookMs } = performance
  if (kind === 'succeeded') logger.info({ tookMs }, 'a task succeeded')
  else logger.error({ tookMs, error }, 'a task failed')

  for (const target of task.outputs) {
    if (target.kind === 'mail') await guarded(logger, () => deliver(target, performance, event, sendMail))
  }
  const ended: TaskEvent = { ...event, outcome: kind, error, output, tookMs }
  await callHooks(kind === 'succeeded' ? task.onSuccess : task.onFailure, ended, logger)
  await callHooks(task.after, ended, logger)
  return performance
}

async function settle(
  options: PerformOptions,
  beganAt: Instant,
  onOutput: (chunk: Buffer | string) => void,
): Promise<Performance> {
  const { task, clock } = options
  const abort = new AbortController()
  const { timeoutMs } = task
  const alarm =
    timeoutMs === undefined
      ? undefined
      : clock.alarmAt(beganAt + timeoutMs, () =>
          abort.abort(
            new RunTimeoutError(`it took longer than its timeout of ${formatDuration(timeoutMs)}`, timeoutMs),
          ),
        )
  const signal = AbortSignal.any([options.stop, abort.signal])
  const tookMs = () => clock.now() - beganAt
  try {
    const output = await work(options, signal, onOutput)
    // Whatever the work made of it: who was to end and did not, has failed.
    if (abort.signal.aborted) throw abort.signal.reason
    return { kind: 'succeeded', error: undefined, output, tookMs: tookMs() }
  } catch (thrown) {
    const error = signal.aborted ? signal.reason : thrown
    return { kind: 'failed', error, output: outputOf(thrown), tookMs: tookMs() }
  } finally {
    alarm?.cancel()
  }
}

/** @returns what it gave as text */
async function work(
  { task, nominalAt, token, logger, enqueue }: PerformOptions,
  signal: AbortSignal,
  onOutput: (chunk: Buffer | string) => void,
): Promise<string> {
  signal.throwIfAborted()
  switch (task.work.kind) {
    case 'call': {
      const context = { task: task.name, nominalAt: new Date(nominalAt), signal, token, log: logger }
      const value = await task.work.run(context)
      if (typeof value !== 'string') return ''
      onOutput(value)
      return value
    }
    case 'command': {
      const { command } = task.work
      const env = {
        CARILLON_TASK: task.name,
        CARILLON_NOMINAL_AT: new Date(nominalAt).toISOString(),
        ...(token === undefined ? {} : { CARILLON_TOKEN: String(token) }),
        ...command.env,
      }
      return (await runProgram({ ...command, ...task.user, env }, signal, onOutput)).output
    }
    case 'job': {
      if (enqueue === undefined)
        throw new ConfigError(`job "${task.work.job}" needs a database: give one with "database"`)
      await enqueue(task, nominalAt)
      return ''
    }
  }
}

async function deliver(
  target: Extract<TaskOutput, { kind: 'mail' }>,
  { kind, output }: Performance,
  { task, nominalAt }: TaskEvent,
  sendMail: PerformOptions['sendMail'],
): Promise<void> {
  if (target.when === 'failed' && kind !== 'failed') return
  if (target.when === 'written' && output.trim() === '') return
  await sendMail!({
    to: target.to,
    subject: `Task "${task}" ${kind} (${nominalAt.toISOString()})`,
    text: output,
  })
}

async function callHooks(hooks: readonly TaskHook[], event: TaskEvent, logger: Logger): Promise<void> {
  for (const hook of hooks) await guarded(logger, async () => void (await hook(event)))
}

/** What is done around a run does not decide how it ended. */
async function guarded(logger: Logger, step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    logger.error({ error }, 'a hook of a task failed')
  }
}

function outputOf(error: unknown): string {
  if (!(error instanceof CommandFailedError)) return ''
  return (error.result as CommandResult | undefined)?.output ?? ''
}
