import { inspect } from 'node:util'
import type { Instant } from '../clock/clock.ts'
import { toJson, type Json } from '../schedule/json.ts'
import type { KeptLine, KeptLog } from '../store/told-details.ts'

/** What is kept of a run's lines: those at the beginning, which say what it set out to do, and those at the end. */
const FIRST = { lines: 20, bytes: 4 * 1024 }
const LAST = { lines: 80, bytes: 12 * 1024 }
const LINE_BYTES = 1024
const MESSAGE_BYTES = 768

/** The first lines of a log and the last ones, in bounded memory. Sizes are those of the JSON, in bytes of UTF-8. */
export class BoundedLog {
  readonly #first: KeptLine[] = []
  #firstBytes = 0
  #isFirstFull = false
  #last: Sized[] = []
  #lastBytes = 0
  #dropped = 0

  add(line: KeptLine): void {
    const bytes = bytesOf(line)
    this.#isFirstFull ||= this.#first.length === FIRST.lines || this.#firstBytes + bytes > FIRST.bytes
    if (!this.#isFirstFull) {
      this.#first.push(line)
      this.#firstBytes += bytes
      return
    }

    this.#last.push({ line, bytes })
    this.#lastBytes += bytes
    while (this.#last.length > LAST.lines || this.#lastBytes > LAST.bytes) {
      this.#lastBytes -= this.#last.shift()!.bytes
      this.#dropped++
    }
  }

  /** What is kept of it by now. */
  get kept(): KeptLog {
    return { first: [...this.#first], dropped: this.#dropped, last: this.#last.map(({ line }) => line) }
  }
}

interface Sized {
  readonly line: KeptLine
  readonly bytes: number
}

/**
 * A line as it is kept, of 1 KiB at most: a long message is cut, and fields that find no room are left out. Handlers log
 * anything, so nothing is taken for granted, not even that it can be read.
 */
export function keptLine(level: KeptLine['level'], fields: unknown, message: unknown, at: Instant): KeptLine {
  // Called the other way round, or with a message alone, it is to be of use all the same.
  const isText = typeof fields === 'string'
  const text = isText
    ? [fields, message]
        .filter((part) => part !== undefined)
        .map(plainText)
        .join(' ')
    : plainText(message)
  const short = cutText(text, MESSAGE_BYTES)
  const line: Mutable<KeptLine> = { at, level, message: short }
  let isCut = short !== text

  let kept: readonly [string, Json][] = []
  for (const field of isText ? [] : entriesOf(fields)) {
    const wider = [...kept, field]
    if (bytesOf({ ...line, fields: Object.fromEntries(wider), isCut: true }) > LINE_BYTES) isCut = true
    else kept = wider
  }
  if (kept.length > 0) line.fields = Object.fromEntries(kept)
  if (isCut) line.isCut = true
  return line
}

type Mutable<T> = { -readonly [P in keyof T]: T[P] }

/** What of the fields JSON can carry; of an error, what it says. */
function entriesOf(fields: unknown): [string, Json][] {
  try {
    if (fields instanceof Error) return [['error', errorText(fields)]]
    if (typeof fields !== 'object' || fields === null) return []
    return Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
      if (value === undefined) return []
      if (value instanceof Error) return [[name, errorText(value)] as [string, Json]]
      const json = toJson(typeof value === 'bigint' ? value.toString() : value)
      return json === undefined ? [] : [[name, json.json] as [string, Json]]
    })
  } catch {
    return []
  }
}

function errorText({ name, message }: Error): string {
  return `${name}: ${message}`
}

function plainText(value: unknown): string {
  try {
    return typeof value === 'string' ? value : value === undefined ? '' : inspect(value)
  } catch {
    return ''
  }
}

/** The text, cut so that its JSON has at most so many bytes. */
function cutText(text: string, bytes: number): string {
  // No character is shorter in JSON than one byte.
  if (text.length <= bytes && bytesOf(text) <= bytes) return text

  let short = ''
  let left = bytes - bytesOf('…')
  for (const character of text) {
    left -= bytesOf(character) - QUOTES
    if (left < 0) break
    short += character
  }
  return `${short}…`
}

const QUOTES = 2

function bytesOf(value: object | string): number {
  return Buffer.byteLength(JSON.stringify(value))
}
