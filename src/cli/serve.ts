import { resolveOptions, type CarillonOptions, type Role } from '../carillon/options.ts'
import { formatDuration } from '../clock/duration.ts'
import { COMMAND_JOB } from '../task/command-job.ts'
import { EXIT } from './exit-status.ts'
import { handOverTasks } from './hand-over.ts'
import { serveHealth } from './health-server.ts'
import { interruption } from './interruption.ts'
import type { Call } from './invocation.ts'
import type { ListenAddress } from './listen-address.ts'
import { nextRuns } from './next-runs.ts'
import { openCarillon } from './open-carillon.ts'
import { cliLogger } from './output/cli-logger.ts'
import { serverText, type ServerReport } from './output/server-text.ts'
import { catalogOf } from './session.ts'
import { serveHttp } from './serve-http.ts'
import { readSetup } from './setup.ts'

export interface ServeOptions {
  /** All that the config file has a use for, when left out. */
  readonly roles: readonly Role[] | undefined
  /** As the command line says; `undefined` leaves it to the config file. */
  readonly allowCommands: boolean | undefined
  /** Where its health can be asked; nowhere when left out. */
  readonly health: ListenAddress | undefined
  /** Where the HTTP API can be asked; nowhere when left out. */
  readonly http: ListenAddress | undefined
  /** Whether it asks for tokens at an address of this machine too. */
  readonly asksForTokens: boolean
}

const WITHOUT_TASKS: readonly Role[] = ['dispatch', 'work']
const SHOWN_RUNS = 5

/**
 * Runs a server until it is interrupted: then it takes nothing more and lets what runs end within the grace period; a
 * second interruption ends the grace.
 *
 * @returns the exit status
 */
export async function serve(
  call: Call<object>,
  { roles: asked, allowCommands, health, http, asksForTokens }: ServeOptions,
): Promise<number> {
  const { output, terminal } = call
  const setup = await readSetup(call.options, terminal)
  const options: CarillonOptions = {
    ...setup.options,
    allowCommands: allowCommands ?? setup.options.allowCommands,
    logger: setup.options.logger ?? cliLogger(output, terminal.clock, { info: true }),
  }

  const roles = asked ?? (options.tasks === undefined ? WITHOUT_TASKS : [...WITHOUT_TASKS, 'tasks'])
  using interrupted = interruption(terminal)
  await using carillon = await openCarillon(options)
  handOverTasks(carillon.tasks, call.options)
  const report: ServerReport = {
    server: carillon.server,
    database: setup.database.address,
    config: setup.configPath,
    roles,
    jobs: roles.includes('work') ? jobsOf(options) : [],
    next: await nextRuns(catalogOf(carillon, call.options), SHOWN_RUNS),
  }
  const now = terminal.clock.now()
  output.answer(report, (style) => serverText(report, setup.database.shown, now, style))
  await carillon.start({ roles })
  await using healthServer = health === undefined ? undefined : await serveHealth(carillon, health)
  if (healthServer !== undefined) output.note(() => `Health: http://${healthServer.address}/ready`)

  await using httpServer =
    http === undefined
      ? undefined
      : await serveHttp(carillon, { address: http, asksForTokens, logger: resolveOptions(options).logger })
  if (httpServer !== undefined) output.note(() => httpText(httpServer))

  const signal = await interrupted.first
  const { graceMs } = resolveOptions(options)
  output.note(() => farewell(signal, carillon.running, graceMs))
  await carillon.stop({ hurry: interrupted.hurry })
  output.note(() => 'Stopped.')
  return interrupted.hurry.aborted ? EXIT.interrupted : EXIT.ok
}

function httpText({ url, asksForTokens }: { url: string; asksForTokens: boolean }): string {
  const who = asksForTokens ? 'with a token: carillon token create' : 'for this machine only, without tokens'
  return `HTTP API: ${url}/api/v1, ${who}`
}

function jobsOf({ jobs = [], allowCommands = false }: CarillonOptions): string[] {
  const names = jobs.map((job) => job.name)
  return allowCommands ? [...names, COMMAND_JOB] : names
}

function farewell(signal: string, running: number, graceMs: number): string {
  if (running === 0) return `${signal}: stopping.`
  const runs = running === 1 ? '1 run' : `${running} runs`
  return `${signal}: stopping; ${runs} under way may take up to ${formatDuration(graceMs)}, Ctrl-C again aborts.`
}
