import { hash } from 'node:crypto'
import type { Instant } from '../clock/clock.ts'

/** Who does something, and what they say about it. */
export interface Author {
  readonly actor: string | null
  readonly note: string | null
}

/** Carillon itself, at an instant that somebody has set before. */
export const NOBODY: Author = { actor: null, note: null }

/** Which schedules a pause of many covers. */
export interface Scope {
  /** `null` for all of them. */
  readonly namespace: string | null
  /** `null` for all schedules, whatever their group. */
  readonly group: string | null
}

/** An operator's pause of a schedule. */
export interface Pause extends Author {
  readonly at: Instant
  /** When it ends by itself. */
  readonly until: Instant | null
  /** The pause of many that it is part of. */
  readonly scope: Scope | null
  /** Whether the definition, too, keeps the schedule from running (`active: false`), which outlasts the pause. */
  readonly isInactive: boolean
}

/** A pause in the columns of a schedule's row. */
export interface StoredPause {
  readonly pause: string | null
  readonly pause_scope: string | null
  readonly paused_until: Instant | null
}

export const NO_PAUSE: StoredPause = { pause: null, pause_scope: null, paused_until: null }

export function storedPause(pause: Pause | null): StoredPause {
  if (pause === null) return NO_PAUSE
  const { until, ...rest } = pause
  const scope = pause.scope && scopeKey(pause.scope)
  return { pause: JSON.stringify(rest), pause_scope: scope, paused_until: until }
}

export function parsePause({
  pause,
  paused_until,
}: Pick<StoredPause, 'pause' | 'paused_until'>): Pause | null {
  return pause === null ? null : { ...(JSON.parse(pause) as Omit<Pause, 'until'>), until: paused_until }
}

/** 160 bits, as much as nobody finds twice. */
const KEY_LENGTH = 27

/** What stands for a scope in a database: 27 characters of base64url. */
export function scopeKey({ namespace, group }: Scope): string {
  return hash('sha256', JSON.stringify([namespace, group]), 'base64url').slice(0, KEY_LENGTH)
}

export function sameScope(a: Scope, b: Scope): boolean {
  return a.namespace === b.namespace && a.group === b.group
}
