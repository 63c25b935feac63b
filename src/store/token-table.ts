import type { Selectable } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { TokensTable } from '../sql/schema.ts'
import type { Sql } from '../sql/sql-database.ts'

/** What a token allows; each scope includes those before it. */
export type TokenScope = 'read' | 'write' | 'admin'

export const TOKEN_SCOPES: readonly TokenScope[] = ['read', 'write', 'admin']

/** A token, without its secret. */
export interface NewToken {
  readonly id: string
  /** The SHA-256 of its secret, in base64url. */
  readonly hash: string
  readonly label: string
  readonly scope: TokenScope
  /** The namespace that it is for; `null` for all. */
  readonly namespace: string | null
  /** The groups of schedules that it reaches; `null` for all. */
  readonly groups: readonly string[] | null
  /** The jobs of schedules that it reaches; `null` for all. */
  readonly jobs: readonly string[] | null
  readonly createdAt: Instant
  readonly createdBy: string | null
  readonly expiresAt: Instant | null
}

/** A token as it was stored, and what has become of it. */
export interface TokenRecord extends NewToken {
  readonly revokedAt: Instant | null
  /** 0 when it was never used. */
  readonly lastUsedAt: Instant
}

/** The table of tokens. */
export class TokenTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  async insert(token: NewToken): Promise<void> {
    await this.#sql
      .insertInto('carillon_tokens')
      .values({
        id: token.id,
        hash: token.hash,
        label: token.label,
        scope: token.scope,
        namespace: token.namespace,
        groups: toText(token.groups),
        jobs: toText(token.jobs),
        created_at: token.createdAt,
        created_by: token.createdBy,
        expires_at: token.expiresAt,
        revoked_at: null,
        last_used_at: 0,
      })
      .execute()
  }

  async find(id: string): Promise<TokenRecord | undefined> {
    const row = await this.#byId(id).executeTakeFirst()
    return row && toRecord(row)
  }

  /** The same, held to the end of the transaction. */
  async hold(id: string): Promise<TokenRecord | undefined> {
    const row = await this.#byId(id).modifyEnd(this.#flavor.forUpdate).executeTakeFirst()
    return row && toRecord(row)
  }

  /** All of them, oldest first. */
  async list(): Promise<TokenRecord[]> {
    const rows = await this.#sql
      .selectFrom('carillon_tokens')
      .selectAll()
      .orderBy('created_at')
      .orderBy('id')
      .execute()
    return rows.map(toRecord)
  }

  async revoke(id: string, now: Instant): Promise<void> {
    await this.#sql
      .updateTable('carillon_tokens')
      .set({ revoked_at: now })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .execute()
  }

  /** Writes down that it was used, unless that was done after `before`. */
  async use(id: string, now: Instant, before: Instant): Promise<void> {
    await this.#sql
      .updateTable('carillon_tokens')
      .set({ last_used_at: now })
      .where('id', '=', id)
      .where('last_used_at', '<=', before)
      .execute()
  }

  #byId(id: string) {
    return this.#sql.selectFrom('carillon_tokens').selectAll().where('id', '=', id)
  }
}

function toRecord(row: Selectable<TokensTable>): TokenRecord {
  return {
    id: row.id,
    hash: row.hash,
    label: row.label,
    scope: row.scope as TokenScope,
    namespace: row.namespace,
    groups: toNames(row.groups),
    jobs: toNames(row.jobs),
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }
}

function toText(names: readonly string[] | null): string | null {
  return names === null ? null : JSON.stringify(names)
}

/** A list that was damaged must not become one without limits: it reaches nothing. */
function toNames(text: string | null): readonly string[] | null {
  if (text === null) return null
  try {
    const names: unknown = JSON.parse(text)
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
  } catch {
    return []
  }
}
