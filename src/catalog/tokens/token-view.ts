import type { Instant } from '../../clock/clock.ts'
import type { TokenRecord, TokenScope } from '../../store/token-table.ts'

/** Whether a token opens anything: `expired` and `revoked` ones do not, nor ever will. */
export type TokenState = 'in-force' | 'expired' | 'revoked'

/** A token as it is described to those who manage them; its secret is nowhere. */
export interface Token {
  /** Names it; no secret. */
  readonly id: string
  readonly label: string
  readonly scope: TokenScope
  readonly state: TokenState
  /** The namespace that it is for; `undefined` for all. */
  readonly namespace: string | undefined
  /** The groups of schedules that it reaches; `undefined` for all. */
  readonly groups: readonly string[] | undefined
  /** The jobs of schedules that it reaches; `undefined` for all. */
  readonly jobs: readonly string[] | undefined
  readonly createdAt: Date
  readonly createdBy: string | undefined
  readonly expiresAt: Date | undefined
  readonly revokedAt: Date | undefined
  /** To the minute; `undefined` when it was never used. */
  readonly lastUsedAt: Date | undefined
}

/** The description of a stored token at an instant. */
export function describeToken(record: TokenRecord, now: Instant): Token {
  return {
    id: record.id,
    label: record.label,
    scope: record.scope,
    state: stateOf(record, now),
    namespace: record.namespace ?? undefined,
    groups: record.groups ?? undefined,
    jobs: record.jobs ?? undefined,
    createdAt: new Date(record.createdAt),
    createdBy: record.createdBy ?? undefined,
    expiresAt: dateOf(record.expiresAt),
    revokedAt: dateOf(record.revokedAt),
    lastUsedAt: dateOf(record.lastUsedAt || null),
  }
}

/** What has become of a token; a revoked one stays that. */
export function stateOf({ revokedAt, expiresAt }: TokenRecord, now: Instant): TokenState {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'in-force'
}

function dateOf(instant: Instant | null): Date | undefined {
  return instant === null ? undefined : new Date(instant)
}
