import type { Command } from 'commander'
import { Output } from './output/output.ts'
import type { Terminal } from './terminal.ts'

/** One use of the command line. */
export interface Invocation {
  /** The arguments as given. */
  readonly argv: readonly string[]
  readonly terminal: Terminal
  exitStatus: number
}

/** The options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean
  readonly database?: string
  readonly config?: string
  readonly namespace?: string
}

/** What a command is called with. */
export interface Call<Options> {
  /** The arguments that are no options. */
  readonly args: readonly string[]
  readonly options: Options & GlobalOptions
  readonly output: Output
  readonly terminal: Terminal
}

/**
 * What commander is to call for a command.
 *
 * @param work does it; the number that it resolves with is the exit status, 0 when there is none
 */
export function action<Options = object>(
  invocation: Invocation,
  work: (call: Call<Options>) => Promise<number | void>,
) {
  return async function (this: Command): Promise<void> {
    const options = this.optsWithGlobals<Options & GlobalOptions>()
    const { terminal } = invocation
    const output = new Output(terminal, options.json === true)
    invocation.exitStatus = (await work({ args: this.args, options, output, terminal })) ?? 0
  }
}
