/** Does its work once and says how long that took, in milliseconds; setting up and checking are not part of it. */
export type Contestant = () => Promise<number>

/**
 * Lets contestants take turns, so that what else the machine does hits all of them alike. The order turns around from
 * round to round, and one round before the first warms up and does not count.
 *
 * @returns for each contestant its times, one a round
 */
export async function interleave<Name extends string>(
  rounds: number,
  contestants: Readonly<Record<Name, Contestant>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed()
    for (const name of order) {
      const ms = await contestants[name]()
      if (round > 0) times[name].push(ms)
    }
  }
  return times
}

/** How long `work` takes, in milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
