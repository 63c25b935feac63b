import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'

/** What one release of an owner's code declared. */
export interface Release {
  /** Stands for all that it declares. */
  readonly digest: string
  /** The one with the highest is in force. */
  readonly place: number
  /** Until when a process of it is taken to be alive. */
  readonly aliveUntil: Instant
}

/** A schedule that code declares. */
export interface DeclaredSchedule {
  readonly id: number
  readonly namespace: string
  readonly key: string
}

const DECLARED = sql.table('carillon_declared')

/** The tables of what code declares: whose each schedule is, and which releases there were. */
export class DeclarationTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** The releases of an owner that are remembered. */
  async releases(owner: string): Promise<Release[]> {
    const rows = await this.#sql
      .selectFrom('carillon_declarations')
      .selectAll()
      .where('owner', '=', owner)
      .orderBy('place', 'desc')
      .execute()
    return rows.map(({ digest, place, alive_until: aliveUntil }) => ({ digest, place, aliveUntil }))
  }

  /** Puts a release in force, and forgets all but the newest ones. */
  async putInForce(owner: string, release: Release, keep: number): Promise<void> {
    const { digest, place, aliveUntil } = release
    await this.#sql
      .deleteFrom('carillon_declarations')
      .where('owner', '=', owner)
      .where((eb) => eb.or([eb('digest', '=', digest), eb('place', '<=', place - keep)]))
      .execute()
    await this.#sql
      .insertInto('carillon_declarations')
      .values({ owner, digest, place, alive_until: aliveUntil })
      .execute()
  }

  /** Says that a process of a release is alive. */
  async keepAlive(owner: string, digest: string, until: Instant): Promise<void> {
    await this.#sql
      .updateTable('carillon_declarations')
      .set({ alive_until: until })
      .where('owner', '=', owner)
      .where('digest', '=', digest)
      .execute()
  }

  /** The living schedules that an owner has declared. */
  async schedulesOf(owner: string): Promise<DeclaredSchedule[]> {
    const { rows } = await sql<DeclaredSchedule>`
      select s.id, s.namespace, s.${sql.ref('key')} from ${DECLARED} as d
      join ${sql.table('carillon_schedules')} as s on s.id = d.schedule_id
      where d.owner = ${owner} and s.deleted_at = 0`.execute(this.#sql)
    return rows
  }

  /** Whose these schedules are, by their ids; those that nobody has declared are left out. */
  async ownersOf(ids: readonly number[]): Promise<Map<number, string>> {
    if (ids.length === 0) return new Map()
    const rows = await this.#sql
      .selectFrom('carillon_declared')
      .selectAll()
      .where('schedule_id', 'in', ids)
      .execute()
    return new Map(rows.map((row) => [row.schedule_id, row.owner]))
  }

  /** Says whose schedules these are. */
  async claim(owner: string, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    const rows = this.#flavor.rowList(
      { schedule_id: 'integer', owner: 'name' },
      ids.map((id) => [id, owner]),
    )
    await this.#flavor
      .insertMissing(
        'carillon_declared',
        ['schedule_id', 'owner'],
        sql`select r.schedule_id, r.owner from ${rows} as r`,
      )
      .execute(this.#sql)
  }
}
