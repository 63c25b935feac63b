import { existsSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CarillonConfig } from '../carillon/define-config.ts'
import { ConfigError } from '../errors.ts'

/** A config file that was read. */
export interface ConfigFile {
  /** Its path, as people write it. */
  readonly path: string
  readonly config: CarillonConfig
}

const DEFAULT_NAMES = ['carillon.config.ts', 'carillon.config.js', 'carillon.config.mjs']

/** What Node's own TypeScript cannot do and jiti can: enums and parameter properties, imports without an extension. */
const BEYOND_NODE = [
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
]

/**
 * Reads the config file that was asked for; without one, that of the working directory, if there is any.
 *
 * @throws {ConfigError} naming the file and the cause
 */
export async function readConfigFile(
  asked: string | undefined,
  cwd: string,
): Promise<ConfigFile | undefined> {
  const name = asked ?? DEFAULT_NAMES.find((candidate) => existsSync(resolve(cwd, candidate)))
  if (name === undefined) return undefined

  const file = resolve(cwd, name)
  if (!existsSync(file))
    throw new ConfigError(`config file ${name}: there is no such file (looked for ${file})`)

  const path = asked ?? relative(cwd, file)
  return { path, config: configIn(await load(file, path), path) }
}

async function load(file: string, path: string): Promise<unknown> {
  try {
    return await loadModule(file)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError(`config file ${path}${lineIn(file, cause)}: ${message}`, { cause })
  }
}

/** Node itself reads most of TypeScript; where it cannot, jiti does. */
async function loadModule(file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && BEYOND_NODE.includes(String(error.code)))) throw error

    return loadWithJiti(file, error)
  }
}

async function loadWithJiti(file: string, nodeError: Error): Promise<unknown> {
  const { createJiti } = await import('jiti')
  try {
    return await createJiti(import.meta.url).import(file)
  } catch (error) {
    // A module that neither finds is not there; Node says so more clearly.
    const isMissing =
      error instanceof Error && 'code' in error && String(error.code).endsWith('MODULE_NOT_FOUND')
    throw isMissing ? nodeError : error
  }
}

/** The line of the file that an error points to, if it does. */
function lineIn(file: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const place = `${basename(file)}:`
  const line = /^\d+/.exec(stack.slice(stack.indexOf(place) + place.length))
  return stack.includes(place) && line !== null ? `, line ${line[0]}` : ''
}

function configIn(module: unknown, path: string): CarillonConfig {
  const config = (module as { default?: unknown }).default
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config

  throw new ConfigError(
    `config file ${path}: it has no default export that is an object; write export default defineConfig({ … })`,
  )
}
