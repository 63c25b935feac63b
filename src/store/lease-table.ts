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
   * @param clock is read once the lease is held: to wait for it takes time
   * @returns the lease, or the one that stands in the way; and what time it was
   */
  async acquire(
    name: string,
    owner: string,
    clock: () => Promise<Instant>,
    ttlMs: number,
  ): Promise<{ granted: boolean; lease: Lease; at: Instant }> {
    const row = await this.#hold(name)
    const at = await clock()
    if (row?.owner != null && row.expires_at > at)
      return { granted: false, lease: toLease({ ...row, owner: row.owner }), at }

    const grant = { owner, token: (row?.token ?? at * 1_000) + 1, acquired_at: at, expires_at: at + ttlMs }
    // Two that are the first to ask for a name both find no row to lock: the primary key refuses the second.
    if (row === undefined)
      await this.#sql
        .insertInto('carillon_leases')
        .values({ name, ...grant })
        .execute()
    else await this.#sql.updateTable('carillon_leases').set(grant).where('name', '=', name).execute()
    return { granted: true, lease: toLease({ name, ...grant }), at }
  }

  /** Moves the end of a lease that this owner holds under this token. @returns it; `undefined` where it does not */
  async extend(
    proof: Pick<Lease, 'name' | 'owner' | 'token'>,
    clock: () => Promise<Instant>,
    ttlMs: number,
  ): Promise<Lease | undefined> {
    const row = await this.#holdUnder(proof, clock)
    if (row === undefined) return undefined
    const expires_at = row.at + ttlMs
    await this.#sql
      .updateTable('carillon_leases')
      .set({ expires_at })
      .where('name', '=', proof.name)
      .execute()
    return { ...row.lease, expiresAt: expires_at }
  }

  /** Gives a lease back. @returns whether this owner still held it under this token */
  async release(
    proof: Pick<Lease, 'name' | 'owner' | 'token'>,
    clock: () => Promise<Instant>,
  ): Promise<boolean> {
    if ((await this.#holdUnder(proof, clock)) === undefined) return false
    await this.#sql
      .updateTable('carillon_leases')
      .set({ owner: null })
      .where('name', '=', proof.name)
      .execute()
    return true
  }

  /** The lease, which nobody changes before the end of the transaction, if it is in force under this proof. */
  async #holdUnder(
    { name, owner, token }: Pick<Lease, 'name' | 'owner' | 'token'>,
    clock: () => Promise<Instant>,
  ): Promise<{ lease: Lease; at: Instant } | undefined> {
    const row = await this.#hold(name)
    if (row === undefined || row.owner !== owner || row.token !== token) return undefined
    const at = await clock()
    return row.expires_at > at ? { lease: toLease({ ...row, owner }), at } : undefined
  }

  async #hold(name: string) {
    return this.#sql
      .selectFrom('carillon_leases')
      .selectAll()
      .where('name', '=', name)
      .modifyEnd(this.#flavor.forUpdate)
      .executeTakeFirst()
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
