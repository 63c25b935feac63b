import { CompiledQuery, sql as kysely } from 'kysely'
import type { Sql } from '../sql/sql-database.ts'
import type { OutboxEntry } from './outbox.ts'

/** Runs a statement in a transaction, with parameters as the database writes them. @returns its rows */
export type Execute = (text: string, values: readonly unknown[]) => Promise<readonly object[]>

/** Puts messages into a queue that lives in the same database, as a part of a transaction. */
export type SendInside = (execute: Execute, entries: readonly OutboxEntry[]) => Promise<void>

/**
 * Sends within a transaction. What goes wrong is undone, and leaves the transaction as it was.
 *
 * @returns whether it went well; otherwise the relay is to send them
 * @throws what the database said when that ended all of the transaction
 */
export async function trySendInside(
  sql: Sql,
  send: SendInside,
  entries: readonly OutboxEntry[],
): Promise<boolean> {
  await kysely.raw('savepoint carillon_send').execute(sql)
  let fault: unknown
  const execute: Execute = async (text, values) => {
    try {
      const { rows } = await sql.executeQuery<object>(CompiledQuery.raw(text, [...values]))
      return rows
    } catch (error) {
      fault = error
      throw error
    }
  }
  try {
    await send(execute, entries)
    await kysely.raw('release savepoint carillon_send').execute(sql)
    return true
  } catch {
    await kysely
      .raw('rollback to savepoint carillon_send')
      .execute(sql)
      .catch((error: unknown) => {
        // Some errors end all of the transaction, as a deadlock does on MySQL: what is told of the savepoint hides why.
        throw fault ?? error
      })
    return false
  }
}
