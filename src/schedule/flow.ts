import { hashOf } from '../cron/stable-hash.ts'

/**
 * What competes as one for workers that are behind: a number below 2^32 for a namespace. Should two namespaces have the same,
 * they share one turn.
 *
 * @see docs/design/runs.md
 */
export function flowOf(namespace: string): number {
  return hashOf(namespace)
}
