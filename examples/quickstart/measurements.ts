import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One look at this machine. */
export interface Measurement {
  readonly at: string
  /** Processes that want to run, averaged over a minute. */
  readonly load: number
  /** The part of memory that is free, 0 to 1. */
  readonly freeMemory: number
}

/** Where measurements are kept, one JSON object a line. */
export const MEASUREMENTS_FILE =
  process.env.MEASUREMENTS_FILE ?? join(import.meta.dirname, 'measurements.jsonl')

export async function append(measurement: Measurement): Promise<void> {
  await appendFile(MEASUREMENTS_FILE, `${JSON.stringify(measurement)}\n`)
}

/** The measurements later than `since` and not later than `until`. */
export async function between(since: Date, until: Date): Promise<Measurement[]> {
  const text = await readFile(MEASUREMENTS_FILE, 'utf8').catch(() => '')
  const lines = text.split('\n').filter((line) => line !== '')
  return lines
    .map((line) => JSON.parse(line) as Measurement)
    .filter(({ at }) => new Date(at) > since && new Date(at) <= until)
}
