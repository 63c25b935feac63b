import { CommanderError } from 'commander'
import { InvalidInputError } from '../errors.ts'
import { EXIT, exitStatusOf } from './exit-status.ts'
import type { Invocation } from './invocation.ts'
import { Output } from './output/output.ts'
import { buildProgram } from './program.ts'
import type { Terminal } from './terminal.ts'

/**
 * Does what a command line says.
 *
 * @param argv the arguments, without node and script
 * @returns the exit status
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const invocation: Invocation = { argv, terminal, exitStatus: EXIT.ok }
  const isJson = beforeDashes(argv).includes('--json')
  try {
    await buildProgram(invocation, isJson).parseAsync(argv, { from: 'user' })
    return invocation.exitStatus
  } catch (thrown) {
    if (thrown instanceof CommanderError && isAnswered(thrown)) return EXIT.ok
    if (thrown instanceof CommanderError && thrown.code === 'commander.help' && !isJson) return EXIT.usage

    const error = thrown instanceof CommanderError ? usageError(thrown) : thrown
    new Output(terminal, isJson).error(error)
    return exitStatusOf(error)
  }
}

/** The arguments before `--`: those after it belong to somebody else. */
export function beforeDashes(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf('--')
  return at === -1 ? argv : argv.slice(0, at)
}

/** Help and version are asked for, and given; `carillon help` as `carillon --help`. */
function isAnswered({ code, exitCode }: CommanderError): boolean {
  const isHelp = code === 'commander.help' && exitCode === 0
  return isHelp || code === 'commander.helpDisplayed' || code === 'commander.version'
}

function usageError({ code, message }: CommanderError): InvalidInputError {
  if (code === 'commander.help') return new InvalidInputError('no command is given: see --help', 'command')

  const text = message.replace(/^error: /, '').replaceAll("'", '"')
  const suggested = text.replace(/\n\(Did you mean (.+)\?\)$/s, ': did you mean "$1"?')
  return new InvalidInputError(suggested === text ? `${text} (see --help)` : suggested, 'arguments')
}
