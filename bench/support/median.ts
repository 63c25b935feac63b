/** The middle of the samples; of an even number, the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  return (quantile(samples, 0.5) + quantile(samples, 0.5, Math.ceil)) / 2
}

/**
 * The sample below which the share `q` of all lies.
 *
 * @param q from 0 to 1; 1 is the largest sample
 * @param round which way to go between two samples
 */
export function quantile(samples: readonly number[], q: number, round = Math.floor): number {
  if (samples.length === 0) throw new RangeError('no samples')
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[round((sorted.length - 1) * q)]!
}
