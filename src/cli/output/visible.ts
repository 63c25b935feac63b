import { randomInt } from 'node:crypto'

/**
 * Marks the escape sequences that are our own, so that those in keys, notes, errors and outputs can be told from them:
 * whoever wrote such a text cannot know it. Terminals are shown the sequences without it.
 */
const MARK = Array.from({ length: 4 }, () => randomInt(1_000, 10_000)).join(';')
const MARKED = `\u001B[${MARK};`
const OWN = new RegExp(`\\u001B\\[${MARK};(\\d+)m`, 'g')

/** What moves the cursor, changes colours, or turns the reading direction, instead of being seen; and our own marks. */
const UNSEEN = new RegExp(
  `\\u001B\\[${MARK};\\d+m|[\\u0000-\\u001F\\u007F-\\u009F\\u2028-\\u202E\\u2066-\\u2069]`,
  'g',
)

const NAMED: Readonly<Record<string, string>> = { '\n': '⏎', '\r': '\\r', '\t': '\\t' }

/** A style sequence of our own, such as `\x1b[1m`, marked. */
export function marked(sequence: string): string {
  return sequence.replaceAll('\u001B[', MARKED)
}

/** The text on one line, with what would not be seen written out: `\x1b`, `⏎`, `\u202e`. */
export function oneLine(text: string): string {
  return text.replaceAll(UNSEEN, (found) => (found.length > 1 ? found : escaped(found)))
}

/** As `oneLine`, but for line ends and tabs, which stay as they are. */
export function lines(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(UNSEEN, (found) => (found.length > 1 || /[\n\t]/.test(found) ? found : escaped(found)))
}

/** What a terminal is shown: our own style sequences without their mark. */
export function unmarked(text: string): string {
  return text.replaceAll(OWN, '\u001B[$1m')
}

function escaped(char: string): string {
  const code = char.charCodeAt(0)
  const hex = code.toString(16)
  return NAMED[char] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`)
}
