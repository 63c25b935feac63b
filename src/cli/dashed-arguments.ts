import { InvalidInputError } from '../errors.ts'

/**
 * Parts the arguments of a command into what came before `--`, a key at most, and the program after it, with its
 * arguments as they are.
 *
 * @param args the arguments that are no options, as commander gives them: without `--`
 * @param argv all arguments, as given
 */
export function splitArguments(
  args: readonly string[],
  argv: readonly string[],
): { key: string | undefined; program: readonly string[] } {
  const dashes = argv.indexOf('--')
  const count = dashes === -1 ? 0 : argv.length - dashes - 1
  const [key, ...excess] = args.slice(0, args.length - count)
  if (excess.length === 0) return { key, program: args.slice(args.length - count) }

  throw new InvalidInputError(
    `too many arguments: a key was expected, and after it came ${excess.map((word) => `"${word}"`).join(' ')}; ` +
      'a program goes after --, and an expression in quotes',
    'arguments',
  )
}
