import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below what Linux and macOS give to outgoing connections. A server that restarts must find its port free, and a port
// out of that range could meanwhile have become the near end of somebody's connection: even of a client that dials it.
const lowest = 15_000
const beyond = 30_000

/** A loopback port on which nobody listens now, and which the system will not give to an outgoing connection. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, beyond)
    if (await canListen(port)) return port
  }
}

/**
 * Starts something on a free port, on another one when somebody takes it in between.
 *
 * @param start rejects with a message that contains "address already in use", in any case, if the port is taken
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort())
    } catch (error) {
      const taken = /address already in use/i.test(String(error))
      if (!taken || attempt === 5) throw error
    }
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)))
  })
}
