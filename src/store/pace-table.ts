import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'

/** Rows that one transaction at a time may hold, by their names: how far something has come, or whose turn it is. */
export class PaceTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** Holds a pace to the end of the transaction, and waits for it. @returns how far it has come */
  async hold(name: string): Promise<Instant> {
    return (await this.#hold(name, this.#flavor.forUpdate)) ?? 0
  }

  /** The same, without waiting; `undefined` when somebody else holds it. */
  async holdFree(name: string): Promise<Instant | undefined> {
    return this.#hold(name, this.#flavor.forUpdateSkipLocked)
  }

  async keep(name: string, until: Instant): Promise<void> {
    await this.#sql.updateTable('carillon_paces').set({ until_at: until }).where('name', '=', name).execute()
  }

  async #hold(name: string, how: Flavor['forUpdate']): Promise<Instant | undefined> {
    const find = () =>
      this.#sql
        .selectFrom('carillon_paces')
        .select('until_at')
        .where('name', '=', name)
        .modifyEnd(how)
        .executeTakeFirst()
    const found = await find()
    if (found !== undefined) return found.until_at
    const row = this.#flavor.rowList({ name: 'name' }, [[name]])
    await this.#flavor
      .insertMissing('carillon_paces', ['name'], sql`select r.name from ${row} as r`)
      .execute(this.#sql)
    return (await find())?.until_at
  }
}
