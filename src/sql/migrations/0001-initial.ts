import { sql, type Kysely } from 'kysely'

/** Schedules, their generations, the ledger and leases. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table carillon_schedules (
      id integer primary key autoincrement,
      namespace text not null,
      key text not null,
      deleted_at integer not null default 0,
      "group" text,
      origin text not null,
      state text not null,
      generation integer not null,
      revision integer not null,
      job text not null,
      definition text not null,
      reason text,
      created_at integer not null,
      updated_at integer not null,
      unique (namespace, key, deleted_at)
    ) strict`.execute(db)
  await sql`
    create table carillon_cursors (
      schedule_id integer primary key references carillon_schedules (id) on delete cascade,
      next_at integer,
      last_at integer,
      planned integer not null default 0,
      is_broken integer not null default 0
    ) strict`.execute(db)
  await sql`
    create index carillon_cursors_due on carillon_cursors (next_at)
    where next_at is not null and is_broken = 0`.execute(db)
  await sql`create index carillon_schedules_broken on carillon_schedules (updated_at) where state = 'broken'`.execute(
    db,
  )
  await sql`create index carillon_schedules_group on carillon_schedules (namespace, "group", key)`.execute(db)
  await sql`create index carillon_schedules_deleted on carillon_schedules (deleted_at) where deleted_at > 0`.execute(
    db,
  )

  await sql`
    create table carillon_generations (
      schedule_id integer not null references carillon_schedules (id) on delete cascade,
      generation integer not null,
      cause text not null,
      valid_from integer not null,
      definition text not null,
      actor text,
      note text,
      primary key (schedule_id, generation)
    ) strict, without rowid`.execute(db)

  await sql`
    create table carillon_occurrences (
      schedule_id integer not null,
      generation integer not null,
      nominal_at integer not null,
      due_at integer not null,
      state text not null,
      reason text,
      origin text not null,
      queue text not null,
      attempt integer not null default 0,
      failures integer not null default 0,
      lost integer not null default 0,
      owner text,
      lease_until integer,
      planned_at integer not null,
      started_at integer,
      finished_at integer,
      error text,
      result text,
      missed_until integer,
      missed_count integer,
      primary key (schedule_id, generation, nominal_at)
    ) strict, without rowid`.execute(db)
  await sql`
    create index carillon_occurrences_claimable on carillon_occurrences (queue, due_at)
    where state = 'planned' and lease_until is null`.execute(db)
  await sql`
    create index carillon_occurrences_leased on carillon_occurrences (lease_until)
    where lease_until is not null`.execute(db)
  await sql`
    create index carillon_occurrences_open on carillon_occurrences (schedule_id, finished_at)
    where finished_at is null`.execute(db)
  await sql`
    create index carillon_occurrences_finished on carillon_occurrences (finished_at)
    where finished_at is not null`.execute(db)

  await sql`
    create table carillon_leases (
      name text primary key,
      owner text,
      token integer not null,
      acquired_at integer not null,
      expires_at integer not null
    ) strict, without rowid`.execute(db)
}
