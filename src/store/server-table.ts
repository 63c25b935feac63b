import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'

/** A server that has started. */
export interface ServerRecord {
  readonly name: string
  readonly roles: readonly string[]
  readonly startedAt: Instant
  /** When it was heard of last. */
  readonly seenAt: Instant
  /** How many runs were under way in it then. */
  readonly running: number
}

/** The table of servers: for people to look at, nothing is decided by it. */
export class ServerTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** Writes down that a server lives; a row that somebody took away comes back. */
  async keep({ name, roles, startedAt, seenAt, running }: ServerRecord): Promise<void> {
    const values = {
      roles: roles.join(' '),
      started_at: startedAt,
      seen_at: seenAt,
      running,
    }
    const { numUpdatedRows } = await this.#sql
      .updateTable('carillon_servers')
      .set(values)
      .where('name', '=', name)
      .executeTakeFirst()
    if (numUpdatedRows > 0n) return
    const row = sql`select ${this.#flavor.text(name)}, ${this.#flavor.text(values.roles)},
      ${this.#flavor.integer(startedAt)}, ${this.#flavor.integer(seenAt)}, ${this.#flavor.integer(running)}`
    await this.#flavor
      .insertMissing('carillon_servers', ['name', 'roles', 'started_at', 'seen_at', 'running'], row)
      .execute(this.#sql)
  }

  /** A server has stopped. */
  async forget(name: string): Promise<void> {
    await this.#sql.deleteFrom('carillon_servers').where('name', '=', name).execute()
  }

  /** All of them, by name. */
  async list(): Promise<ServerRecord[]> {
    const rows = await this.#sql.selectFrom('carillon_servers').selectAll().orderBy('name').execute()
    return rows.map(({ name, roles, started_at: startedAt, seen_at: seenAt, running }) => {
      return { name, roles: roles.split(' '), startedAt, seenAt, running }
    })
  }

  /** Forgets those that were not heard of since an instant. */
  async prune(seenBefore: Instant): Promise<void> {
    await this.#sql.deleteFrom('carillon_servers').where('seen_at', '<', seenBefore).execute()
  }
}
