import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { resolveOptions, type CarillonOptions } from '../carillon/options.ts'
import { CarillonError, ConfigError } from '../errors.ts'
import { withoutPassword } from '../sql/database-address.ts'
import { chooseDatabase, type DatabaseInput } from '../sql/database-input.ts'
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
  readonly input: DatabaseInput
  /** The address, without secrets. */
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
  const place = given ?? DEFAULT_DATABASE

  const options: CarillonOptions = { ...file?.config, database: place }
  checkOptions(options, file?.path)
  return { options, configPath: file?.path, database: placeOf(place, given === undefined, cwd) }
}

function checkOptions(options: CarillonOptions, configPath: string | undefined): void {
  try {
    resolveOptions(options)
  } catch (error) {
    if (configPath === undefined || !(error instanceof CarillonError)) throw error
    throw new ConfigError(`config file ${configPath}: ${error.message}`, { cause: error })
  }
}

function placeOf(input: DatabaseInput, isDefault: boolean, cwd: string): DatabasePlace {
  const choice = chooseDatabase(input)
  const address =
    typeof input === 'string' ? withoutPassword(input) : `the ${choice.kind} pool of the config file`
  // Whether a server is there, and has the tables, shows when it is opened.
  if (choice.kind !== 'sqlite' || choice.file === ':memory:')
    return { input, address, isDefault, exists: true, shown: address }

  const { file } = choice
  const path = resolve(cwd, file)
  const shown = path === file ? address : `${address} (${path})`
  return { input, address, isDefault, exists: existsSync(path), shown }
}
