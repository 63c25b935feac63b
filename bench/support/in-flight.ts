/** Does `work` for 0, 1, 2 … `count` - 1, always `width` at a time. */
export async function inFlight(
  width: number,
  count: number,
  work: (i: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: width }, lane))
}
