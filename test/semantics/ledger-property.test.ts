import fc from 'fast-check'
import { describe, it } from 'vitest'
import { Fleet } from './fleet.ts'
import { History } from './ledger-history.ts'
import type { Terms } from './ledger-model.ts'
import { KEPT_MS, life, type Life } from './ledger-steps.ts'
import { useWorld } from './support.ts'

const world = useWorld()
const AHEAD_MS = 10 * 60_000
const GIVEN = process.env['CARILLON_HISTORIES']
/** How many lives there are. */
const HISTORIES = Number(GIVEN ?? 80)
/** That of an earlier run, which this one is to repeat. The short form lives the same lives each time. */
const SEED = process.env['CARILLON_SEED'] ?? (GIVEN === undefined ? '1' : undefined)

/** What a life leaves behind: its history, its pauses, the minutes that its catch-up has used up. */
const LEFT_BEHIND = ['occurrences', 'pauses', 'paces']
/** What one leaves behind in which something was found. */
const ALL_LEFT_BEHIND = [...LEFT_BEHIND, 'owed', 'cursors', 'schedules']

let lives = 0
let isUntidy = false

async function live(fleet: Fleet, life: Life, terms: Terms): Promise<void> {
  await fleet.replaceDead()
  world.clock.jumpTo(life.bornAt)
  for (const table of isUntidy ? ALL_LEFT_BEHIND : LEFT_BEHIND)
    await world.sql(`delete from carillon_${table}`)

  isUntidy = true
  const history = await History.begin(fleet, `life-${lives++}`, life, terms)
  for (const step of life.steps) await history.take(step)
  await history.settleRuns()
  await history.take({ do: 'pass', outage: 0, ahead: AHEAD_MS, by: 0, crash: undefined })
  await history.check()
  await history.end(life.end)
  isUntidy = false
}

describe('whatever happens to a schedule, and whichever process dies over it', () => {
  it.each([
    ['at once', undefined, HISTORIES],
    ['at a rate', {}, Math.ceil(HISTORIES / 2)],
  ])(
    'every instant that its generations imply is in the ledger exactly once, where missed ones are caught up %s',
    { timeout: HISTORIES * 1_000 },
    async (_, catchUp, numRuns) => {
      const fleet = await Fleet.start(world, { catchUp, keepHistory: KEPT_MS })
      try {
        const terms = { aheadMs: AHEAD_MS, owes: catchUp !== undefined }
        const property = fc.asyncProperty(life, (one) => live(fleet, one, terms))
        await fc.assert(property, { numRuns, ...(SEED !== undefined && { seed: Number(SEED) }) })
        if (GIVEN !== undefined)
          process.stdout.write(`${numRuns} lives: ${JSON.stringify(Object.fromEntries(fleet.counts))}\n`)
      } finally {
        await fleet.close()
      }
    },
  )
})
