import type { Instant } from '../../clock/clock.ts'
import type { Release } from '../../store/declaration-table.ts'

/** What a process does about what its code declares. */
export type ReleaseDecision =
  /** It puts its own in force. */
  | { readonly kind: 'apply'; readonly place: number }
  /** Its own is in force. */
  | { readonly kind: 'keep' }
  /** A newer release is in force and alive: it looks again then. */
  | { readonly kind: 'wait'; readonly until: Instant }

/**
 * Decides which of two releases that run side by side has its way: the one that came last, as long as any process of it is
 * alive. So a deployment changes what is declared once, whichever of its processes start again, and one that is rolled back
 * gives way when the last of them is gone.
 *
 * @param releases those of the owner that are remembered
 * @param digest what this process declares
 */
export function decideRelease(releases: readonly Release[], digest: string, now: Instant): ReleaseDecision {
  const newest = releases.reduce<Release | undefined>(
    (best, one) => (best === undefined || one.place > best.place ? one : best),
    undefined,
  )
  if (newest === undefined) return { kind: 'apply', place: 1 }
  if (newest.digest === digest) return { kind: 'keep' }
  const isNew = releases.every((one) => one.digest !== digest)
  if (isNew || newest.aliveUntil <= now) return { kind: 'apply', place: newest.place + 1 }
  return { kind: 'wait', until: newest.aliveUntil }
}
