// oxlint-disable no-restricted-globals -- the client runs in browsers, without the clock of the server

/** Waits, or rejects with the reason of the signal. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>

export const wait: Wait = async (ms, signal) => {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const stop = () => reject(signal!.reason as Error)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

/** A signal that is aborted after a time, unless it is told that there is no more need to. */
export function deadline(ms: number): { readonly signal: AbortSignal; readonly lift: () => void } {
  const controller = new AbortController()
  const why = new DOMException(`there was no answer within ${ms} ms`, 'TimeoutError')
  const timer = setTimeout(() => controller.abort(why), ms)
  return { signal: controller.signal, lift: () => clearTimeout(timer) }
}
