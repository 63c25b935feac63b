import { randomBytes } from 'node:crypto'

/** A name that no other database has. */
export function uniqueDatabaseName(): string {
  return `carillon_${randomBytes(8).toString('hex')}`
}

/** The database that an address names. */
export function databaseName(address: string): string {
  return decodeURIComponent(new URL(address).pathname.slice(1))
}

/** The address of another database of the same server. */
export function withDatabase(address: string, name: string): string {
  const url = new URL(address)
  url.pathname = `/${encodeURIComponent(name)}`
  return url.href
}
