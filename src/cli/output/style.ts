import { styleText } from 'node:util'
import type { Screen } from '../terminal.ts'

type Format = Parameters<typeof styleText>[0]

/** How text looks on one screen. */
export class Style {
  /** How wide a line may be; `undefined` when there is no limit. */
  readonly columns: number | undefined
  readonly #hasColors: boolean

  constructor({ columns, hasColors }: Pick<Screen, 'columns' | 'hasColors'>) {
    this.columns = columns
    this.#hasColors = hasColors
  }

  paint(format: Format, text: string): string {
    return this.#hasColors ? styleText(format, text, { validateStream: false }) : text
  }

  dim(text: string): string {
    return this.paint('dim', text)
  }

  bold(text: string): string {
    return this.paint('bold', text)
  }
}
