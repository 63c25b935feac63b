import { freemem, loadavg, totalmem } from 'node:os'
import { defineJob } from 'carillon'
import { z } from 'zod'
import { append, between } from './measurements.ts'

/** Measures this machine, and appends what it finds to a file. */
export const measure = defineJob('measure', {
  async handle({ occurrence, log }) {
    const [load = 0] = loadavg()
    const freeMemory = freemem() / totalmem()
    await append({ at: occurrence.nominalAt.toISOString(), load, freeMemory })

    log.info({}, `load ${load.toFixed(2)}, ${percent(freeMemory)} of memory free`)
    return { load, freeMemory }
  },
})

/** Sums up the measurements of the minutes before its nominal instant: the same ones, however late it runs. */
export const summarise = defineJob('summarise', {
  payload: z.object({ minutes: z.int().min(1) }),
  async handle({ payload, occurrence, log }) {
    const until = occurrence.nominalAt
    const since = new Date(until.valueOf() - payload.minutes * 60_000)
    const measurements = await between(since, until)
    if (measurements.length === 0) return { measurements: 0 }

    const loads = measurements.map(({ load }) => load)
    const summary = { measurements: loads.length, meanLoad: mean(loads), highestLoad: Math.max(...loads) }
    log.info(
      {},
      `${summary.measurements} measurements, mean load ${summary.meanLoad.toFixed(2)}, highest ${summary.highestLoad.toFixed(2)}`,
    )
    return summary
  },
})

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}
