import { setTimeout as sleep } from 'node:timers/promises'
import { defineJob, type Carillon, type Job, type ScheduleOptions } from '../../../src/index.ts'
import type { EventLog } from './event-log.ts'
import type { Fate } from './fate.ts'

/** What runs, and does so until the end. */
export const STEADY = names('steady', 5)
/** What fails at its first attempt, and is tried again. */
export const FAILING = names('failing', 3)
/** What the test changes all the time, and knows what became of it. */
export const CHANGED = names('changed', 3)
/** What processes change that die over it. */
export const SHAKEN = names('shaken', 3)

/** Short: a process that dies has planned, sent and promoted within seconds. */
export const TIMES = { ahead: '6s', interval: '1s' } as const

/** How long handlers take: some of them are at work whenever a process dies. */
const SHORTEST_MS = 20
const LONGEST_MS = 400

interface Payload {
  /** Whether the first attempt fails. */
  readonly fails?: boolean
}

/** @param fate none in the process that only changes schedules */
export function workJob(fate: Fate | undefined, log: EventLog | undefined): Job<Payload | null> {
  return defineJob<Payload | null>('work', {
    handle: async ({ payload, occurrence, signal }) => {
      const { id, attempt, key, dueAt } = occurrence
      log?.write({ event: 'begin', id, attempt, key, dueAt: dueAt.getTime() })
      fate?.reach('run: begun')
      const fails = payload?.fails === true && attempt === 1
      // Those that fail do so together, so that several are to be sent again at a time.
      const halfMs = fails ? SHORTEST_MS : (SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS)) / 2
      try {
        await sleep(halfMs, undefined, { signal })
        fate?.reach('run: half done')
        await sleep(halfMs, undefined, { signal })
      } catch (error) {
        log?.write({ event: 'abort', id, attempt })
        throw error
      }
      log?.write({ event: fails ? 'fail' : 'end', id, attempt })
      if (fails) throw new Error('as planned')
    },
  })
}

/** A schedule as it is stored at first, and again after it was deleted. */
export function scheduleOf(key: string): ScheduleOptions {
  const common = { key, job: 'work', catchUp: '1h' } as const
  if (!FAILING.includes(key)) return { ...common, every: '1s' }
  const backoff = { initial: '1s', factor: 2 }
  return { ...common, every: '1s', payload: { fails: true }, retries: 3, backoff }
}

/** A run at one instant, soon. */
export function onceOf(number: number, inMs: number): ScheduleOptions {
  return { key: `once-${number}`, at: Date.now() + inMs, job: 'work', catchUp: '1h' }
}

const CHANGES = ['pause', 'resume', 'faster', 'slower', 'delete', 'store', 'store', 'trigger'] as const
export type Change = (typeof CHANGES)[number]

/** One change of one of these schedules, whatever its state is. @returns what it was */
export async function changeAtRandom(
  cron: Carillon,
  keys: readonly string[],
  random: () => number,
): Promise<{ key: string; change: Change }> {
  const key = keys[Math.floor(random() * keys.length)]!
  const change = CHANGES[Math.floor(random() * CHANGES.length)]!
  if (change === 'store') await cron.schedule(scheduleOf(key))
  if (change === 'delete') await cron.delete(key)
  if ((await cron.describe(key)) === undefined) return { key, change: 'delete' }

  if (change === 'pause') await cron.pause(key)
  if (change === 'resume') await cron.resume(key)
  if (change === 'faster') await cron.patch(key, { every: '1s' })
  if (change === 'slower') await cron.patch(key, { every: '2s' })
  if (change === 'trigger') await cron.trigger(key)
  return { key, change }
}

function names(what: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${what}-${i}`)
}
