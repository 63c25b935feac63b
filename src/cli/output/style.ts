import { styleText } from 'node:util'
import type { Screen } from '../terminal.ts'
import { marked } from './visible.ts'

type Format = Parameters<typeof styleText>[0]

/** How text looks on one screen. Its sequences are marked as our own until `Output` writes them. */
export class Style {
  /** How wide a line may be; `undefined` when there is no limit. */
  readonly columns: number | undefined
  readonly #hasColors: boolean

  constructor({ columns, hasColors }: Pick<Screen, 'columns' | 'hasColors'>) {
    this.columns = columns
    this.#hasColors = hasColors
  }

  paint(format: Format, text: string): string {
    if (!this.#hasColors) return text
    const [open = '', close = ''] = styleText(format, '|', { validateStream: false }).split('|')
    return marked(open) + text + marked(close)
  }

  dim(text: string): string {
    return this.paint('dim', text)
  }

  bold(text: string): string {
    return this.paint('bold', text)
  }
}
