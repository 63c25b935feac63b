import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

/**
 * How late plain timers for these instants are, in milliseconds each. They run at the same time as what they are
 * compared with, on a thread of their own, so that they feel the same machine and not the same event loop.
 */
export function timerLateness(instants: readonly number[]): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: instants })
    thread.once('message', resolve)
    thread.once('error', reject)
  })
}

/** The wall clock with fractions of a millisecond. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now()
}

if (!isMainThread) {
  const instants = workerData as readonly number[]
  const late: number[] = []
  for (const instant of instants) {
    setTimeout(
      () => {
        late.push(preciseNow() - instant)
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        if (late.length === instants.length) parentPort?.postMessage(late)
      },
      Math.ceil(instant - preciseNow()),
    )
  }
}
