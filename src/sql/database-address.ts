import { ConfigError } from '../errors.ts'

/** What a database address says. */
export type DatabaseAddress = { readonly kind: 'sqlite'; readonly file: string } | ServerAddress

export interface ServerAddress {
  readonly kind: 'postgres' | 'mysql'
  /** The URL for the driver, without what is ours. */
  readonly url: string
  readonly schema: string | undefined
  readonly tablePrefix: string | undefined
  /** How many connections at most. */
  readonly connections: number | undefined
}

const SERVERS: Readonly<Record<string, ServerAddress['kind']>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
}

/**
 * What a database address says.
 *
 * @throws {ConfigError} when it is not of a known form
 */
export function parseAddress(address: string): DatabaseAddress {
  const file = /^sqlite:(?<file>.+)$/s.exec(address)?.groups?.file
  if (file !== undefined && !file.includes('\u0000')) return { kind: 'sqlite', file: fromUrl(file) }

  const url = URL.canParse(address) ? new URL(address) : undefined
  const kind = url && SERVERS[url.protocol]
  if (url !== undefined && kind !== undefined) return serverAddress(kind, url)

  throw new ConfigError(
    `"${withoutPassword(address)}" is not a database address: give sqlite:<file>, as in sqlite:./carillon.db, ` +
      'or postgres://user@host/database, or mysql://user@host/database',
  )
}

/** What of an address may be shown: the names, and no parameter but ours. */
export function withoutPassword(address: string): string {
  if (address.startsWith('sqlite:')) return address
  if (!URL.canParse(address) || !address.includes('://')) return hidden(address)

  const { protocol, username, host, pathname, searchParams } = new URL(address)
  const shown = OURS.filter((name) => searchParams.has(name)).map(
    (name) => `${name}=${searchParams.get(name)}`,
  )
  const user = username === '' ? '' : `${username}@`
  return `${protocol}//${user}${host}${pathname}${shown.length === 0 ? '' : `?${shown.join('&')}`}`
}

/** Of what cannot be read, nothing that might be a password. */
function hidden(address: string): string {
  const isHarmless = /^[\w.\\/-]*$/.test(address)
  return isHarmless ? address : `${/^\w*/.exec(address)![0]}…`
}

const OURS = ['schema', 'tablePrefix', 'connections']

function serverAddress(kind: ServerAddress['kind'], url: URL): ServerAddress {
  if (kind === 'mysql') {
    url.protocol = 'mysql:'
    if (url.pathname.length < 2)
      throw new ConfigError(
        `"${withoutPassword(url.href)}" names no database: add it, as in mysql://user@host/app`,
      )
  }
  const take = (name: string) => {
    const value = url.searchParams.get(name) ?? undefined
    url.searchParams.delete(name)
    return value
  }
  const [schema, tablePrefix, connections] = OURS.map(take)
  return {
    kind,
    url: url.href,
    schema,
    tablePrefix,
    connections: connections === undefined ? undefined : Number(connections),
  }
}

/** `sqlite:///var/lib/x.db` is the URL form of `sqlite:/var/lib/x.db`. */
function fromUrl(file: string): string {
  return file.startsWith('///') ? file.slice(2) : file
}
