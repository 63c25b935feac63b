import type { Carillon } from '../carillon/carillon.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { DriverError, UnknownJobError } from '../errors.ts'
import type { Call, GlobalOptions } from './invocation.ts'
import { cliLogger } from './output/cli-logger.ts'
import { openCarillon } from './open-carillon.ts'
import { readSetup, type Setup } from './setup.ts'

/** An open database, and the schedules of the namespace that was asked for. */
export interface Session {
  readonly carillon: Carillon
  readonly catalog: Catalog
  /** Whether this is the empty database in memory, on which bad input shows before anything is written. */
  readonly isRehearsal: boolean
  /** Whether the config file allows commands. */
  readonly allowsCommands: boolean
}

/** Does `work` on a database that must be there already, and closes it. */
export async function onExisting<T>(call: Call<object>, work: (session: Session) => Promise<T>): Promise<T> {
  const setup = await readSetup(call.options, call.terminal)
  requireDatabase(setup)
  return using(setup, call, work)
}

/**
 * Does `work` on a database that is created when there is none, and closes it. A database that is not there yet is only
 * created once the work has succeeded on an empty one in memory: bad input must not leave a file behind.
 */
export async function onCreated<T>(call: Call<object>, work: (session: Session) => Promise<T>): Promise<T> {
  const setup = await readSetup(call.options, call.terminal)
  if (!setup.database.exists) {
    await using rehearsal = await openCarillon({ ...setup.options, database: 'sqlite::memory:' })
    const session = { ...sessionOf(rehearsal, setup, call.options), isRehearsal: true }
    await withHint(setup, () => work(session))
  }
  return using(setup, call, work)
}

/** Does `work` that writes nothing: on the database, or on an empty one in memory when there is none yet. */
export async function onPresent<T>(call: Call<object>, work: (session: Session) => Promise<T>): Promise<T> {
  const setup = await readSetup(call.options, call.terminal)
  if (setup.database.exists) return using(setup, call, work)
  return using({ ...setup, options: { ...setup.options, database: 'sqlite::memory:' } }, call, work)
}

/** @throws {DriverError} when there is no database: reading from one that was just created would only hide a typing error */
function requireDatabase({ database }: Setup): void {
  if (database.exists) return

  const hint = database.isDefault
    ? 'give --database or CARILLON_DATABASE, or create it with carillon schedule add or carillon start'
    : 'check the address, or create it with carillon migrate'
  throw new DriverError(`there is no database at ${database.shown}: ${hint}`, { retryable: false })
}

/** The schedules of the namespace that was asked for. */
export function catalogOf(carillon: Carillon, { namespace }: GlobalOptions): Catalog {
  return namespace === undefined ? carillon : carillon.namespace(namespace)
}

async function using<T>(
  setup: Setup,
  { options: asked, output, terminal }: Call<object>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { options, database } = setup
  if (database.isDefault) output.note((style) => style.dim(`database: ${database.shown}, the default`))

  const logger = options.logger ?? cliLogger(output, terminal.clock)
  await using carillon = await openCarillon({ ...options, logger })
  return await withHint(setup, () => work(sessionOf(carillon, setup, asked)))
}

/** A job that is not known is often one of a config file that was not found. */
async function withHint<T>({ configPath }: Setup, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof UnknownJobError) || configPath !== undefined) throw error
    const hint = 'there is no carillon.config.ts here, and --config names none'
    throw new UnknownJobError(`${error.message}; ${hint}`, error.job)
  }
}

function sessionOf(carillon: Carillon, { options }: Setup, asked: GlobalOptions): Session {
  const allowsCommands = options.allowCommands ?? false
  return { carillon, catalog: catalogOf(carillon, asked), isRehearsal: false, allowsCommands }
}
