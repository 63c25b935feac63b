import { InvalidInputError } from '../errors.ts'
import type { Json } from '../schedule/json.ts'
import { didYouMean } from '../suggestion.ts'

/** Reads a whole number for commander. */
export function wholeNumber(name: string, least: number, most = Infinity): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least && number <= most) return number
    const range = most === Infinity ? `from ${least}` : `from ${least} to ${most}`
    throw new InvalidInputError(`${name} "${text}" is not a whole number ${range}`, name)
  }
}

/** Reads a part of a whole, from 0 to 1, for commander. */
export function fraction(name: string): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d*\.?\d+$/.test(text) && number <= 1) return number
    throw new InvalidInputError(`${name} "${text}" is not a number from 0 to 1, as in 0.5`, name)
  }
}

/** Reads one word of a few for commander. */
export function oneOf<T extends string>(name: string, words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text)
    if (word !== undefined) return word
    const hint = didYouMean(text, words)
    throw new InvalidInputError(`${name} "${text}" is not one of ${words.join(', ')}${hint}`, name)
  }
}

/** Reads a comma-separated list of words for commander. */
export function listOf<T extends string>(name: string, words: readonly T[]): (text: string) => T[] {
  return (text) => text.split(',').map((word) => oneOf(name, words)(word.trim()))
}

/** Takes an option that may be repeated, for commander. */
export function gather(text: string, before: string[] = []): string[] {
  return [...before, text]
}

/** Reads JSON for commander. */
export function json(name: string, example: string): (text: string) => Json {
  return (text) => {
    try {
      return JSON.parse(text) as Json
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new InvalidInputError(`${name} is not JSON: ${message}; give JSON such as ${example}`, name, {
        cause,
      })
    }
  }
}

/** `--catch-up` for `catchUp`. */
function optionName(property: string): string {
  return `--${property.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`
}

/**
 * Does `work`; an error about an option of the library is worded for the option of the command line that it came from.
 *
 * @param names what options are called on the command line, where it is not the same with dashes
 */
export async function namingOptions<T>(
  work: () => Promise<T>,
  names: Readonly<Record<string, string>> = {},
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof InvalidInputError) || error.path === 'key') throw error

    const [property = ''] = error.path.split('.')
    if (property === '' || !error.message.startsWith(error.path)) throw error
    const option = names[property] ?? optionName(property)
    throw new InvalidInputError(option + inText(error.message.slice(error.path.length)), option, {
      cause: error,
    })
  }
}

/** What only a program could give is not offered on a command line. */
function inText(message: string): string {
  return message.replace(/give (a Date, epoch )?milliseconds, or text such as/, 'give one such as')
}
