import type { Generated } from 'kysely'

/** What the names of all tables begin with, unless the user wants them to begin with something else. */
export const DEFAULT_TABLE_PREFIX = 'carillon_'

/**
 * The tables, as Kysely sees them. Instants are epoch milliseconds in 64-bit integers; definitions, results and errors
 * are JSON text.
 *
 * @see docs/design/storage.md
 */
export interface Schema {
  carillon_schedules: SchedulesTable
  carillon_cursors: CursorsTable
  carillon_generations: GenerationsTable
  carillon_occurrences: OccurrencesTable
  carillon_leases: LeasesTable
  carillon_withdrawals: WithdrawalsTable
  carillon_queues: QueuesTable
  carillon_guards: GuardsTable
  carillon_turns: TurnsTable
  carillon_run_details: RunDetailsTable
  carillon_owed: OwedTable
  carillon_paces: PacesTable
  carillon_declared: DeclaredTable
  carillon_declarations: DeclarationsTable
  carillon_removals: RemovalsTable
  carillon_pauses: PausesTable
  carillon_pause_gate: PauseGateTable
  carillon_changes: ChangesTable
  carillon_expectations: ExpectationsTable
  carillon_tokens: TokensTable
  carillon_requests: RequestsTable
  carillon_servers: ServersTable
}

/** One row a schedule. Deleted ones stay for a while, so that their history can be told. */
export interface SchedulesTable {
  id: Generated<number>
  namespace: string
  key: string
  /** 0 while the schedule lives; part of the unique key, so that a key can be used again. */
  deleted_at: number
  group: string | null
  origin: string
  state: string
  generation: number
  /** Why the present generation was opened. */
  cause: string
  /** Since when it is in force. */
  valid_from: number
  revision: number
  job: string
  definition: string
  /** Its overlap policy, as JSON; null while any number of its runs may be under way. */
  overlap: string | null
  /** What a pass needs to know of the definition, and nothing that is the schedule's alone: JSON, equal for many. */
  terms: string
  /** Why the schedule is broken, or was paused by itself. */
  reason: string | null
  /** An operator's pause: who, why and since when, as JSON; null while it is none's, also where the definition pauses it. */
  pause: string | null
  /** The pause of many that it is part of. */
  pause_scope: string | null
  /** When it is to end by itself. */
  paused_until: number | null
  /** Who opened the present generation, and what they said about it. */
  actor: string | null
  actor_note: string | null
  created_by: string | null
  created_note: string | null
  created_at: number
  updated_at: number
}

/**
 * What each dispatch pass changes of a schedule, in rows of their own: a pass that moves ten thousand cursors would
 * otherwise write ten thousand definitions again.
 */
export interface CursorsTable {
  schedule_id: number
  /** The generation in force, as in the schedule's row. */
  generation: number
  /** The cursor; null when nothing is left to plan or the schedule is paused. */
  next_at: number | null
  /** The newest nominal instant that was planned, or 0: InnoDB moves a row in which a null becomes a number. */
  last_at: number
  /** How many occurrences were planned, for `maxRuns`. */
  planned: number
  /** 1 while the schedule is broken: its cursor is kept, and passes go by it. */
  is_broken: number
  /** Stands for the terms in the schedule's row: who has seen equal ones need not read them. */
  terms_key: string
  /** A number for its namespace, which its occurrences get. */
  flow: number
}

/** The definitions that a schedule had before the present one, each in force from `valid_from` until the next one's. */
export interface GenerationsTable {
  schedule_id: number
  generation: number
  cause: string
  valid_from: number
  definition: string
  actor: string | null
  note: string | null
}

/** The ledger: one row an occurrence, or one for a whole range that was missed. */
export interface OccurrencesTable {
  schedule_id: number
  generation: number
  nominal_at: number
  due_at: number
  state: string
  reason: string | null
  origin: string
  queue: string
  /** The schedule's job, while it has not begun. */
  job: string
  /** How often it has begun; also its fencing token. */
  attempt: number
  /** How many of its attempts failed. */
  failures: number
  /** How many of its attempts ended with their server. */
  lost: number
  /** The server that holds it, or held it last. */
  owner: string | null
  /** Until when it is held; of what is sent, when it is sent once more unless it has begun. */
  lease_until: number | null
  planned_at: number
  started_at: number | null
  finished_at: number | null
  error: string | null
  result: string | null
  /** The last occurrence of a missed range that begins at `nominal_at`. */
  missed_until: number | null
  missed_count: number | null
  /** By what it takes turns with others when workers are behind: a number for its schedule's namespace. */
  flow: number
  /** How often it was told to wait for its turn, or its schedule got another overlap policy before it had begun. */
  waits: Generated<number>
  /** Its own overlap policy, which a backfill gave it; null for that of its schedule. */
  overlap: string | null
}

export interface LeasesTable {
  name: string
  owner: string | null
  token: number
  acquired_at: number
  expires_at: number
}

/** Messages that an edit, a pause or a removal made void, and that are still to be taken out of their queue. */
export interface WithdrawalsTable {
  id: Generated<number>
  queue: string
  schedule_id: number
  generation: number
  nominal_at: number
  attempt: number
  due_at: number
  job: string
}

/** What is known of the queues that Carillon does not own. */
export interface QueuesTable {
  name: string
  /** How the queue named what it held when it was looked at last. */
  epoch: string
  seen_at: number
}

/** What the handler of an attempt told of it; no row for one that told nothing. */
export interface RunDetailsTable {
  schedule_id: number
  generation: number
  nominal_at: number
  attempt: number
  /** Rises with all that is told. */
  version: number
  server: string
  started_at: number
  written_at: number
  /** The lines that it logged, as JSON. */
  log: string | null
  progress: string | null
  error: string | null
}

/** One row a guard: what is decided about its runs is decided by whoever holds the row. */
export interface GuardsTable {
  name: string
  /** When its last run ended, or 0. */
  ended_at: number
}

/**
 * The occurrences that run under a guard, or have asked and are to wait. What became of them since is in the ledger. One that
 * runs while its schedule is given another guard has a turn at both.
 */
export interface TurnsTable {
  schedule_id: number
  generation: number
  nominal_at: number
  guard: string
  /** 1 once it was let through, 0 while it waits. */
  is_begun: number
  /** 1 if it had begun when its schedule came to this guard, so that its server may not know of it. */
  is_adopted: number
  /** Its due instant, by which it is called; 0 for what takes the place of another. */
  place: number
}

/** Missed occurrences that are to run, and wait until the rate allows them to be written: one row a range. */
export interface OwedTable {
  schedule_id: number
  generation: number
  /** Its first occurrence that is not written yet. */
  from_at: number
  /** Its last one. */
  until_at: number
  /** How many there are. */
  runs: number
  /** How many before the first were dropped, for which it stands. */
  stands_for: number
  namespace: string
  /** 1 once an operator has let it go. */
  is_released: number
}

/** How far what happens at a rate has come. */
export interface PacesTable {
  name: string
  /** Up to this instant the rate is used up. */
  until_at: number
}

/** Whose the schedules are that code declares. */
export interface DeclaredTable {
  schedule_id: number
  owner: string
}

/** The releases of an owner's code that have declared schedules. */
export interface DeclarationsTable {
  owner: string
  /** Stands for all that it declares. */
  digest: string
  /** The one with the highest is in force. */
  place: number
  /** Until when a process of it is taken to be alive. */
  alive_until: number
}

/** Schedules that have nothing left to plan, and are to be removed when their last occurrence has ended. */
export interface RemovalsTable {
  schedule_id: number
}

/** The pauses of many schedules: those of a namespace or of all, of a group or of all. */
export interface PausesTable {
  /** Stands for namespace and group. */
  scope: string
  /** Null for all of them. */
  namespace: string | null
  group: string | null
  /** `pausing` until each of its schedules is paused, then `paused`; `resuming` until none is. */
  state: string
  begun_at: number
  ends_at: number | null
  /** When a dispatcher is to look at it: its end, or when whoever is at work on it has gone silent. */
  look_at: number | null
  /** While it resumes: what happens to the occurrences of the pause. */
  missed: string | null
  actor: string | null
  note: string | null
}

/** One row, which a change holds that must not miss a pause of many, and whoever begins or ends one has to itself. */
export interface PauseGateTable {
  id: number
  /** How many pauses there are. */
  pauses: number
}

/** What was done to a schedule after its creation: one row a revision, with what was before it. */
export interface ChangesTable {
  schedule_id: number
  /** The revision that the change made. */
  revision: number
  kind: string
  changed_at: number
  /** The definition before it; null where the change left it alone. */
  definition: string | null
  group: string | null
  state: string
  actor: string | null
  note: string | null
}

/** By when occurrences are to have ended, and which were told to be absent. */
export interface ExpectationsTable {
  schedule_id: number
  generation: number
  nominal_at: number
  expected_at: number
  /** When it was told, or 0. */
  told_at: number
  /** Names the telling. */
  told_by: string | null
}

/** Who may ask over HTTP. A secret is not here, but what it is recognised by. */
export interface TokensTable {
  id: string
  /** The SHA-256 of the secret, in base64url. */
  hash: string
  label: string
  scope: string
  /** Null for all of them. */
  namespace: string | null
  /** The groups and jobs that it reaches, as JSON; null for all. */
  groups: string | null
  jobs: string | null
  created_at: number
  created_by: string | null
  expires_at: number | null
  revoked_at: number | null
  /** To the minute; 0 when it was never used. */
  last_used_at: number
}

/** What was asked for under a name, so that it is done once. */
export interface RequestsTable {
  /** A digest of who asks, and under which name. */
  id: string
  /** A digest of what is asked for. */
  fingerprint: string
  /** The try that did it. */
  claim: string
  claimed_at: number
  /** What was answered; null while it is not. */
  status: number | null
  /** As JSON. */
  headers: string | null
  body: string | null
}

/** The servers that have started, for people to look at. */
export interface ServersTable {
  name: string
  /** With spaces between them. */
  roles: string
  started_at: number
  /** When it was heard of last. */
  seen_at: number
  running: number
}
