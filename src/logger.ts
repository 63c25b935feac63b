/** Where Carillon writes what happens: pino, console, or anything of this shape. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A logger that adds these fields to every line. */
export function withFields(logger: Logger, fields: object): Logger {
  return {
    info: (more, message) => logger.info({ ...fields, ...more }, message),
    warn: (more, message) => logger.warn({ ...fields, ...more }, message),
    error: (more, message) => logger.error({ ...fields, ...more }, message),
  }
}

/** A logger that throws must not decide what becomes of a run. */
export function guarded(logger: Logger): Logger {
  const guard = (level: keyof Logger) => (fields: object, message: string) => {
    try {
      logger[level](fields, message)
    } catch {
      // There is nobody to tell.
    }
  }
  return { info: guard('info'), warn: guard('warn'), error: guard('error') }
}

/** Writes warnings and errors to standard error, and nothing else. */
export const consoleLogger: Logger = {
  info: () => {},
  warn: (fields, message) => write('warn', fields, message),
  error: (fields, message) => write('error', fields, message),
}

function write(level: string, fields: object, message: string): void {
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${format(value)}`)
  process.stderr.write(`carillon ${level}: ${message}${details.join('')}\n`)
}

function format(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message)
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
}
