import { inject } from 'vitest'
import { createMariadbDatabase, dropMariadbDatabase } from '../support/servers/mariadb-database.ts'
import { MemcachedServer } from '../support/servers/memcached-server.ts'
import { createPostgresDatabase, dropPostgresDatabase } from '../support/servers/postgres-database.ts'
import { RedisServer } from '../support/servers/redis-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openLocks, type LockKind } from './open-locks.ts'

/** Where the servers of a test have their locks; it ends with the test. */
export interface LockServer extends AsyncDisposable {
  readonly kind: LockKind
  readonly address: string
}

/** CARILLON_LOCKS=redis,postgres chooses the kinds. */
export function chosenKinds(byDefault: readonly LockKind[]): readonly LockKind[] {
  const chosen = process.env['CARILLON_LOCKS']
  return chosen === undefined ? byDefault : (chosen.split(',') as LockKind[])
}

export async function startLockServer(kind: LockKind): Promise<LockServer> {
  await using stack = new AsyncDisposableStack()
  const address = await start(kind, stack)
  // Databases get their tables here, and a young Memcached is waited for.
  await using locks = await openLocks(kind, address)
  await locks.acquire('ready', 'test', 1)
  const running = stack.move()
  return { kind, address, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function start(kind: LockKind, stack: AsyncDisposableStack): Promise<string> {
  switch (kind) {
    case 'redis':
      return stack.use(await RedisServer.start()).address
    case 'memcached':
      return stack.use(await MemcachedServer.start()).address
    case 'postgres': {
      const server = inject('postgresAddress')
      return stack.adopt(await createPostgresDatabase(server), (address) =>
        dropPostgresDatabase(server, address),
      )
    }
    case 'mysql': {
      const server = inject('mariadbAddress')
      return stack.adopt(await createMariadbDatabase(server), (address) =>
        dropMariadbDatabase(server, address),
      )
    }
    case 'sqlite':
      return `sqlite:${stack.use(temporaryFolder()).file('locks.db')}`
  }
}
