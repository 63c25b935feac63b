import type { Command } from 'commander'
import type { Role } from '../../carillon/options.ts'
import { listOf } from '../arguments.ts'
import { parseHealthAddress, type HealthAddress } from '../health-server.ts'
import { action, type Call, type Invocation } from '../invocation.ts'
import { serve } from '../serve.ts'

interface StartOptions {
  readonly allowCommands?: boolean
  readonly roles?: readonly Role[]
  readonly health?: HealthAddress
}

const ROLES: readonly Role[] = ['dispatch', 'work', 'tasks']
const ALLOW_COMMANDS = [
  '--allow-commands',
  'run schedules of the job "command": anyone who can write to the database then runs programs here',
] as const

const HEALTH = [
  '--health <address>',
  'answer GET /live and /ready there, for orchestrators: a port, or host:port',
] as const

/** `carillon start`: a server that dispatches and runs. */
export function addStart(program: Command, invocation: Invocation): void {
  program
    .command('start')
    .summary('run a server: dispatch what is due, run it, and run tasks')
    .description(
      'Runs a server until Ctrl-C: it dispatches what falls due, runs it, and runs the tasks of the config file. Any number may share a database.',
    )
    .option(...ALLOW_COMMANDS)
    .option(...HEALTH, parseHealthAddress)
    .option('--roles <roles>', 'only some of dispatch,work,tasks', listOf<Role>('--roles', ROLES))
    .action(action<StartOptions>(invocation, (call) => start(call, call.options.roles)))
}

/** `carillon work`: a server that only runs. */
export function addWork(program: Command, invocation: Invocation): void {
  program
    .command('work')
    .summary('run a server that only runs what was dispatched')
    .description(
      'Runs a server until Ctrl-C that runs what others have dispatched: carillon start --roles work.',
    )
    .option(...ALLOW_COMMANDS)
    .option(...HEALTH, parseHealthAddress)
    .action(action<StartOptions>(invocation, (call) => start(call, ['work'])))
}

function start(call: Call<StartOptions>, roles: readonly Role[] | undefined): Promise<number> {
  const { allowCommands, health } = call.options
  return serve(call, { roles, allowCommands, health })
}
