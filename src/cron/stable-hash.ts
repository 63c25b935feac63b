import type { FieldName } from './field.ts'

/**
 * A number from 0 to `count - 1` that depends on the seed and the field alone. Different fields of one seed are
 * independent.
 */
export function stableHash(seed: string, field: FieldName, count: number): number {
  return hashOf(field, '\0', seed) % count
}

/**
 * A whole number below 2^32 that depends on these texts, one behind the other, alone: the same on every server, in every
 * process and in every release.
 *
 * FNV-1a over the UTF-16 code units, then the finalizer of MurmurHash3, so that texts that differ in their last
 * character spread as well.
 */
export function hashOf(...texts: readonly string[]): number {
  let hash = 0x811c9dc5
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }

  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
