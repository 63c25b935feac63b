import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from 'pg'
import type { Slots } from '../../../src/sql/slots.ts'
import { seededRandom } from '../../cluster/random.ts'
import { withPostgres } from '../../support/servers/postgres-database.ts'
import { until } from '../../support/until.ts'
import { installAudit, readAudit } from './audit.ts'
import { Campaign } from './campaign.ts'
import { Editor } from './editor.ts'
import { readNotes } from './event-log.ts'
import { countOpen, countWithdrawals, readGenerations, readLedger } from './ledger.ts'
import { MemberProcess } from './member-process.ts'
import type { Places, QueueKind } from './queue-kind.ts'
import { stepsOf } from './steps.ts'
import { reachedIn, tell } from './tally.ts'
import { judge } from './verdict.ts'

export interface TrialOptions {
  readonly kind: QueueKind
  readonly places: Places
  /** How many processes die. */
  readonly rounds: number
  readonly seed: number
  /** Whether somebody must have died at each step. */
  readonly isThorough: boolean
  /** How many trials let processes die at a time; others wait until all has ended. */
  readonly slots: Slots
}

/** What a trial has shown. */
export interface Outcome {
  /** What must not be, with what is known of it. */
  readonly problems: readonly string[]
  readonly report: string
}

const LEASE_MS = 3_000
/** Longer than it takes until what was sent and did not begin has been sent twice more. */
const DRAIN_MS = 300_000

/** Lets processes die while others go on, waits until all has ended that is due, and judges what happened. */
export async function tryFaults(options: TrialOptions): Promise<Outcome> {
  const { kind, places, seed, slots } = options
  const folder = mkdtempSync(join(tmpdir(), 'carillon-faults-'))
  const files = { notes: join(folder, 'notes.jsonl'), errors: join(folder, 'errors.txt') }
  const settings = { ...places, kind, leaseMs: LEASE_MS, ...files }
  const cache = join(folder, 'cache')
  const failures: string[] = []
  const ending = new AbortController()
  const { rounds } = options
  await using editor = await Editor.open(kind, places, seededRandom(seed))
  await withPostgres(places.database, installAudit)
  await using stack = new AsyncDisposableStack()
  let beganAt = 0
  const { survivor, campaign } = await slots.run(async () => {
    beganAt = Date.now()
    const survivor = stack.use(new MemberProcess({ ...settings, name: 'survivor' }, cache))
    const random = seededRandom(seed + 1)
    const { signal } = ending
    const campaign = new Campaign({ settings, cache, survivor, rounds, random, signal })
    await editor.store()
    editor.start((error) => {
      failures.push(`a schedule could not be changed: ${String(error)}`)
      ending.abort()
    })
    await campaign.run()
    await editor.stop()
    return { survivor, campaign }
  })

  const untilAt = Date.now()
  await drained(places.database, untilAt, survivor).catch((error: Error) => failures.push(error.message))
  if (survivor.ending !== undefined) failures.push(`the survivor ended with ${survivor.ending}`)
  await survivor.stop()

  const evidence = await withPostgres(places.database, readAll)
  const notes = readNotes(files.notes)
  const { killedAt, deaths } = campaign
  const { problems, counts } = judge({ ...evidence, until: untilAt, notes, quiet: editor.quiet(), killedAt })
  const steps = stepsOf(kind).flat()
  const unreached = options.isThorough ? steps.filter((step) => !deaths.has(step)) : []
  const report = tell({
    kind,
    seed,
    rounds,
    counts,
    seconds: Math.round((Date.now() - beganAt) / 1_000),
    steps: steps.map((step) => ({
      step,
      reached: reachedIn(notes, step),
      deaths: deaths.get(step) ?? 0,
      elsewhere: campaign.elsewhere.get(step) ?? 0,
    })),
  })
  const all = [...failures, ...campaign.problems, ...problems]
  all.push(...unreached.map((step) => `nobody died at "${step}"`))
  if (deaths.size === 0) all.push('nobody died at any step')
  if (all.length === 0) {
    rmSync(folder, { recursive: true })
    return { problems: [], report }
  }
  writeFileSync(join(folder, 'evidence.json'), JSON.stringify(evidence))
  const complaints = readFileSync(files.errors, 'utf8').split('\n').slice(-40).join('\n')
  return { problems: [...all, `More is in ${folder}. The last complaints:`, complaints], report }
}

/** Resolves when all has ended that was due by then, and nothing is left to be withdrawn. */
async function drained(database: string, untilAt: number, survivor: MemberProcess): Promise<void> {
  const isOver = async (client: Client) =>
    survivor.ending !== undefined ||
    ((await countOpen(client, untilAt)) === 0 && (await countWithdrawals(client)) === 0)
  await withPostgres(database, (client) =>
    until('all has ended that was due', () => isOver(client), DRAIN_MS),
  )
}

async function readAll(client: Client) {
  const rows = await readLedger(client)
  const generations = await readGenerations(client)
  return { rows, generations, audit: await readAudit(client) }
}
