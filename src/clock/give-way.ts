import { setImmediate } from 'node:timers/promises'

/**
 * Lets timers, signals and requests have their turn. An embedded database answers without ever leaving the microtasks,
 * so work that goes from one query to the next would keep everything else waiting.
 */
export async function giveWay(): Promise<void> {
  await setImmediate()
}
