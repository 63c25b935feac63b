import { GROUP, PRIORITY_EPOCH_SECONDS } from './boss-job.ts'

/** How far ahead a look tells each instant, in seconds. */
export const LOOK_AHEAD_SECONDS = 2

/** Statements on the tables of pg-boss, for what it has no call for. `$1` is the queue in all of them. */
export interface BossStatements {
  /** Names what is in the queue. @returns a row with `epoch`; none when there is no such queue */
  readonly epoch: string
  /** Counts messages: a row with `delayed`, `waiting` and `active`. */
  readonly count: string
  /** What is due when: a `Look`. */
  readonly look: string
  /** Makes jobs (`$2`: ids) due that wait, and tells those who listen. In a crash it may be lost: they come by themselves. */
  readonly promote: string
  /** Deletes jobs (`$2`: ids) that wait. */
  readonly withdraw: string
  /** Deletes jobs (`$2`: ids) that have ended: a `Freed` each, or one without an id. */
  readonly free: string
  /** Gives back jobs that were fetched (`$2`: ids, `$3`: `id:retryCount`), to come again after `$4` milliseconds. */
  readonly giveBack: string
  /** Takes back jobs from consumers that are gone: a `Reaped`. */
  readonly reap: string
  /** Wakes our own consumers. */
  readonly ring: string
}

export interface Freed {
  /** How many queues there are of the name. */
  readonly queues: number
  readonly freed: string | null
}

export interface Look {
  /** The server's clock; all instants in epoch milliseconds. */
  readonly now: number
  readonly isDue: boolean
  /** What comes within the next seconds. */
  readonly soon: readonly number[]
  /** The beginning of the second in which the next one after that comes. */
  readonly later: number | null
  /** When the first consumer counts as gone, unless it says that it is not. */
  readonly expiresAt: number | null
}

export interface Reaped {
  readonly reaped: number
  /** In how many milliseconds the next consumer counts as gone. */
  readonly nextInMs: number | null
}

const NOW_SECONDS = `floor(extract(epoch from now()))::bigint - ${PRIORITY_EPOCH_SECONDS}`
const DUE_PRIORITY = `(-(${NOW_SECONDS}))::int`
const SOON_PRIORITY = `(-(${NOW_SECONDS} + ${LOOK_AHEAD_SECONDS}))::int`
const EXPIRES = `heartbeat_on + heartbeat_seconds * interval '1 second'`

/**
 * @param schema of pg-boss
 * @param channel on which our consumers listen
 */
export function bossStatements(schema: string, channel: string): BossStatements {
  const jobs = `${schema}.job`
  const waits = `name = $1 and state < 'active' and not blocked`
  const isAtWork = `name = $1 and state = 'active' and group_id = '${GROUP}'`
  // Locked in one order, so that two of these don't wait for each other.
  const waiting = `waiting as (
    select id from ${jobs} where name = $1 and id = any($2::uuid[]) and state < 'active' order by id for update)`
  const ring = `pg_notify('${channel}', 'committed')`

  return {
    epoch: `
      select d.oid || '.' || floor(extract(epoch from q.created_on) * 1000000)::bigint as epoch
      from ${schema}.queue q, pg_catalog.pg_database d where q.name = $1 and d.datname = current_database()`,

    count: `
      select w.*, (select count(*) from ${jobs} where ${isAtWork})::int as active from (
        select count(*) filter (where start_after > now())::int as delayed,
          count(*) filter (where start_after <= now())::int as waiting from ${jobs} where ${waits}) w`,

    look: `
      select (extract(epoch from now()) * 1000)::float8 as now,
        exists (select from ${jobs} where ${waits} and priority >= ${DUE_PRIORITY} and start_after <= now()) as "isDue",
        array (select distinct ceil(extract(epoch from start_after) * 1000)::float8 from ${jobs}
          where ${waits} and priority >= ${SOON_PRIORITY} and start_after > now()) as soon,
        (select (${PRIORITY_EPOCH_SECONDS} - priority::bigint)::float8 * 1000 from ${jobs}
          where ${waits} and priority < ${SOON_PRIORITY} order by priority desc limit 1) as later,
        (select (extract(epoch from min(${EXPIRES})) * 1000)::float8 from ${jobs} where ${isAtWork}) as "expiresAt"`,

    promote: `
      with ${waiting}, moved as (
        update ${jobs} j set start_after = now(), priority = ${DUE_PRIORITY} from waiting w
        where j.name = $1 and j.id = w.id and j.start_after > now() returning 1)
      select set_config('synchronous_commit', 'off', true), ${ring}, pg_notify('pgboss_' || left(encode(sha224('${schema}'::bytea), 'hex'), 24), $1)
      where exists (select from moved)`,

    withdraw: `with ${waiting} delete from ${jobs} j using waiting w where j.name = $1 and j.id = w.id`,

    free: `
      with freed as (
        delete from ${jobs} where name = $1 and id = any($2::uuid[]) and state > 'active' returning id)
      select q.queues, f.id::text as freed
      from (select count(*)::int as queues from ${schema}.queue where name = $1) q left join freed f on true`,

    giveBack: `
      with back as (
        update ${jobs} set state = 'retry', start_after = now() + $4::float8 * interval '1 millisecond', heartbeat_on = null
        where name = $1 and id = any($2::uuid[]) and state = 'active'
          and id::text || ':' || retry_count = any($3::text[]) returning 1)
      select ${ring} where exists (select from back)`,

    reap: `
      with lost as (
        select id from ${jobs} where ${isAtWork} and ${EXPIRES} < now() for update skip locked),
      back as (
        update ${jobs} j set state = 'retry', start_after = now(), heartbeat_on = null from lost
        where j.name = $1 and j.id = lost.id returning 1),
      rung as (select ${ring} where exists (select from back))
      select (select count(*) from back)::int as reaped, (select count(*) from rung)::int as rung,
        (select (extract(epoch from min(${EXPIRES}) - now()) * 1000)::float8 from ${jobs}
          where ${isAtWork} and ${EXPIRES} >= now()) as "nextInMs"`,

    ring: `select ${ring}`,
  }
}
