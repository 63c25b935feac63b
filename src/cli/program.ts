import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addCatchUp } from './command/catch-up.ts'
import { addDeclare } from './command/declare.ts'
import { addCheck } from './command/check.ts'
import { addDispatch } from './command/dispatch.ts'
import { addForecast } from './command/forecast.ts'
import { addMigrate } from './command/migrate.ts'
import { addNext } from './command/next.ts'
import { addQueues } from './command/queues.ts'
import { addServers } from './command/servers.ts'
import { addRuns } from './command/runs.ts'
import { addSchedule } from './command/schedule.ts'
import { addSimulate } from './command/simulate.ts'
import { addStart, addWork } from './command/start.ts'
import { addTasks } from './command/tasks.ts'
import { addToken } from './command/token.ts'
import type { Invocation } from './invocation.ts'

const EXAMPLES = `
Examples:
  carillon schedule add backup --cron '0 2 * * *' --timezone Europe/Berlin --command 'pg_dump -Fc -f app.dump app'
  carillon start --allow-commands
  carillon schedule list
  carillon schedule history backup
  carillon next '30 2 * * SUN' --timezone America/New_York

Documentation: docs/reference/cli.md`

/** All commands and options, ready to parse. Errors are thrown, and written by whoever catches them. */
export function buildProgram(invocation: Invocation, isJson: boolean): Command {
  const { stdout, stderr } = invocation.terminal
  const program = new Command('carillon')
    .description(
      'A distributed cron scheduler: schedules live in a database, and run on any number of servers.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--json', 'print one JSON value on standard output, and errors as JSON on standard error')
    .option(
      '--database <address>',
      'where the schedules live (or CARILLON_DATABASE); default sqlite:./carillon.db',
    )
    .option(
      '--config <file>',
      'config file; default carillon.config.ts, .js or .mjs in the working directory',
    )
    .option('--namespace <name>', 'the namespace of the schedules; default "default"')
    .addHelpText('after', EXAMPLES)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => (isJson ? undefined : stderr.write(text)),
      outputError: () => {},
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
      getOutHasColors: () => stdout.hasColors,
      getErrHasColors: () => stderr.hasColors,
    })
    .exitOverride()

  addStart(program, invocation)
  addWork(program, invocation)
  addDispatch(program, invocation)
  addCatchUp(program, invocation)
  addForecast(program, invocation)
  addDeclare(program, invocation)
  addCheck(program, invocation)
  addMigrate(program, invocation)
  addNext(program, invocation)
  addQueues(program, invocation)
  addServers(program, invocation)
  addRuns(program, invocation)
  addSchedule(program, invocation)
  addSimulate(program, invocation)
  addTasks(program, invocation)
  addToken(program, invocation)
  return program
}

/** The version of this package; two folders up, both from `src/cli` and from `dist/cli`. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
