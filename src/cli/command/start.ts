import type { Command } from 'commander'
import type { Role } from '../../carillon/options.ts'
import { listOf } from '../arguments.ts'
import { parseListenAddress, type ListenAddress } from '../listen-address.ts'
import { action, type Call, type Invocation } from '../invocation.ts'
import { serve } from '../serve.ts'

interface StartOptions {
  readonly allowCommands?: boolean
  readonly roles?: readonly Role[]
  readonly health?: ListenAddress
  readonly http?: ListenAddress
  readonly httpTokens?: boolean
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

const HTTP = [
  '--http <address>',
  'serve the HTTP API there: a port, for this machine only, or host:port, for those with a token',
] as const
const HTTP_TOKENS = ['--http-tokens', 'ask for a token on this machine too'] as const

const healthAddress = (text: string) => parseListenAddress('--health', text)
const httpAddress = (text: string) => parseListenAddress('--http', text)

/** `carillon start`: a server that dispatches and runs. */
export function addStart(program: Command, invocation: Invocation): void {
  program
    .command('start')
    .summary('run a server: dispatch what is due, run it, and run tasks')
    .description(
      'Runs a server until Ctrl-C: it dispatches what falls due, runs it, and runs the tasks of the config file. Any number may share a database.',
    )
    .option(...ALLOW_COMMANDS)
    .option(...HEALTH, healthAddress)
    .option(...HTTP, httpAddress)
    .option(...HTTP_TOKENS)
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
    .option(...HEALTH, healthAddress)
    .action(action<StartOptions>(invocation, (call) => start(call, ['work'])))
}

function start(call: Call<StartOptions>, roles: readonly Role[] | undefined): Promise<number> {
  const { allowCommands, health, http, httpTokens: asksForTokens = false } = call.options
  return serve(call, { roles, allowCommands, health, http, asksForTokens })
}
