import type { LockStore } from '../lock/lock-store.ts'
import type { DatabaseInput } from '../sql/database-input.ts'
import { Store } from '../store/store.ts'
import { LeaseLocks } from './lease-locks.ts'

/**
 * Locks in a database, in the tables that schedules have too; they are brought up to date. The clock of the database
 * decides; on SQLite, which has none, that of the machine.
 *
 * @param database its address, as in `postgres://…`, or a pool of the application's
 * @throws {ConfigError | DriverError | SchemaTooNewError} as `Carillon.open`
 */
export async function databaseLocks(database: DatabaseInput): Promise<LockStore> {
  const store = await Store.open(database)
  return new LeaseLocks(store, () => store.close())
}
