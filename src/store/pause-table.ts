import { sql, type Selectable } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { PausesTable } from '../sql/schema.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { scopeKey, type Author, type Scope } from './pause.ts'

/** What happens to the occurrences of a pause that ends: see `ResumeAnswer`. */
export type Missed = 'skip' | 'latest' | 'all'

/** A pause of many schedules. */
export interface ScopePause extends Scope, Author {
  readonly state: 'pausing' | 'paused' | 'resuming'
  readonly begunAt: Instant
  /** When it ends by itself. */
  readonly endsAt: Instant | null
  /** When a dispatcher is to look at it. */
  readonly lookAt: Instant | null
  /** While it resumes. */
  readonly missed: Missed | null
}

/** The pause that covers the schedules of a group, of those in force that which lasts longest. */
export type Cover = (group: string | null) => ScopePause | undefined

export const NO_COVER: Cover = () => undefined

/**
 * The table of pauses of many schedules. Its gate keeps a change from missing one: whoever is about to let a schedule run
 * passes it and looks, and whoever begins or ends a pause waits until those who have looked are done.
 *
 * @see docs/design/schedules.md
 */
export class PauseTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** The pauses that cover these groups of a namespace. None begins or ends until the end of the transaction. */
  async cover(namespace: string, groups: readonly (string | null)[], now: Instant): Promise<Cover> {
    const pauses = await this.#gate(this.#flavor.forShare)
    return pauses === 0 ? NO_COVER : this.inForce(namespace, groups, now)
  }

  /** The same, for reading alone. */
  async inForce(namespace: string, groups: readonly (string | null)[], now: Instant): Promise<Cover> {
    const scopes = [namespace, null].flatMap((name) =>
      [...new Set([...groups, null])].map((group) => scopeKey({ namespace: name, group })),
    )
    const rows = await this.#sql
      .selectFrom('carillon_pauses')
      .selectAll()
      .where('scope', 'in', scopes)
      .where('state', '!=', 'resuming')
      .execute()
    const pauses = rows.map(toPause).filter(({ endsAt }) => endsAt === null || endsAt > now)
    if (pauses.length === 0) return NO_COVER
    pauses.sort((a, b) => (b.endsAt ?? Infinity) - (a.endsAt ?? Infinity) || compare(a, b))
    return (group) => pauses.find((pause) => pause.group === null || pause.group === group)
  }

  /** Those of these pauses that are being ended. Not held. */
  async resuming(scopes: readonly Scope[]): Promise<ScopePause[]> {
    if (scopes.length === 0) return []
    const rows = await this.#sql
      .selectFrom('carillon_pauses')
      .selectAll()
      .where('scope', 'in', [...new Set(scopes.map(scopeKey))])
      .where('state', '=', 'resuming')
      .execute()
    return rows.map(toPause)
  }

  /** The pauses that there are: of a namespace and of all, or really all. */
  async list(namespace: string | null): Promise<ScopePause[]> {
    let query = this.#sql.selectFrom('carillon_pauses').selectAll()
    if (namespace !== null)
      query = query.where((eb) => eb.or([eb('namespace', '=', namespace), eb('namespace', 'is', null)]))
    const rows = await query.execute()
    return rows.map(toPause).sort((a, b) => a.begunAt - b.begunAt || compare(a, b))
  }

  /** The pause of a scope. Nobody else works on it until the end of the transaction. */
  async lock(scope: Scope): Promise<ScopePause | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_pauses')
      .selectAll()
      .where('scope', '=', scopeKey(scope))
      .modifyEnd(this.#flavor.forUpdate)
      .executeTakeFirst()
    return row && toPause(row)
  }

  /** Waits for those who have looked which pauses there are, and keeps others from looking. */
  async closeGate(): Promise<void> {
    await this.#gate(this.#flavor.forUpdate)
  }

  /** Holds the gate; one that somebody has removed is put up again. @returns how many pauses there are */
  async #gate(how: Piece): Promise<number> {
    for (;;) {
      const gate = await this.#sql
        .selectFrom('carillon_pause_gate')
        .select('pauses')
        .where('id', '=', 1)
        .modifyEnd(how)
        .executeTakeFirst()
      if (gate !== undefined) return gate.pauses
      const row = sql`select ${this.#flavor.integer(1)}, ${this.#flavor.integer(0)}`
      await this.#flavor.insertMissing('carillon_pause_gate', ['id', 'pauses'], row).execute(this.#sql)
    }
  }

  /** Whether there is one of this scope; not held. */
  async has(scope: Scope): Promise<boolean> {
    const row = await this.#sql
      .selectFrom('carillon_pauses')
      .select('scope')
      .where('scope', '=', scopeKey(scope))
      .executeTakeFirst()
    return row !== undefined
  }

  /** Writes a pause, a new one or one that is held. The gate must be closed. */
  async put(pause: ScopePause): Promise<void> {
    const { state, begunAt, endsAt, lookAt, missed, actor, note, namespace, group } = pause
    const scope = scopeKey(pause)
    const values = {
      state,
      begun_at: begunAt,
      ends_at: endsAt,
      look_at: lookAt,
      missed,
      actor,
      note,
      namespace,
      group,
    }
    const { numUpdatedRows } = await this.#sql
      .updateTable('carillon_pauses')
      .set(values)
      .where('scope', '=', scope)
      .executeTakeFirst()
    if (numUpdatedRows === 0n && !(await this.has(pause)))
      await this.#sql
        .insertInto('carillon_pauses')
        .values({ ...values, scope })
        .execute()
    await this.#count()
  }

  /** Forgets a pause that is over, and held. The gate must be closed. */
  async remove(scope: Scope): Promise<void> {
    await this.#sql.deleteFrom('carillon_pauses').where('scope', '=', scopeKey(scope)).execute()
    await this.#count()
  }

  async #count(): Promise<void> {
    const { pauses } = await this.#sql
      .selectFrom('carillon_pauses')
      .select((eb) => eb.fn.countAll<number>().as('pauses'))
      .executeTakeFirstOrThrow()
    await this.#sql.updateTable('carillon_pause_gate').set({ pauses }).where('id', '=', 1).execute()
  }

  /** Says where the work on a pause that is held has come to. */
  async note(
    scope: Scope,
    { state, lookAt }: { readonly state: ScopePause['state']; readonly lookAt: Instant | null },
  ): Promise<void> {
    await this.#sql
      .updateTable('carillon_pauses')
      .set({ state, look_at: lookAt })
      .where('scope', '=', scopeKey(scope))
      .execute()
  }

  /** The pauses that a dispatcher is to look at. */
  async toLookAt(now: Instant): Promise<ScopePause[]> {
    const rows = await this.#sql
      .selectFrom('carillon_pauses')
      .selectAll()
      .where('look_at', 'is not', null)
      .where('look_at', '<=', now)
      .orderBy('look_at')
      .execute()
    return rows.map(toPause)
  }

  /**
   * What has a dispatcher wake up: the earliest cursor of all active schedules, and when the first pause has it do something.
   * A look at the ends of three indexes, in one statement.
   */
  async probe(): Promise<{ cursorAt: Instant; pauseAt: Instant }> {
    const { rows } = await sql<Record<'next_at' | 'look_at' | 'paused_until', Instant | null>>`
      select (select next_at from ${sql.table('carillon_cursors')} where is_broken = 0 and next_at is not null
          order by next_at limit 1) as next_at,
        (select look_at from ${sql.table('carillon_pauses')} where look_at is not null order by look_at limit 1)
          as look_at,
        (select paused_until from ${sql.table('carillon_schedules')} where paused_until is not null
          order by paused_until limit 1) as paused_until`.execute(this.#sql)
    const { next_at, look_at, paused_until } = rows[0]!
    return {
      cursorAt: next_at ?? Infinity,
      pauseAt: Math.min(look_at ?? Infinity, paused_until ?? Infinity),
    }
  }
}

function compare(a: Scope, b: Scope): number {
  const [one, other] = [scopeKey(a), scopeKey(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

function toPause(row: Selectable<PausesTable>): ScopePause {
  return {
    namespace: row.namespace,
    group: row.group,
    state: row.state as ScopePause['state'],
    begunAt: row.begun_at,
    endsAt: row.ends_at,
    lookAt: row.look_at,
    missed: row.missed as Missed | null,
    actor: row.actor,
    note: row.note,
  }
}
