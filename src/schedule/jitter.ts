import { hash } from 'node:crypto'
import type { Instant } from '../clock/clock.ts'
import type { ScheduleIdentity } from './schedule-identity.ts'

/** What delays each occurrence of a schedule by another amount. */
export interface Jitter {
  /** All delays are shorter than this, in milliseconds. */
  readonly withinMs: number
  /** Stands for the schedule that the delays are drawn for: 32 bits of a digest. */
  readonly seed: number
}

export function jitterOf({ namespace, key }: ScheduleIdentity, withinMs: number): Jitter {
  const seed = hash('sha256', `${namespace}\u0000${key}\u0000jitter`, 'buffer').readInt32BE(0)
  return { withinMs, seed }
}

/**
 * The delay of one occurrence, in milliseconds: stable for its schedule and nominal instant on every machine, through
 * every restart and in every release, and even over the window for many instants as for many schedules.
 */
export function jitterMs({ withinMs, seed }: Jitter, nominalAt: Instant): number {
  // A second-long interval draws 86,400 a day, so this is arithmetic rather than a digest.
  const drawn = mixed(seed ^ mixed(nominalAt ^ mixed(Math.floor(nominalAt / 2 ** 32)))) >>> 0
  return Math.floor((drawn / 2 ** 32) * withinMs)
}

/** The finalizer of MurmurHash3: each bit that goes in changes half of those that come out. */
function mixed(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
