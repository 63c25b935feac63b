import type { Logger } from 'carillon'

/** One line for each thing that happens, with the schedule that it is about. */
export const logger: Logger = {
  info: (fields, message) => write(fields, message),
  warn: (fields, message) => write(fields, message),
  error: (fields, message) => write(fields, message),
}

function write(fields: object, message: string): void {
  const { key, error } = fields as { key?: string; error?: { message?: string } }
  const cause = error?.message === undefined ? '' : `: ${error.message}`
  console.log(
    `${new Date().toLocaleTimeString('sv-SE')}  ${(key ?? 'carillon').padEnd(10)} ${message}${cause}`,
  )
}
