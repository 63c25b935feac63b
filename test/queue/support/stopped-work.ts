import { expect } from 'vitest'
import { Crash, type Stop } from '../../interleaving/support/stage.ts'
import type { OutboxActor } from './outbox-actor.ts'

/** The commit of what changed the ledger. */
const COMMIT = { at: /^commit/, after: /carillon_occurrences/ }

/** Work that stands still, and what it will have given. */
export interface StoppedWork<T> {
  readonly stop: Stop
  readonly done: Promise<T>
}

/** Work of an actor that stands still, before its commit unless told otherwise. */
export async function open<T>(
  { stage }: OutboxActor,
  work: () => Promise<T>,
  cue = COMMIT,
): Promise<StoppedWork<T>> {
  const stop = stage.stop(cue)
  const done = work()
  await stop.reached
  return { stop, done }
}

/** Ends it there, as a process that is killed. */
export async function crash({ stop, done }: StoppedWork<unknown>): Promise<void> {
  stop.crash()
  await expect(done).rejects.toThrow(Crash)
}
