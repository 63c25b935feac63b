/** Milliseconds since some moment of this process's start; no setting of the machine's clock moves it. */
export function monotonicMs(): number {
  return performance.now()
}
