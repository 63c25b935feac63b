import type { Client } from 'pg'

/** A step of an occurrence in the ledger, as a trigger of the database has seen it in the same transaction. */
export interface AuditRow {
  readonly seq: number
  /** By the database's clock. */
  readonly at: number
  readonly scheduleId: number
  readonly generation: number
  readonly id: string
  /**
   * `return` is from running to planned, `unsend` from sent to planned; `end` is any end of a run, `skip` that of what had
   * not begun.
   */
  readonly kind: 'begin' | 'return' | 'end' | 'take' | 'confirm' | 'unsend' | 'skip'
  /** With `begin` the new one. */
  readonly attempt: number
  /** Who had it before; with `begin` and `take` who has it now. */
  readonly owner: string | null
  readonly origin: string
  /** Before the step. */
  readonly dueAt: number
  /** Before the step. */
  readonly leaseUntil: number | null
  /** After the step. */
  readonly failures: number
  readonly lost: number
  /** With `begin`: whether its generation was in force, and its schedule neither paused nor deleted. */
  readonly inForce: boolean | null
}

/** Has the database write down each step of each occurrence, whoever makes it. */
export async function installAudit(client: Client): Promise<void> {
  await client.query(`
    create table fault_audit (
      seq bigserial primary key, at bigint, schedule_id bigint, generation bigint, nominal_at bigint, kind text,
      attempt bigint, owner text, origin text, due_at bigint, lease_until bigint, failures bigint, lost bigint,
      in_force boolean
    );
    create function fault_audit() returns trigger language plpgsql as $$
    declare
      kind text;
      force boolean;
    begin
      if new.state = 'running' and (old.state <> 'running' or new.attempt <> old.attempt) then
        kind := 'begin';
        select s.generation = new.generation and s.deleted_at = 0 and (s.state <> 'paused' or new.origin = 'manual')
          into force from carillon_schedules s where s.id = new.schedule_id;
      elsif old.state = 'running' and new.state = 'planned' then kind := 'return';
      elsif old.state = 'running' and new.state <> 'running' then kind := 'end';
      elsif old.state = 'planned' and new.state = 'sent' then kind := 'take';
      elsif old.state = 'sent' and new.state = 'planned' then kind := 'unsend';
      elsif old.state = 'sent' and new.state = 'sent' and old.owner is not null and new.owner is null then kind := 'confirm';
      elsif new.state = 'skipped' and old.state <> 'skipped' then kind := 'skip';
      else return null;
      end if;
      insert into fault_audit
        (at, schedule_id, generation, nominal_at, kind, attempt, owner, origin, due_at, lease_until, failures, lost, in_force)
      values
        (floor(extract(epoch from clock_timestamp()) * 1000), new.schedule_id, new.generation, new.nominal_at, kind,
         new.attempt, case when kind in ('begin', 'take') then new.owner else old.owner end, new.origin, old.due_at,
         old.lease_until, new.failures, new.lost, force);
      return null;
    end $$;
    create trigger fault_audit after update on carillon_occurrences for each row
      when (old.state <> new.state or old.attempt <> new.attempt or old.owner is distinct from new.owner)
      execute function fault_audit();`)
}

/** All steps, in the order in which they were written down. */
export async function readAudit(client: Client): Promise<AuditRow[]> {
  const { rows } = await client.query<Record<string, string | boolean | null>>(
    'select * from fault_audit order by seq',
  )
  const text = (value: unknown) => value as string
  return rows.map((row) => ({
    seq: Number(row['seq']),
    at: Number(row['at']),
    scheduleId: Number(row['schedule_id']),
    generation: Number(row['generation']),
    id: `${text(row['schedule_id'])}-${text(row['generation'])}-${text(row['nominal_at'])}`,
    kind: row['kind'] as AuditRow['kind'],
    attempt: Number(row['attempt']),
    owner: row['owner'] as string | null,
    origin: text(row['origin']),
    dueAt: Number(row['due_at']),
    leaseUntil: row['lease_until'] === null ? null : Number(row['lease_until']),
    failures: Number(row['failures']),
    lost: Number(row['lost']),
    inForce: row['in_force'] as boolean | null,
  }))
}
