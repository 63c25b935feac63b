/** What would end a line, or act on a terminal instead of being seen. */
const UNSEEN = /[\p{Cc}\u2028-\u202E\u2066-\u2069]/gu

/** The text on one line, with what would not be seen written out as `\u000a`. */
export function oneLineOf(text: string): string {
  return text.replaceAll(UNSEEN, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Whether a text can stand in one line of a file that people look at; a tab can. */
export function fitsOnLine(text: string): boolean {
  return oneLineOf(text.replaceAll('\t', ' ')) === text.replaceAll('\t', ' ')
}
