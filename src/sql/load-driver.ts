import { ConfigError } from '../errors.ts'

/**
 * Loads the package that speaks to a database.
 *
 * @throws {ConfigError} when it is not installed
 */
export async function loadDriver<T>(load: () => Promise<T>, name: string, database: string): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new ConfigError(`${database} needs the package ${name}: npm install ${name}`, { cause })
  }
}
