import { needsDatabase } from '../carillon/task-settings.ts'
import type { Tasks } from '../carillon/tasks.ts'
import { resolveOptions } from '../carillon/options.ts'
import { ConfigError } from '../errors.ts'
import { handOverTasks } from './hand-over.ts'
import type { Call } from './invocation.ts'
import { openCarillon } from './open-carillon.ts'
import { cliLogger } from './output/cli-logger.ts'
import { readSetup, type Setup } from './setup.ts'

export interface TaskSession {
  readonly tasks: Tasks
  readonly setup: Setup
  /** Declares the tasks that are schedules of the database, where there are any. */
  readonly declare: () => Promise<void>
}

/**
 * Does `work` with the tasks of the config file. Their locks, and the schedules that some of them are, live in the database,
 * unless the config file has locks and no task needs more than those: then no database is opened.
 *
 * @throws {ConfigError} when the config file has no tasks
 */
export async function onTasks<T>(
  call: Call<object>,
  work: (session: TaskSession) => Promise<T>,
  { info = false }: { info?: boolean } = {},
): Promise<T> {
  const { options: asked, output, terminal } = call
  const setup = await readSetup(asked, terminal)
  const { options, configPath, database } = setup
  if (options.tasks === undefined) {
    const hint = 'give it tasks: { schedule(schedule) { … } }'
    throw new ConfigError(
      configPath === undefined
        ? `there is no carillon.config.ts here, and --config names none: tasks are defined there; ${hint}`
        : `config file ${configPath} has no tasks: ${hint}`,
    )
  }
  const logger = options.logger ?? cliLogger(output, terminal.clock, { info })
  await using locks = options.locks
  if (locks !== undefined && !resolveOptions(options).builtTasks.some(needsDatabase)) {
    const { Tasks } = await import('../carillon/tasks.ts')
    await using tasks = await Tasks.open({ tasks: options.tasks, locks, logger, grace: options.grace })
    handOverTasks(tasks, asked)
    return await work({ tasks, setup, declare: async () => {} })
  }
  if (database.isDefault) output.note((style) => style.dim(`database: ${database.shown}, the default`))
  await using carillon = await openCarillon({ ...options, logger })
  const { tasks } = carillon
  handOverTasks(tasks, asked)
  return await work({ tasks, setup, declare: () => carillon.declareTasks() })
}
