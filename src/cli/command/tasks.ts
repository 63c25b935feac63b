import type { Command } from 'commander'
import type { TaskResult } from '../../runner/task-runner.ts'
import { userInfo, hostname } from 'node:os'
import { formatDuration, durationMs } from '../../clock/duration.ts'
import { InvalidInputError, WorkerStoppedError } from '../../errors.ts'
import { EXIT } from '../exit-status.ts'
import { interruption } from '../interruption.ts'
import { action, type Call, type Invocation } from '../invocation.ts'
import { errorText, holderText, resultText, taskListText } from '../output/task-text.ts'
import { absoluteTime } from '../output/time.ts'
import { onTasks } from '../task-session.ts'

/** `carillon tasks …`: the tasks that the config file defines. */
export function addTasks(program: Command, invocation: Invocation): void {
  const tasks = program
    .command('tasks')
    .summary('tasks that code defines: work, run, list, test, pause, continue, interrupt, unlock')
    .description(
      'The tasks that the config file defines. Their locks keep each from running on two servers at once.',
    )
  addWork(tasks, invocation)
  addRun(tasks, invocation)
  addList(tasks, invocation)
  addTest(tasks, invocation)
  addPause(tasks, invocation)
  addContinue(tasks, invocation)
  addInterrupt(tasks, invocation)
  addUnlock(tasks, invocation)
}

function addWork(tasks: Command, invocation: Invocation): void {
  tasks
    .command('work')
    .summary('run tasks at their instants, until Ctrl-C')
    .description('Runs the tasks at their instants until Ctrl-C. Start it on every server.')
    .action(
      action(invocation, (call) =>
        onTasks(
          call,
          async ({ tasks: running, declare }) => {
            using interrupted = interruption(call.terminal)
            const list = await running.list()
            const now = call.terminal.clock.now()
            call.output.answer(
              { tasks: list },
              (style) => `${taskListText(list, now, style)}\n\n${style.dim('Ctrl-C stops it.')}`,
            )
            await declare()
            running.start()
            const signal = await interrupted.first
            call.output.note(() => `${signal}: stopping; ${running.running} runs under way.`)
            await running.stop({ hurry: interrupted.hurry })
            return interrupted.hurry.aborted ? EXIT.interrupted : EXIT.ok
          },
          { info: true },
        ),
      ),
    )
}

function addRun(tasks: Command, invocation: Invocation): void {
  tasks
    .command('run')
    .summary('run what is due in this minute, once; for cron')
    .description(
      'Runs the tasks that are due in this minute, and what repeats below a minute to the end of it. For cron: * * * * * carillon tasks run',
    )
    .action(
      action(invocation, (call) =>
        onTasks(call, async ({ tasks: running, declare }) => {
          using interrupted = interruption(call.terminal)
          const stop = new AbortController()
          void interrupted.first.then((signal) => {
            call.output.note(() => `${signal}: nothing more begins; what runs may end.`)
            stop.abort()
          })
          await declare()
          const results = await running.runMinute({ stop: stop.signal, hurry: interrupted.hurry })
          call.output.answer({ results: results.map(shown) }, (style) =>
            results.length === 0
              ? 'Nothing is due in this minute.'
              : results.map((result) => resultText(result, style)).join('\n'),
          )
          return results.some(({ kind }) => kind === 'failed') ? EXIT.failure : EXIT.ok
        }),
      ),
    )
}

function addList(tasks: Command, invocation: Invocation): void {
  tasks
    .command('list')
    .summary('list the tasks: when each runs next, and who has its lock')
    .description('Lists the tasks: when each runs next, in its time zone and yours, and who has its lock.')
    .action(
      action(invocation, (call) =>
        onTasks(call, async ({ tasks: defined }) => {
          const [list, pausedBy] = await Promise.all([defined.list(), defined.pausedBy()])
          call.output.answer({ tasks: list, pausedBy: pausedBy ?? null }, (style) =>
            [
              taskListText(list, call.terminal.clock.now(), style),
              ...(pausedBy === undefined
                ? []
                : ['', style.paint('yellow', `All tasks are paused by ${holderText(pausedBy)}.`)]),
            ].join('\n'),
          )
        }),
      ),
    )
}

interface TestOptions {
  readonly at?: string
  readonly due?: boolean
}

function addTest(tasks: Command, invocation: Invocation): void {
  tasks
    .command('test')
    .summary('run one task now')
    .description('Runs one task now, whatever is said of when. Its lock holds all the same.')
    .argument('<name>', 'the task')
    .option('--at <instant>', 'the instant that the run stands for; now by default')
    .option('--due', 'as at that instant: on the conditions and locks of a regular run')
    .action(
      action<TestOptions>(invocation, (call) =>
        onTasks(call, async ({ tasks: defined }) => {
          const [name = ''] = call.args
          using interrupted = interruption(call.terminal)
          const stop = new AbortController()
          void interrupted.first.then((signal) =>
            stop.abort(new WorkerStoppedError(`${signal}: it was stopped`)),
          )
          const at = instantOf(call)
          const result = await (call.options.due === true
            ? defined.runDue(name, at ?? new Date(call.terminal.clock.now()), stop.signal)
            : defined.test(name, stop.signal, at))
          call.output.answer(shown(result), (style) => resultText(result, style, { withOutput: true }))
          return result.kind === 'succeeded' ? EXIT.ok : EXIT.failure
        }),
      ),
    )
}

function instantOf({ options }: Call<TestOptions>): Date | undefined {
  if (options.at === undefined) return undefined
  const at = new Date(options.at)
  if (!Number.isNaN(at.valueOf()) && /(Z|[+-]\d\d:?\d\d)$/.test(options.at)) return at
  throw new InvalidInputError(`--at "${options.at}" is not an instant, as 2026-03-29T02:00:00Z`, '--at')
}

interface PauseOptions {
  readonly for?: string
  readonly note?: string
}

function addPause(tasks: Command, invocation: Invocation): void {
  tasks
    .command('pause')
    .summary('keep all tasks from running, on all servers, until tasks continue')
    .description(
      'Keeps all tasks from running, on all servers that share the locks, until carillon tasks continue. What runs goes on.',
    )
    .option('--for <duration>', 'how long, as 2h; until it is continued by default, a year at most')
    .option('--note <text>', 'why, for others')
    .action(
      action<PauseOptions>(invocation, (call) =>
        onTasks(call, async ({ tasks: defined }) => {
          const { for: duration, note } = call.options
          if (duration !== undefined) durationMs(duration, '--for')
          const by = me() + (note === undefined ? '' : `: ${note.slice(0, 200)}`)
          const before = await defined.pause(by, duration)
          call.output.answer({ paused: true, by: before?.owner ?? by, already: before !== undefined }, () =>
            before === undefined
              ? `Paused${duration === undefined ? '' : ` for ${formatDuration(durationMs(duration, '--for'))}`}. Tasks run again after carillon tasks continue.`
              : `Tasks are paused already, by ${holderText(before)}.`,
          )
        }),
      ),
    )
}

function addContinue(tasks: Command, invocation: Invocation): void {
  tasks
    .command('continue')
    .alias('resume')
    .summary('end a pause')
    .description('Lets all tasks run again that were paused.')
    .action(
      action(invocation, (call) =>
        onTasks(call, async ({ tasks: defined }) => {
          const wasPaused = await defined.resume()
          call.output.answer({ paused: false, wasPaused }, () =>
            wasPaused ? 'Tasks run again.' : 'Tasks were not paused.',
          )
        }),
      ),
    )
}

function addInterrupt(tasks: Command, invocation: Invocation): void {
  tasks
    .command('interrupt')
    .summary('end the repeats of carillon tasks run in this minute, on all servers')
    .description(
      'Ends what carillon tasks run repeats below a minute, for the rest of this minute, on all servers: for the end of a deployment.',
    )
    .action(
      action(invocation, (call) =>
        onTasks(call, async ({ tasks: defined }) => {
          await defined.interrupt(me())
          call.output.answer({ interrupted: true }, () => 'No repeats follow in this minute.')
        }),
      ),
    )
}

function addUnlock(tasks: Command, invocation: Invocation): void {
  tasks
    .command('unlock')
    .summary('free the lock of a task, whoever has it')
    .description(
      'Frees the lock of a task, whoever has it. Make sure that its run is gone: another may begin at once.',
    )
    .argument('<name>', 'the task')
    .action(
      action(invocation, (call) =>
        onTasks(call, async ({ tasks: defined }) => {
          const [name = ''] = call.args
          const holder = await defined.unlock(name)
          call.output.answer({ task: name, unlocked: holder !== undefined, holder: holder ?? null }, () =>
            holder === undefined
              ? `The lock of ${name} was free.`
              : `Freed the lock of ${name}, which ${holderText(holder)} had until ${absoluteTime(holder.expiresAt)}.`,
          )
        }),
      ),
    )
}

function me(): string {
  return `${userInfo().username}@${hostname()}`
}

/** A result as JSON. */
function shown(result: TaskResult): object {
  if (!('error' in result)) return result
  const { error, ...rest } = result
  return error === undefined ? rest : { ...rest, error: errorText(error) }
}
