import type { Clock, Instant } from './clock.ts'

/** Resolves at `instant`, or as soon as `signal` is aborted; it never rejects, so look at the signal afterwards. */
export function waitUntil(clock: Clock, instant: Instant, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()

    const done = () => {
      alarm.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const alarm = clock.alarmAt(instant, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/**
 * Resolves with what `work` gives, or with `undefined` once `instant` has come or `signal` is aborted. The work itself
 * goes on.
 */
export async function waitAtMost<T>(
  clock: Clock,
  instant: Instant,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const abort = new AbortController()
  const end = signal === undefined ? abort.signal : AbortSignal.any([abort.signal, signal])
  try {
    return await Promise.race([work, waitUntil(clock, instant, end).then(() => undefined)])
  } finally {
    abort.abort()
  }
}
