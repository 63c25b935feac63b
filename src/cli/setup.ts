import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { resolveOptions, type CarillonOptions } from '../carillon/options.ts'
import { CarillonError, ConfigError } from '../errors.ts'
import { parseAddress } from '../sql/database-address.ts'
import { readConfigFile } from './config-file.ts'
import type { GlobalOptions } from './invocation.ts'
import type { Terminal } from './terminal.ts'

const DEFAULT_DATABASE = 'sqlite:./carillon.db'

/** What the command line, the environment and the config file say together. Nothing is opened yet. */
export interface Setup {
  readonly options: CarillonOptions
  readonly configPath: string | undefined
  readonly database: DatabasePlace
}

/** Where the schedules live. */
export interface DatabasePlace {
  readonly address: string
  /** Whether nobody said where, so that it is the default. */
  readonly isDefault: boolean
  /** Whether it is there already. */
  readonly exists: boolean
  /** The address with the whole path, where there is one, for people. */
  readonly shown: string
}

/**
 * Puts together what the command line (`--database`), the environment (`CARILLON_DATABASE`) and the config file say, in
 * this order, and checks it.
 *
 * @throws {ConfigError} when something of it is not valid
 */
export async function readSetup(
  { database, config: asked }: GlobalOptions,
  { cwd, env }: Terminal,
): Promise<Setup> {
  const file = await readConfigFile(asked, cwd)
  const given = database ?? (env.CARILLON_DATABASE || undefined) ?? file?.config.database
  const address = given ?? DEFAULT_DATABASE

  const options: CarillonOptions = { ...file?.config, database: address }
  checkOptions(options, file?.path)
  return { options, configPath: file?.path, database: placeOf(address, given === undefined, cwd) }
}

function checkOptions(options: CarillonOptions, configPath: string | undefined): void {
  try {
    resolveOptions(options)
  } catch (error) {
    if (configPath === undefined || !(error instanceof CarillonError)) throw error
    throw new ConfigError(`config file ${configPath}: ${error.message}`, { cause: error })
  }
}

function placeOf(address: string, isDefault: boolean, cwd: string): DatabasePlace {
  const { file } = parseAddress(address)
  if (file === ':memory:') return { address, isDefault, exists: true, shown: address }

  const path = resolve(cwd, file)
  const shown = path === file ? address : `${address} (${path})`
  return { address, isDefault, exists: existsSync(path), shown }
}
