import { withoutSecrets } from '../../catalog/tokens/token-text.ts'
import { CarillonError } from '../../errors.ts'
import type { Terminal } from '../terminal.ts'
import { Style } from './style.ts'
import { lines, oneLine, unmarked } from './visible.ts'

/**
 * How answers and errors get to the caller: as text for people, or as JSON for programs. What people are shown holds no
 * control characters but line ends and our own colours, whatever is in keys, notes and outputs.
 */
export class Output {
  readonly isJson: boolean
  readonly #terminal: Terminal

  constructor(terminal: Terminal, isJson: boolean) {
    this.#terminal = terminal
    this.isJson = isJson
  }

  /** The answer of a command: `value` as JSON, or the text that `render` makes of it. */
  answer(value: unknown, render: (style: Style) => string): void {
    const { stdout } = this.#terminal
    if (this.isJson) stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
    else stdout.write(`${unmarked(lines(render(new Style(stdout))))}\n`)
  }

  /** A remark for people, beside the answer, on one line. */
  note(render: (style: Style) => string): void {
    const { stderr } = this.#terminal
    if (!this.isJson) stderr.write(`${unmarked(oneLine(render(new Style(stderr))))}\n`)
  }

  /** One line of a log, on standard error. */
  log(fields: object, render: (style: Style) => string): void {
    const { stderr } = this.#terminal
    if (this.isJson) stderr.write(`${JSON.stringify(fields)}\n`)
    else stderr.write(`${unmarked(oneLine(render(new Style(stderr))))}\n`)
  }

  /** One line that names the cause, without secrets. The stack follows only when CARILLON_DEBUG is set. */
  error(error: unknown): void {
    const { stderr, env } = this.#terminal
    const isDebug = env.CARILLON_DEBUG !== undefined && env.CARILLON_DEBUG !== ''
    if (this.isJson)
      stderr.write(withoutSecrets(`${JSON.stringify({ error: describeError(error, isDebug) })}\n`))
    else this.note((style) => `${style.paint('red', 'carillon:')} ${withoutSecrets(messageOf(error))}`)
    if (isDebug && !this.isJson && error instanceof Error) stderr.write(withoutSecrets(lines(stackOf(error))))
  }
}

function describeError(error: unknown, isDebug: boolean): object {
  const message = messageOf(error)
  const stack = isDebug && error instanceof Error ? { stack: stackOf(error) } : {}
  if (!(error instanceof CarillonError)) return { code: 'UNEXPECTED', message, ...stack }

  const fields = Object.entries(error).filter(([name]) => name !== 'name')
  return { ...Object.fromEntries(fields), message, ...stack }
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const line = message.trim().replaceAll(/\s*\n\s*/g, ' ')
  return error instanceof CarillonError ? line : `unexpected error: ${line} (CARILLON_DEBUG=1 shows where)`
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `caused by ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}\n${cause}`
}
