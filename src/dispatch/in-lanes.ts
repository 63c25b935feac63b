/**
 * Runs a lane, and one more whenever one of them finds more to do than it takes up at once: while one writes, another
 * prepares. All of them come to their ends, also when one fails: nothing goes on behind the back of who asked.
 *
 * @param most how many lanes at most
 * @param lane is given what opens a further one
 * @returns what the lanes gave
 * @throws what the first of them failed with
 */
export async function inLanes<T>(most: number, lane: (onFull: () => void) => Promise<T>): Promise<T[]> {
  const lanes: Promise<PromiseSettledResult<T>[]>[] = []
  const open = () => {
    if (lanes.length < most) lanes.push(Promise.allSettled([lane(open)]))
  }
  open()

  const results: T[] = []
  const errors: unknown[] = []
  // The list grows while it is gone through.
  for (const ended of lanes) {
    for (const end of await ended) {
      if (end.status === 'fulfilled') results.push(end.value)
      else errors.push(end.reason)
    }
  }
  if (errors.length > 0) throw errors[0]
  return results
}
