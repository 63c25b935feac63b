import type { CronSyntaxError } from '../errors.ts'
import { nearest } from '../suggestion.ts'
import type { FieldSpec } from './field.ts'
import { quote, syntaxError } from './syntax-error.ts'

/**
 * Goes through one field of an expression from left to right, with no way back, so that the work is proportional to its
 * length. What does not fit becomes an error that names the field, the place and the item.
 */
export class FieldScanner {
  readonly spec: FieldSpec
  readonly #text: string
  readonly #end: number
  /** Where the present item begins. */
  #start: number
  #at: number

  constructor(text: string, start: number, end: number, spec: FieldSpec) {
    this.spec = spec
    this.#text = text
    this.#end = end
    this.#start = start
    this.#at = start
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end
  }

  /** The next item begins here. */
  startItem(): void {
    this.#start = this.#at
  }

  /** Whether the character comes next. */
  sees(character: string): boolean {
    return this.#at < this.#end && this.#text.charCodeAt(this.#at) === character.charCodeAt(0)
  }

  /** Whether the character comes next; then it is passed. */
  takes(character: string): boolean {
    if (!this.sees(character)) return false
    this.#at++
    return true
  }

  /** Plain decimal digits. What is beyond any field's range stays beyond it. */
  number(): number {
    const start = this.#at
    let value = 0
    for (; this.#at < this.#end; this.#at++) {
      const digit = this.#text.charCodeAt(this.#at) - ZERO
      if (digit < 0 || digit > 9) break
      value = Math.min(value * 10 + digit, 1_000_000)
    }
    if (this.#at === start) throw this.unexpected()
    return value
  }

  /** A number from `min` to `max`; the message of a fault calls it `what`. */
  numberWithin(min: number, max: number, what: string, suggestion?: string): number {
    const start = this.#at
    const value = this.number()
    if (value >= min && value <= max) return value

    const problem = `${what} ${quote(this.#text.slice(start, this.#at))} is out of range ${min}-${max}`
    throw syntaxError(this.#text, start, this.spec.name, problem, suggestion)
  }

  /** A value of the field: a number within its range, or a name that stands for one. */
  value(): number {
    if (this.#at < this.#end && isLetter(this.#text.charCodeAt(this.#at))) return this.#word()

    const { name, min, maxWritten } = this.spec
    return this.numberWithin(min, maxWritten, name)
  }

  /** A fault of the present item as a whole. `problem` follows the names of the field and the item. */
  fault(problem: string, suggestion?: string): CronSyntaxError {
    const shown = `${this.spec.name} ${quote(this.#item())}`
    return syntaxError(this.#text, this.#start, this.spec.name, `${shown} ${problem}`, suggestion)
  }

  /** The present item can't go on like this. */
  unexpected(suggestion = this.#hint()): CronSyntaxError {
    const { name } = this.spec
    const item = this.#item()
    const isInside = this.#at > this.#start && this.#at < this.#end
    const place = isInside ? ` at ${quote(this.#text[this.#at]!)}` : ''
    const problem =
      item === '' ? `${name} has an empty list item` : `${name} ${quote(item)} is not valid${place}`
    return syntaxError(this.#text, this.#at, name, problem, suggestion)
  }

  #word(): number {
    const start = this.#at
    while (this.#at < this.#end && isLetter(this.#text.charCodeAt(this.#at))) this.#at++
    // In `FRIL`, the last letter is not of the name.
    if (this.#at === start + 4 && this.#text[start + 3] === 'L') this.#at--

    const { min, words } = this.spec
    const word = this.#text.slice(start, this.#at).toUpperCase()
    const index = words.indexOf(word)
    if (index >= 0) return min + index

    this.#at = start
    const near =
      words.find((known) => word.startsWith(known)) ?? (word.length > 12 ? undefined : nearest(word, words))
    throw this.unexpected(near === undefined ? undefined : `did you mean "${near}"?`)
  }

  /** What the field would take, in a few words. */
  #hint(): string {
    const letter = this.#at < this.#end ? this.#text[this.#at]! : ''
    if (/^[hlw]$/.test(letter)) return `write "${letter.toUpperCase()}", in upper case`

    const { min, max, words } = this.spec
    const names = words.length > 0 ? ` or ${words[0]}-${words.at(-1)}` : ''
    return `write *, */n, or a list of values ${min}-${max}${names}, ranges a-b and steps a-b/n`
  }

  #item(): string {
    const comma = this.#text.indexOf(',', this.#start)
    return this.#text.slice(this.#start, comma < 0 ? this.#end : Math.min(comma, this.#end))
  }
}

const ZERO = '0'.charCodeAt(0)

function isLetter(code: number): boolean {
  const upper = code & ~0x20
  return upper >= 0x41 && upper <= 0x5a
}
