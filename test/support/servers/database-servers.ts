import type { TestProject } from 'vitest/node'
import { MariadbServer } from './mariadb-server.ts'
import { PostgresServer } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL server on which tests create databases; the address is that of its database `postgres`. */
    readonly postgresAddress: string
    /** A MariaDB server on which tests create databases; the address is that of its database `mysql`. */
    readonly mariadbAddress: string
  }
}

/**
 * Starts the database servers that all tests of a run share, unless CARILLON_TEST_POSTGRES or CARILLON_TEST_MYSQL has
 * the address of one to use instead. They end with the run, however it ends.
 *
 * A test makes itself a database on one: `await createPostgresDatabase(inject('postgresAddress'))`.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using stack = new AsyncDisposableStack()
  const [postgres, mariadb] = await Promise.allSettled([
    postgresAddress(stack, process.env['CARILLON_TEST_POSTGRES']),
    mariadbAddress(stack, process.env['CARILLON_TEST_MYSQL']),
  ])
  if (postgres.status === 'rejected') throw postgres.reason
  if (mariadb.status === 'rejected') throw mariadb.reason

  project.provide('postgresAddress', postgres.value)
  project.provide('mariadbAddress', mariadb.value)

  const running = stack.move()
  return async () => running.disposeAsync()
}

async function postgresAddress(stack: AsyncDisposableStack, given = ''): Promise<string> {
  return given === '' ? stack.use(await PostgresServer.start()).address : given
}

async function mariadbAddress(stack: AsyncDisposableStack, given = ''): Promise<string> {
  return given === '' ? stack.use(await MariadbServer.start()).address : given
}
