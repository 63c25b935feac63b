import { sql, type RawBuilder } from 'kysely'
import { guardOf } from '../../src/schedule/overlap.ts'
import type { Sql } from '../../src/sql/sql-database.ts'

/** The policy of some of the schedules: they share a guard. */
const OVERLAP = { policy: 'queue-all', maxRunning: 1, mutex: 'disk', minimumBreakMs: 0 } as const

/** Digits crossed with each other: the numbers from 0 to a million, in the SQL of every database. */
const DIGIT = sql`(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 union all
  select 5 union all select 6 union all select 7 union all select 8 union all select 9)`

/** The numbers below 10^`digits` as the table `n (i)`. */
function numbers(digits: number): RawBuilder<unknown> {
  const places = Array.from({ length: digits }, (_, place) => sql.raw(`d${place}.d * ${10 ** place}`))
  const tables = Array.from({ length: digits }, (_, place) => sql`${DIGIT} as ${sql.raw(`d${place}`)}`)
  return sql`(select ${sql.join(places, sql` + `)} as i from ${sql.join(tables, sql` cross join `)}) as n`
}

/**
 * Fills the tables as a large installation has them: schedules of which one in a thousand is due, a week of finished
 * occurrences, ten thousand that wait, and some that run.
 *
 * @param digits how many rows: 10^digits schedules, and as many occurrences
 */
export async function seed(db: Sql, digits: number, now: number): Promise<void> {
  const n = numbers(digits)
  const text = (before: string, divisor: number) => sql`concat(${sql.lit(before)}, n.i % ${sql.lit(divisor)})`
  const at = sql.lit(now)
  await sql`
    insert into carillon_schedules (id, namespace, ${sql.ref('key')}, ${sql.ref('group')}, origin, state, generation,
      cause, valid_from, revision, job, definition, terms, overlap, paused_until, created_at, updated_at)
    select n.i + 1, 'default', ${text('key-', 10 ** digits)}, ${text('group-', 1000)}, 'user',
      case when n.i % 10000 = 0 then 'broken' else 'active' end, 1, 'created', ${at}, 1, ${text('job-', 10)},
      '{"recurrence":{},"job":"job"}', '{"recurrence":{},"job":"job"}',
      case when n.i % 10 = 6 then ${sql.lit(JSON.stringify(OVERLAP))} else null end,
      case when n.i % 1000 = 7 then ${at} + n.i else null end, ${at}, ${at}
    from ${n}`.execute(db)
  await sql`
    update carillon_schedules set ${sql.ref('group')} = 'few' where id between 2000 and 2009`.execute(db)
  await sql`
    insert into carillon_changes (schedule_id, revision, kind, changed_at, state)
    select (n.i - n.i % 10) / 10 + 1, n.i % 10 + 2, 'changed', ${at}, 'active' from ${n}`.execute(db)
  await sql`
    insert into carillon_pauses (scope, namespace, state, begun_at, look_at)
    select ${text('scope-', 1000)}, ${text('namespace-', 1000)}, 'paused', ${at}, ${at} + n.i from ${n} where n.i < 1000`.execute(
    db,
  )
  await sql`
    insert into carillon_cursors (schedule_id, generation, next_at, is_broken, terms_key)
    select n.i + 1, 1, ${at} + (n.i - 1000) * 60, case when n.i % 10000 = 0 then 1 else 0 end,
      'kF1vMcs3q4ZzyPdGiH3cU3bLK-Q'
    from ${n}`.execute(db)
  await sql`
    insert into carillon_occurrences (schedule_id, generation, nominal_at, due_at, state, origin, queue, job, owner,
      lease_until, planned_at, finished_at, flow)
    select (n.i - n.i % 10) / 10 + 1, 1, ${at} - n.i * 600 - n.i % 10, ${at} - (n.i - 1000) * 600,
      case when n.i < 10000 then 'planned' when n.i < 11000 then 'running' else 'succeeded' end,
      'schedule', 'default', ${text('job-', 10)}, 'somebody',
      case when n.i >= 10000 and n.i < 11000 then ${at} + n.i * 10 - 105000 else null end, ${at},
      case when n.i < 11000 then null else ${at} - n.i * 600 end, n.i % 100
    from ${n}`.execute(db)
  await sql`
    insert into carillon_run_details (schedule_id, generation, nominal_at, attempt, version, server, started_at, written_at)
    select (n.i - n.i % 10) / 10 + 1, 1, ${at} - n.i * 600 - n.i % 10, 1, 1, 'somebody', ${at}, ${at}
    from ${n}`.execute(db)
  // Ten under each guard, of which what is oldest waits.
  await sql`
    insert into carillon_guards (name, ended_at)
    select ${text('guard-', 10 ** (digits - 1))}, ${at} from ${n} where n.i < ${sql.lit(10 ** (digits - 1))}`.execute(
    db,
  )
  await sql`
    insert into carillon_guards (name) values (${guardOf({ namespace: 'default', key: '' }, OVERLAP)})`.execute(
    db,
  )
  await sql`
    insert into carillon_turns (schedule_id, generation, nominal_at, guard, is_begun, place)
    select (n.i - n.i % 10) / 10 + 1, 1, ${at} - n.i * 600 - n.i % 10, ${text('guard-', 10 ** (digits - 1))},
      case when n.i < 10000 then 0 else 1 end, ${at} - n.i * 600
    from ${n}`.execute(db)
  await sql`insert into carillon_removals (schedule_id) select n.i + 1 from ${n} where n.i < 10000`.execute(
    db,
  )
  await sql`
    insert into carillon_tokens (id, hash, label, scope, created_at)
    select ${text('token-', 1000)}, 'hash', 'label', 'read', ${at} from ${n} where n.i < 1000`.execute(db)
  // Of each occurrence; those of what has ended were told, and a hundred are late.
  await sql`
    insert into carillon_requests (id, fingerprint, claim, claimed_at)
    select ${text('request-', 10 ** digits)}, 'y', 'z', ${at} + (n.i - 100) * 1000 from ${n}`.execute(db)
  await sql`
    insert into carillon_expectations (schedule_id, generation, nominal_at, expected_at, told_at)
    select (n.i - n.i % 10) / 10 + 1, 1, ${at} - n.i * 600 - n.i % 10, ${at} - (n.i - 1000) * 600,
      case when n.i < 1100 then 0 else ${at} - n.i end
    from ${n} where n.i % 2 = 0`.execute(db)
  await sql`
    update carillon_occurrences set state = 'sent' where schedule_id % 97 = 3 and state = 'planned'`.execute(
    db,
  )
}
