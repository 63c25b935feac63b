import type { Instant } from '../../clock/clock.ts'
import { TOKEN_SCOPES, type TokenScope } from '../../store/token-table.ts'

/** What somebody may do. */
export interface Grant {
  readonly scope: Scope
  /** The namespace that it is for; `null` for all. */
  readonly namespace: string | null
  /** The groups of schedules that it reaches; `null` for all. */
  readonly groups: readonly string[] | null
  /** The jobs of schedules that it reaches; `null` for all. */
  readonly jobs: readonly string[] | null
  /** Who acts, as changes tell it. */
  readonly actor: string
}

/** What a token allows that was verified. */
export interface TokenGrant extends Grant {
  /** Names the token, in logs for one; no secret. */
  readonly tokenId: string
  /** When it ends; `null` for never. */
  readonly expiresAt: Instant | null
}

/** Each one includes those before it. */
export type Scope = TokenScope

/** Whether the grant suffices for what needs this scope. */
export function may({ scope }: Pick<Grant, 'scope'>, needed: Scope): boolean {
  return TOKEN_SCOPES.indexOf(scope) >= TOKEN_SCOPES.indexOf(needed)
}

/** Who acts, to be counted: tokens are told apart by their names; what an application lets in itself, by who acts. */
export function senderOf(grant: Grant): string {
  return 'tokenId' in grant ? `token ${String(grant.tokenId)}` : `actor ${grant.namespace} ${grant.actor}`
}

/** Whether it reaches only some of the schedules of its namespace. */
export function isPartial({ groups, jobs }: Pick<Grant, 'groups' | 'jobs'>): boolean {
  return groups !== null || jobs !== null
}
