import type { CronSyntaxError } from '../errors.ts'
import { nearest } from '../suggestion.ts'
import { DAY_OF_MONTH, DAY_OF_WEEK, YEAR, type FieldItem, type FieldSpec } from './field.ts'
import { stableHash } from './stable-hash.ts'
import { quote, syntaxError } from './syntax-error.ts'

/** What a field may use besides the standard syntax. */
export interface Dialect {
  readonly extended: boolean
  /** What `H` is derived from. */
  readonly seed: string | undefined
}

/**
 * Reads one field of an expression, from left to right, with no way back: the work is proportional to its length.
 *
 * ```
 * field = '*' | '?' | item { ',' item }
 * item  = '*' '/' n | value [ '-' value ] [ '/' n ]            the standard syntax
 *       | 'H' [ '(' value '-' value ')' ] [ '/' n ]            extended, any field but the year
 *       | 'L' [ '-' n ] | 'LW' | n 'W'                         extended, day of month
 *       | value '#' n | value '#' 'L' | value 'L'              extended, day of week
 * ```
 */
export class FieldReader {
  readonly #text: string
  readonly #end: number
  readonly #spec: FieldSpec
  readonly #dialect: Dialect
  /** Where the item that is being read begins. */
  #start: number
  #at: number

  constructor(text: string, start: number, end: number, spec: FieldSpec, dialect: Dialect) {
    this.#text = text
    this.#start = start
    this.#at = start
    this.#end = end
    this.#spec = spec
    this.#dialect = dialect
  }

  /**
   * The items of the field.
   *
   * @throws {CronSyntaxError} at the first thing that is wrong
   */
  read(): readonly FieldItem[] {
    if (this.#isQuestionMark()) return [{ kind: 'every', from: this.#spec.min, to: this.#spec.max, step: 0 }]

    const items: FieldItem[] = []
    for (;;) {
      this.#start = this.#at
      const item = this.#item()
      if (this.#at < this.#end && this.#peek() !== COMMA) throw this.#unexpected()

      items.push(item)
      if (items.length > 1 || this.#at < this.#end) this.#refuseInList(item)
      if (this.#at === this.#end) return items
      this.#at++
    }
  }

  #item(): FieldItem {
    const code = this.#peek()
    if (code === STAR) {
      this.#at++
      return this.#stepped('every', this.#spec.min, this.#spec.max)
    }
    if (this.#dialect.extended) {
      if (code === UPPER_H && this.#spec !== YEAR) return this.#hashed()
      if (code === UPPER_L && this.#spec === DAY_OF_MONTH) return this.#last()
    }

    const from = this.#value()
    if (this.#take(DASH)) return this.#range(from)
    if (this.#peek() === SLASH) return this.#stepped('rest', fold(from, this.#spec), this.#spec.max)
    return (
      this.#ofMonth(from) ?? {
        kind: 'value',
        from: fold(from, this.#spec),
        to: fold(from, this.#spec),
        step: 0,
      }
    )
  }

  #range(from: number): FieldItem {
    const to = this.#value()
    if (from <= to) return this.#stepped('range', from, to)

    const { min, max } = this.#spec
    const wrapped = `${from}-${max},${to === min ? to : `${min}-${to}`}`
    throw this.#fail(`${this.#shown()} runs backwards`, `write "${wrapped}"`)
  }

  /** An item with the step that follows, if one does. */
  #stepped(kind: FieldItem['kind'], from: number, to: number): FieldItem {
    return { kind, from, to, step: this.#take(SLASH) ? this.#step() : 0 }
  }

  #step(): number {
    const start = this.#at
    const step = this.#number()
    const { name, max } = this.#spec
    if (step >= 1 && step <= max) return step

    throw syntaxError(this.#text, start, name, `${name} step ${this.#slice(start)} is out of range 1-${max}`)
  }

  /** `H`: one value or one phase of a step, chosen by the seed. */
  #hashed(): FieldItem {
    const { name, min, maxHashed } = this.#spec
    const { seed } = this.#dialect
    if (seed === undefined)
      throw this.#fail(`${name} "H" needs a seed`, 'give the schedule a key, or pass the option seed')

    this.#at++
    let [from, to] = [min, maxHashed]
    const within = this.#take(OPEN)
    if (within) {
      from = this.#value()
      if (!this.#take(DASH)) throw this.#unexpected()
      to = this.#value()
      if (from > to) throw this.#fail(`${this.#shown()} runs backwards`)
      if (!this.#take(CLOSE)) throw this.#unexpected()
    }

    const step = this.#take(SLASH) ? this.#step() : 0
    const choices = step === 0 ? to - from + 1 : step
    if (choices > to - from + 1) throw this.#fail(`${name} step ${step} is longer than ${from}-${to}`)

    const first = from + stableHash(seed, name, choices)
    if (step === 0)
      return { kind: 'value', from: fold(first, this.#spec), to: fold(first, this.#spec), step: 0 }
    return { kind: 'range', from: first, to, step }
  }

  /** `L`, `L-n` or `LW`. */
  #last(): FieldItem {
    this.#at++
    if (this.#take(UPPER_W)) return { kind: 'workday', from: 0, to: 0, step: 0 }
    if (!this.#take(DASH)) return { kind: 'last', from: 0, to: 0, step: 0 }

    const start = this.#at
    const days = this.#number()
    if (days >= 1 && days <= 30) return { kind: 'last', from: days, to: 0, step: 0 }
    throw this.#fail(`${this.#spec.name} "L-n" takes 1 to 30 days, not ${this.#slice(start)}`)
  }

  /** What may follow a day and give it a meaning that depends on the month. */
  #ofMonth(day: number): FieldItem | undefined {
    if (!this.#dialect.extended) return undefined
    if (this.#spec === DAY_OF_MONTH) {
      return this.#take(UPPER_W) ? { kind: 'workday', from: day, to: 0, step: 0 } : undefined
    }
    if (this.#spec !== DAY_OF_WEEK) return undefined

    const weekday = fold(day, this.#spec)
    if (this.#take(UPPER_L)) return { kind: 'nth', from: weekday, to: 0, step: 0 }
    if (!this.#take(HASH)) return undefined
    if (this.#take(UPPER_L)) return { kind: 'nth', from: weekday, to: 0, step: 0 }

    const start = this.#at
    const nth = this.#number()
    if (nth >= 1 && nth <= 5) return { kind: 'nth', from: weekday, to: nth, step: 0 }
    throw this.#fail(
      `${this.#spec.name} "d#n" counts from 1 to 5, not ${this.#slice(start)}`,
      'write "d#L" for the last',
    )
  }

  /** A number within the field's range, or a name that stands for one. */
  #value(): number {
    const start = this.#at
    const { name, min, max, maxWritten } = this.#spec
    if (isLetter(this.#peek())) return this.#word()

    const value = this.#number()
    if (value >= min && value <= maxWritten) return value
    throw syntaxError(this.#text, start, name, `${name} ${this.#slice(start)} is out of range ${min}-${max}`)
  }

  #word(): number {
    const start = this.#at
    while (isLetter(this.#peek())) this.#at++
    if (this.#at === start + 4 && this.#text.charCodeAt(start + 3) === UPPER_L) this.#at--

    const { min, words } = this.#spec
    const word = this.#text.slice(start, this.#at).toUpperCase()
    const index = words.indexOf(word)
    if (index >= 0) return min + index

    this.#at = start
    const near =
      word.length > 12 ? undefined : (words.find((known) => word.startsWith(known)) ?? nearest(word, words))
    throw this.#unexpected(near === undefined ? undefined : `did you mean "${near}"?`)
  }

  /** Plain decimal digits; what is beyond any field's range stays beyond it. */
  #number(): number {
    const start = this.#at
    let value = 0
    for (;;) {
      const digit = this.#peek() - ZERO
      if (!(digit >= 0 && digit <= 9)) break
      value = Math.min(value * 10 + digit, 1_000_000)
      this.#at++
    }
    if (this.#at === start) throw this.#unexpected()
    return value
  }

  #isQuestionMark(): boolean {
    const isDay = this.#spec === DAY_OF_MONTH || this.#spec === DAY_OF_WEEK
    return this.#dialect.extended && isDay && this.#end === this.#at + 1 && this.#peek() === QUESTION
  }

  #refuseInList(item: FieldItem): void {
    const { name } = this.#spec
    if (item.kind === 'every' && item.step === 0)
      throw this.#fail(`${name} "*" stands alone, never in a list`)
    if (item.kind === 'workday') throw this.#fail(`${name} ${this.#shown()} stands alone, never in a list`)
  }

  /** The code of the next character, or NaN at the end of the field. */
  #peek(): number {
    return this.#at < this.#end ? this.#text.charCodeAt(this.#at) : Number.NaN
  }

  #take(code: number): boolean {
    const found = this.#peek() === code
    if (found) this.#at++
    return found
  }

  #fail(problem: string, suggestion?: string): CronSyntaxError {
    return syntaxError(this.#text, this.#start, this.#spec.name, problem, suggestion)
  }

  /** The item can't go on like this. */
  #unexpected(suggestion = this.#hint()): CronSyntaxError {
    const { name } = this.#spec
    const problem =
      this.#itemEnd() === this.#start
        ? `${name} has an empty list item`
        : `${name} ${this.#shown()} is not valid${this.#at < this.#end ? ` at ${quote(this.#text[this.#at]!)}` : ''}`
    return syntaxError(this.#text, this.#at, name, problem, suggestion)
  }

  /** What the field would take, in a few words. */
  #hint(): string {
    const { min, max, words } = this.#spec
    const names = words.length > 0 ? ` or ${words[0]}-${words.at(-1)}` : ''
    return `write *, */n, or a list of values ${min}-${max}${names}, ranges a-b and steps a-b/n`
  }

  #shown(): string {
    return quote(this.#text.slice(this.#start, this.#itemEnd()))
  }

  #slice(start: number): string {
    return quote(this.#text.slice(start, this.#at))
  }

  #itemEnd(): number {
    const comma = this.#text.indexOf(',', this.#start)
    return comma < 0 || comma > this.#end ? this.#end : comma
  }
}

const STAR = code('*')
const COMMA = code(',')
const DASH = code('-')
const SLASH = code('/')
const HASH = code('#')
const QUESTION = code('?')
const OPEN = code('(')
const CLOSE = code(')')
const ZERO = code('0')
const UPPER_H = code('H')
const UPPER_L = code('L')
const UPPER_W = code('W')

function code(character: string): number {
  return character.charCodeAt(0)
}

function isLetter(charCode: number): boolean {
  const upper = charCode & ~0x20
  return upper >= 0x41 && upper <= 0x5a
}

/** 7 in the day of week is 0. */
function fold(value: number, spec: FieldSpec): number {
  return value > spec.max ? spec.min : value
}
