import { createHash } from 'node:crypto'

/**
 * The delay of a schedule's runs within its spread window, in milliseconds: stable for the namespace and key on every
 * machine and through every restart, and even over the window for many keys.
 */
export function spreadOffsetMs(namespace: string, key: string, spreadMs: number): number {
  if (spreadMs === 0) return 0

  const hash = createHash('sha256').update(`${namespace}\u0000${key}`).digest().readUInt32BE(0)
  return Math.floor((hash / 2 ** 32) * spreadMs)
}
