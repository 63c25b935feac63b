import type { ServerConnection, ServerPool } from './server-driver.ts'

/**
 * A pool of one connection, which the application has a transaction on. Who asks for it waits until the one before has
 * given it back: calls that are made side by side must not meet inside one transaction.
 *
 * @param open makes a connection that calls `release` when it is given back
 */
export function soleConnection(open: (release: () => void) => ServerConnection): ServerPool {
  let last: Promise<void> = Promise.resolve()
  return {
    async connect() {
      const before = last
      const { promise, resolve } = Promise.withResolvers<void>()
      last = promise
      await before
      return open(resolve)
    },
    end: async () => {},
  }
}
