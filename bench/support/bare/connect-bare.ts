import type { Bare } from './bare.ts'
import { BareMysql } from './bare-mysql.ts'
import { BarePostgres } from './bare-postgres.ts'
import { BareSqlite } from './bare-sqlite.ts'

/** Opens the database of an address as Carillon takes it, past Carillon. */
export async function connectBare(address: string): Promise<Bare> {
  if (address.startsWith('sqlite:')) return new BareSqlite(address.slice('sqlite:'.length))
  return address.startsWith('mysql:') ? BareMysql.connect(address) : BarePostgres.connect(address)
}
