import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { REF_COLUMNS, SENT_ATTEMPT, toRef } from './occurrence-refs.ts'
import { OccurrenceRows, type LockedRow, type RefColumns } from './occurrence-rows.ts'

/** An attempt of an occurrence, as a foreign queue is told of it. */
export interface OutboxEntry extends OccurrenceRef {
  /** How often it had begun, or been told to wait for its turn, when it was taken up. */
  readonly attempt: number
  readonly dueAt: Instant
  readonly job: string
}

/** An entry that is to be taken out of its queue again. */
export interface Withdrawal extends OutboxEntry {
  readonly id: number
}

/** What of a queue waits where. */
export interface Backlog {
  /** How many occurrences are written and not sent yet. */
  readonly unsent: number
  /** When the one of them that is due first is due. */
  readonly firstDueAt: Instant | undefined
  /** Since when it is written. */
  readonly firstPlannedAt: Instant | undefined
  /** How many are sent and have not begun. */
  readonly sent: number
  /** How many are to be taken back. */
  readonly withdrawals: number
}

/** How long past its due instant what was sent and has not begun is sent once more: the queue may have lost it. */
const AGAIN_MS = 60_000
/** How long before the next try to send what a dispatcher took up, and of which nothing was heard since. */
const HOLD_MS = 30_000

const OCCURRENCES = sql.table('carillon_occurrences')
const WITHDRAWALS = sql.table('carillon_withdrawals')

/**
 * The ledger as the outbox of queues that Carillon does not own. What is taken up to be sent is `sent` from then on, so
 * that a change of its schedule knows that a message may exist; until that is confirmed it is taken back soon. All of it
 * that does not begin within a minute of its due instant is sent once more, under the same id, and then each time when it
 * has waited twice as long.
 *
 * @see docs/design/queues.md
 */
export class Outbox {
  readonly #sql: Sql
  readonly #flavor: Flavor
  readonly #rows: OccurrenceRows

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
    this.#rows = new OccurrenceRows(sql, flavor)
  }

  /** Takes up to `limit` occurrences that are to be sent, the one that is due first at the front. Nobody else is given them. */
  async take(queue: string, owner: string, now: Instant, limit: number): Promise<OutboxEntry[]> {
    const found = sql<RefColumns>`
      select schedule_id, generation, nominal_at from ${this.#unsent(queue)} order by due_at limit ${limit}`
    const set = {
      state: sql`'sent'`,
      owner: sql`${owner}`,
      lease_until: this.#flavor.integer(now + HOLD_MS),
    }
    const taken = await this.#rows.changeFound(found, set, 'message')
    const entries = taken.map((row) => toEntry({ ...row, attempt: row.attempt + row.waits! }))
    return entries.sort((a, b) => a.dueAt - b.dueAt)
  }

  /**
   * Says that these were sent.
   *
   * @returns those that became void while they were on their way
   */
  async confirm(entries: readonly OutboxEntry[], owner: string, now: Instant): Promise<OutboxEntry[]> {
    const confirmed = await this.#settle(entries, owner, {
      lease_until: againAt(this.#flavor, sql`o.due_at`, now),
    })
    if (confirmed === entries.length) return []
    // Begun already, or confirmed before without our hearing of it, or withdrawn: only of these a message is left over.
    const skipped = await this.#rows.find(entries, sql`o.state = 'skipped'`)
    const isVoid = new Set(skipped.map(occurrenceId))
    return entries.filter((entry) => isVoid.has(occurrenceId(entry)))
  }

  /** Says that these could not be sent, or perhaps were. */
  async giveBack(entries: readonly OutboxEntry[], owner: string): Promise<void> {
    await this.#settle(entries, owner, { state: sql`'planned'`, lease_until: NULL })
  }

  async #settle(
    entries: readonly OutboxEntry[],
    owner: string,
    set: Readonly<Record<string, Piece>>,
  ): Promise<number> {
    const settled = await this.#rows.change(entries, {
      condition: sql`o.state = 'sent' and o.owner = ${owner} and ${SENT_ATTEMPT} = r.of_attempt`,
      set: { ...set, owner: NULL },
      columns: { of_attempt: 'integer' },
      valuesOf: (i) => [entries[i]!.attempt],
      isRelaxed: true,
    })
    return settled.length
  }

  /** What was sent, was confirmed before it was due, and falls due after `from` and up to `until`. */
  async dueBetween(queue: string, from: Instant, until: Instant, limit: number): Promise<OutboxEntry[]> {
    // By the index of leases, which tell the due instant: it has no other index, which each occurrence would pay for.
    const { rows } = await sql<LockedRow & { job: string }>`
      select schedule_id, generation, nominal_at, attempt + waits as attempt, due_at, job from ${OCCURRENCES}
      where lease_until > ${from + AGAIN_MS} and lease_until <= ${until + AGAIN_MS}
        and state = 'sent' and queue = ${queue} and lease_until = due_at + ${this.#flavor.integer(AGAIN_MS)}
      order by lease_until limit ${limit}`.execute(this.#sql)
    return rows.map((row) => toEntry({ ...row, ...toRef(row) }))
  }

  /** When the first of what was sent and confirmed before it was due falls due after `from`. */
  async nextDue(queue: string, from: Instant): Promise<Instant | undefined> {
    const { rows } = await sql<{ due_at: Instant }>`
      select due_at from ${OCCURRENCES}
      where lease_until > ${from + AGAIN_MS} and state = 'sent' and queue = ${queue}
        and lease_until = due_at + ${this.#flavor.integer(AGAIN_MS)}
      order by lease_until limit 1`.execute(this.#sql)
    return rows[0]?.due_at
  }

  /** Has up to `limit` be sent once more: their queue has lost them. @returns how many there were */
  async forget(queue: string, limit: number): Promise<number> {
    const found = sql<RefColumns>`
      select schedule_id, generation, nominal_at from ${OCCURRENCES}
      where lease_until is not null and state = 'sent' and queue = ${queue} limit ${limit}`
    const back = { state: sql`'planned'`, owner: NULL, lease_until: NULL }
    return (await this.#rows.changeFound(found, back)).length
  }

  /** Notes which of these may be in a queue, since they are about to become void. They must be held by the transaction. */
  async withdraw(refs: readonly OccurrenceRef[]): Promise<void> {
    if (refs.length === 0) return
    const list = this.#flavor.rowList(
      REF_COLUMNS,
      refs.map((ref) => [ref.scheduleId, ref.generation, ref.nominalAt]),
    )
    await sql`
      insert into ${WITHDRAWALS} (queue, schedule_id, generation, nominal_at, attempt, due_at, job)
      select o.queue, o.schedule_id, o.generation, o.nominal_at, ${SENT_ATTEMPT}, o.due_at, o.job
      from ${list} as r ${this.#flavor.lookUp('carillon_occurrences', 'o', 'primary')}
      on o.schedule_id = r.schedule_id and o.nominal_at = r.nominal_at and o.generation = r.generation
      where o.state = 'sent'`.execute(this.#sql)
  }

  /** What is to be taken out of a queue, what was noted first at the front. */
  async withdrawals(queue: string, limit: number): Promise<Withdrawal[]> {
    const rows = await this.#sql
      .selectFrom('carillon_withdrawals')
      .selectAll()
      .where('queue', '=', queue)
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map((row) => ({ ...toEntry({ ...row, ...toRef(row) }), id: row.id }))
  }

  /** Says that these were taken out, or are not to be found. */
  async withdrawn(withdrawals: readonly Withdrawal[]): Promise<void> {
    if (withdrawals.length === 0) return
    const rows = this.#flavor.rowList(
      { id: 'integer' },
      withdrawals.map(({ id }) => [id]),
    )
    await this.#flavor.delete({ table: 'carillon_withdrawals', primaryKey: ['id'], rows }).execute(this.#sql)
  }

  /** How the queue named what it held when it was looked at last. */
  async epoch(queue: string): Promise<string | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_queues')
      .select('epoch')
      .where('name', '=', queue)
      .executeTakeFirst()
    return row?.epoch
  }

  /**
   * Keeps how a queue names what it holds, unless another dispatcher has kept another name since `last` was read.
   *
   * @returns whether it was kept
   */
  async keepEpoch(queue: string, last: string | undefined, epoch: string, now: Instant): Promise<boolean> {
    if (last === undefined) {
      if ((await this.epoch(queue)) !== undefined) return false
      await this.#sql.insertInto('carillon_queues').values({ name: queue, epoch, seen_at: now }).execute()
      return true
    }
    const { numUpdatedRows } = await this.#sql
      .updateTable('carillon_queues')
      .set({ epoch, seen_at: now })
      .where('name', '=', queue)
      .where('epoch', '=', last)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  async backlog(queue: string): Promise<Backlog> {
    const count = async (from: Piece) => {
      const { rows } = await sql<{ count: number }>`select count(*) as count from ${from}`.execute(this.#sql)
      return rows[0]!.count
    }
    const first = await sql<{ due_at: Instant; planned_at: Instant }>`
      select due_at, planned_at from ${this.#unsent(queue)} order by due_at limit 1`.execute(this.#sql)
    const sent = sql`${OCCURRENCES} where lease_until is not null and state = 'sent' and queue = ${queue}`
    return {
      unsent: await count(this.#unsent(queue)),
      firstDueAt: first.rows[0]?.due_at,
      firstPlannedAt: first.rows[0]?.planned_at,
      sent: await count(sent),
      withdrawals: await count(sql`${WITHDRAWALS} where queue = ${queue}`),
    }
  }

  /** The table with the condition of what is to be sent. */
  #unsent(queue: string): Piece {
    const index = 'carillon_occurrences_claimable'
    return sql`${OCCURRENCES} ${this.#flavor.byIndex(index, index)}
      where queue = ${queue} and state = 'planned' and lease_until is null`
  }
}

const NULL = sql`null`

/** When what was sent is sent once more: a minute past its due instant, or as late as it is already once more. */
export function againAt(flavor: Flavor, dueAt: Piece, now: Instant): Piece {
  const [minute, present] = [flavor.integer(AGAIN_MS), flavor.integer(now)]
  const late = flavor.greater(minute, sql`${present} - ${dueAt}`)
  return flavor.greater(sql`${dueAt} + ${minute}`, sql`${present} + ${late}`)
}

function toEntry(row: OccurrenceRef & { attempt: number; due_at: Instant; job?: string }): OutboxEntry {
  const { scheduleId, generation, nominalAt, attempt, due_at: dueAt, job = '' } = row
  return { scheduleId, generation, nominalAt, attempt, dueAt, job }
}
