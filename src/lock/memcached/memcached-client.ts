import { ConfigError } from '../../errors.ts'

/** What of a client of `memcache-client` is called. */
export interface MemcachedClient {
  readonly options: { readonly server: unknown }
  add(key: string, value: string, options: { lifetime: number }): Promise<unknown>
  gets(key: string): Promise<unknown>
  cas(key: string, value: string, options: { lifetime: number; casUniq: string }): Promise<unknown>
  delete(key: string): Promise<unknown>
  cmd(line: string): Promise<unknown>
}

/** An item as it was found, with the number of the write that made it. */
export interface MemcachedItem {
  readonly value: string
  readonly written: string
}

/** What a server tells of its clock, in whole seconds. */
export interface MemcachedTime {
  readonly startedAt: number
  readonly now: number
}

/** The commands that locks need. The client throws what is a normal negative answer; here that is a value. */
export class MemcachedCommands {
  readonly #client: MemcachedClient

  /** @throws {ConfigError} when it is no client, or one of several servers */
  constructor(client: MemcachedClient) {
    if (!isClient(client))
      throw new ConfigError('the Memcached client is none of "memcache-client": give `new MemcacheClient(…)`')

    const count = serverCount(client)
    if (count > 1) {
      throw new ConfigError(
        `the Memcached client has ${count} servers and asks any of them: give it the one that keeps the locks`,
      )
    }
    this.#client = client
  }

  /** @returns whether it was stored, since there was none */
  async add(key: string, value: string, lifetime: number): Promise<boolean> {
    return isDone(this.#client.add(key, value, { lifetime }), 'NOT_STORED')
  }

  async read(key: string): Promise<MemcachedItem | undefined> {
    const found = (await this.#client.gets(key)) as { value: string; casUniq: string } | undefined
    return found && { value: found.value, written: found.casUniq }
  }

  /** @returns whether it was stored, since nobody has written since `written` */
  async replace(key: string, value: string, lifetime: number, written: string): Promise<boolean> {
    return isDone(this.#client.cas(key, value, { lifetime, casUniq: written }), 'EXISTS', 'NOT_FOUND')
  }

  /** @returns whether there was one */
  async delete(key: string): Promise<boolean> {
    return isDone(this.#client.delete(key), 'NOT_FOUND')
  }

  async time(): Promise<MemcachedTime> {
    const { STAT = [] } = (await this.#client.cmd('stats')) as { STAT?: [name: string, value: string][] }
    const stats = new Map(STAT.map(([name, value]) => [name, Number(value)]))
    const [now, uptime] = [stats.get('time'), stats.get('uptime')]
    if (now === undefined || uptime === undefined) throw new Error('the server does not tell its time')
    return { startedAt: now - uptime, now }
  }
}

async function isDone(command: Promise<unknown>, ...refusals: readonly string[]): Promise<boolean> {
  try {
    await command
    return true
  } catch (error) {
    if (refusals.includes((error as Error).message)) return false
    throw error
  }
}

function isClient(client: unknown): client is MemcachedClient {
  if (client === null || typeof client !== 'object') return false
  return ['add', 'gets', 'cas', 'delete', 'cmd'].every(
    (name) => typeof Reflect.get(client, name) === 'function',
  )
}

function serverCount({ options }: MemcachedClient): number {
  const servers = (options?.server as { servers?: unknown } | undefined)?.servers
  return Array.isArray(servers) ? servers.length : 1
}
