import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'

/** Something that is to be done once, however often it is asked for. */
export interface RequestRef {
  /** 27 characters of base64url: a digest of the name under which it is asked for, and of who asks. */
  readonly id: string
  /** The same of what is asked for. */
  readonly fingerprint: string
  /** Names the one try that does it. */
  readonly claim: string
}

/** What whoever asked was told. */
export interface KeptAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A request as it is remembered. */
export interface RequestRecord extends RequestRef {
  readonly claimedAt: Instant
  /** `undefined` while it is under way, and when its server died before it could be kept. */
  readonly answer: KeptAnswer | undefined
}

const COLUMNS = { id: 'digest', fingerprint: 'digest', claim: 'name', claimed_at: 'integer' } as const

/** The table of what was asked for under a name. */
export class RequestTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /**
   * Takes a request for one try, in the transaction that does what is asked for. Another try that has begun is waited for.
   *
   * @returns the request as it stands: with this claim, or with that of the one who was first
   */
  async claim({ id, fingerprint, claim }: RequestRef, now: Instant): Promise<RequestRecord> {
    const rows = this.#flavor.rowList(COLUMNS, [[id, fingerprint, claim, now]])
    await this.#flavor
      .insertMissing(
        'carillon_requests',
        Object.keys(COLUMNS),
        sql`select r.id, r.fingerprint, r.claim, r.claimed_at from ${rows} as r`,
      )
      .execute(this.#sql)
    return (await this.find(id))!
  }

  async find(id: string): Promise<RequestRecord | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_requests')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined) return undefined
    const { fingerprint, claim, claimed_at: claimedAt, status, headers, body } = row
    const answer =
      status === null
        ? undefined
        : { status, headers: JSON.parse(headers!) as KeptAnswer['headers'], body: body! }
    return { id, fingerprint, claim, claimedAt, answer }
  }

  /** Keeps what was answered, if this try is the one that did it. */
  async keep({ id, claim }: RequestRef, { status, headers, body }: KeptAnswer): Promise<void> {
    await this.#sql
      .updateTable('carillon_requests')
      .set({ status, headers: JSON.stringify(headers), body })
      .where('id', '=', id)
      .where('claim', '=', claim)
      .execute()
  }

  /** Forgets up to `limit` that were claimed before an instant. */
  async prune(claimedBefore: Instant, limit: number): Promise<void> {
    const old = await this.#sql
      .selectFrom('carillon_requests')
      .select('id')
      .where('claimed_at', '<', claimedBefore)
      .orderBy('claimed_at')
      .limit(limit)
      .execute()
    if (old.length === 0) return
    const rows = this.#flavor.rowList(
      { id: 'digest' },
      old.map(({ id }) => [id]),
    )
    await this.#flavor.delete({ table: 'carillon_requests', primaryKey: ['id'], rows }).execute(this.#sql)
  }
}
