import { InvalidInputError } from '../errors.ts'

/** How an error calls the line, and what it says would be right. */
export interface CommandWording {
  readonly line: string
  readonly shell: string
  readonly variable: (name: string) => string
}

const ON_COMMAND_LINE: CommandWording = {
  line: '--command',
  shell: 'add --shell',
  variable: (name) => `--env ${name}=…`,
}

/** What a shell would act on, outside of quotes. */
const SYNTAX = new Set('|&;<>()$`*?[]{}#~!\n')
/** What a shell acts on even between double quotes. */
const SYNTAX_IN_DOUBLE_QUOTES = new Set('$`')
/** What a backslash takes its meaning from between double quotes; before all else it stands for itself. */
const ESCAPABLE_IN_DOUBLE_QUOTES = new Set('"\\$`')
/** Characters that stand for themselves wherever they are. */
const PLAIN = /^[\w@%+=:,./-]+$/
/** What a shell takes for a variable, and not for the program, at the beginning of a line. */
const ASSIGNMENT = /^\s*([A-Za-z_]\w*)\+?=/

/**
 * A command line as a list of arguments, with the quoting rules of `sh`. No shell ever sees it, so whatever only a shell
 * could do is refused. Written here, since no parser on the registry tells an open quote and unquoted syntax from text:
 * they drop the one and keep or expand the other.
 *
 * @throws {InvalidInputError} for unquoted shell syntax, a variable before the program, a quote that is not closed, or a line without a program
 */
export function splitCommandLine(line: string, wording: CommandWording = ON_COMMAND_LINE): string[] {
  refuseAssignment(line, wording)

  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!
    const next = line[at + 1]

    if (quote === "'" || (quote === '"' && !SYNTAX_IN_DOUBLE_QUOTES.has(char) && char !== '\\')) {
      if (char === quote) quote = ''
      else word += char
    } else if (
      char === '\\' &&
      next !== undefined &&
      (quote === '' || ESCAPABLE_IN_DOUBLE_QUOTES.has(next))
    ) {
      word = (word ?? '') + next
      at++
    } else if (char === '\\' && quote === '"') {
      word += char
    } else if (quote === '' && (char === "'" || char === '"')) {
      quote = char
      word ??= ''
    } else if (quote === '"' || isSyntax(char, word)) {
      throw shellSyntax(line, at, wording)
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + char
    }
  }

  if (quote !== '')
    throw new InvalidInputError(`${wording.line} has a ${quote} that is not closed: ${line}`, 'command')
  if (word !== undefined) words.push(word)
  if (words.length === 0 || words[0] === '')
    throw new InvalidInputError(`${wording.line} names no program`, 'command')
  return words
}

/** A program and its arguments as a line that `splitCommandLine`, and `sh`, read back. */
export function formatCommandLine(words: readonly string[]): string {
  return words
    .map((word, i) => {
      const isPlain = PLAIN.test(word) && !(i === 0 && ASSIGNMENT.test(word))
      return isPlain ? word : `'${word.replaceAll("'", `'\\''`)}'`
    })
    .join(' ')
}

function refuseAssignment(line: string, wording: CommandWording): void {
  const name = ASSIGNMENT.exec(line)?.[1]
  if (name === undefined) return
  throw new InvalidInputError(
    `${wording.line} begins with a variable, ${name}=…, which only a shell could set: give it as ${wording.variable(name)} ` +
      `and begin with the program, or ${wording.shell}`,
    'command',
  )
}

function isSyntax(char: string, word: string | undefined): boolean {
  // These mean something at the beginning of a word only.
  if (char === '#' || char === '~' || char === '!') return word === undefined
  return SYNTAX.has(char)
}

function shellSyntax(line: string, at: number, wording: CommandWording): InvalidInputError {
  const char = line[at] === '\n' ? 'a line break' : line[at]
  return new InvalidInputError(
    `${wording.line} has shell syntax, ${char} at position ${at} of ${JSON.stringify(line)}, and no shell is asked for: ` +
      `${wording.shell}, or put it in single quotes`,
    'command',
  )
}
