import type { JobInsert, PgBoss } from 'pg-boss'
import type { Message } from '../message.ts'
import { jobOfMessage, type JobSettings } from './boss-job.ts'
import type { BossStatements, Freed } from './boss-statements.ts'

/** How many are inserted in one statement. */
const AT_ONCE = 5_000

/** Runs a statement somewhere: on the pool, or in the caller's transaction. */
export type RunStatement = (text: string, values?: readonly unknown[]) => Promise<object[]>

export interface Sending {
  readonly boss: PgBoss
  readonly queue: string
  readonly statements: BossStatements
  readonly run: RunStatement
  readonly settings: JobSettings
  /** The error for a queue that is not there. */
  readonly gone: () => Error
}

/** Takes in messages, and wakes those who consume. */
export async function sendMessages(sending: Sending, messages: readonly Message[]): Promise<void> {
  const jobs = jobsOf(messages, sending.settings)
  for (let from = 0; from < jobs.length; from += AT_ONCE)
    await insert(sending, jobs.slice(from, from + AT_ONCE))
  await sending.run(sending.statements.ring)
}

async function insert(sending: Sending, jobs: readonly JobInsert[]): Promise<void> {
  const missing = await insertNew(sending, jobs)
  if (missing.length === 0) return

  // They wait already; or workers of the application's own have completed them, and pg-boss keeps them for a while; or
  // there is no queue, of which pg-boss says nothing.
  const { queue, statements, run } = sending
  const rows = (await run(statements.free, [queue, missing.map(({ id }) => id)])) as Freed[]
  if (rows[0]!.queues === 0) throw sending.gone()
  const ids = new Set(rows.map((row) => row.freed))
  const freed = missing.filter(({ id }) => ids.has(id!))
  if (freed.length > 0) await insertNew(sending, freed)
}

/** @returns those that were not inserted, since their ids are there */
async function insertNew(sending: Sending, jobs: readonly JobInsert[]): Promise<JobInsert[]> {
  const { boss, queue, run } = sending
  const db = { executeSql: async (text: string, values?: unknown[]) => ({ rows: await run(text, values) }) }
  const ids = new Set(await boss.insert(queue, [...jobs], { db, returnId: true }))
  return ids.size === jobs.length ? [] : jobs.filter(({ id }) => !ids.has(id!))
}

/** Each once, and in one order, so that two senders of the same don't wait for each other. */
function jobsOf(messages: readonly Message[], settings: JobSettings): JobInsert[] {
  const byId = new Map<string, Message>()
  for (const message of messages) if (!byId.has(message.id)) byId.set(message.id, message)
  const jobs = [...byId.values()].map((message) => jobOfMessage(message, settings))
  return jobs.sort((a, b) => (a.id! < b.id! ? -1 : 1))
}
