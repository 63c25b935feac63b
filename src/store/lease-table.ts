import type { Instant } from '../clock/clock.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'

/** A lock with an owner and an end. */
export interface Lease {
  readonly name: string
  readonly owner: string
  /** Rises with every grant of this name: what carries an older one comes from an earlier owner. */
  readonly token: number
  readonly acquiredAt: Instant
  readonly expiresAt: Instant
}

/** How long after its end a lease is remembered at least. */
const KEPT_MS = 3_600_000

/**
 * The table of leases. Tokens of a name keep rising: each is one more than the last, and the first is the time, in
 * microseconds, so that a name whose row was pruned goes on above what it had.
 */
export class LeaseTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /**
   * Takes a lease that is free or has expired. Must run inside a transaction.
   *
   * @returns the lease, or the one that stands in the way
   */
  async acquire(
    name: string,
    owner: string,
    now: Instant,
    ttlMs: number,
  ): Promise<{ granted: boolean; lease: Lease }> {
    const row = await this.#sql
      .selectFrom('carillon_leases')
      .selectAll()
      .where('name', '=', name)
      .modifyEnd(this.#flavor.forUpdate)
      .executeTakeFirst()
    if (row?.owner != null && row.expires_at > now)
      return { granted: false, lease: toLease({ ...row, owner: row.owner }) }

    const grant = { owner, token: (row?.token ?? now * 1_000) + 1, acquired_at: now, expires_at: now + ttlMs }
    // Two that are the first to ask for a name both find no row to lock: the primary key refuses the second.
    if (row === undefined)
      await this.#sql
        .insertInto('carillon_leases')
        .values({ name, ...grant })
        .execute()
    else await this.#sql.updateTable('carillon_leases').set(grant).where('name', '=', name).execute()
    return { granted: true, lease: toLease({ name, ...grant }) }
  }

  /** Moves the end of a lease that this owner holds under this token. @returns whether it does */
  async extend(
    lease: Pick<Lease, 'name' | 'owner' | 'token'>,
    now: Instant,
    ttlMs: number,
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.#sql
      .updateTable('carillon_leases')
      .set({ expires_at: now + ttlMs })
      .where('name', '=', lease.name)
      .where('owner', '=', lease.owner)
      .where('token', '=', lease.token)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow()
    return numUpdatedRows > 0n
  }

  /** Gives a lease back. @returns whether this owner still held it under this token */
  async release(lease: Pick<Lease, 'name' | 'owner' | 'token'>, now: Instant): Promise<boolean> {
    const { numUpdatedRows } = await this.#sql
      .updateTable('carillon_leases')
      .set({ owner: null })
      .where('name', '=', lease.name)
      .where('owner', '=', lease.owner)
      .where('token', '=', lease.token)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow()
    return numUpdatedRows > 0n
  }

  /** Forgets leases that ended long ago. Most names are of one instant, and never asked for again. */
  async prune(now: Instant): Promise<void> {
    await this.#sql
      .deleteFrom('carillon_leases')
      .where('expires_at', '<', now - KEPT_MS)
      .execute()
  }

  /** The lease in force under this name, if any. */
  async inspect(name: string, now: Instant): Promise<Lease | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_leases')
      .selectAll()
      .where('name', '=', name)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    return row?.owner == null ? undefined : toLease({ ...row, owner: row.owner })
  }
}

function toLease(row: {
  name: string
  owner: string
  token: number
  acquired_at: number
  expires_at: number
}): Lease {
  const { name, owner, token } = row
  return { name, owner, token, acquiredAt: row.acquired_at, expiresAt: row.expires_at }
}
