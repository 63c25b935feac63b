import type { Instant } from '../clock/clock.ts'
import type { CronSyntax, DstRule } from '../cron/index.ts'
import type { Backoff, CatchUp, Definition, WhenFinished } from '../schedule/definition.ts'
import type { Json } from '../schedule/json.ts'
import type { OverlapPolicy } from '../schedule/overlap.ts'
import { seedOf } from '../schedule/schedule-identity.ts'
import { compileTiming } from '../schedule/timing.ts'
import type { Pause } from '../store/pause.ts'
import {
  parseDefinition,
  type ScheduleOrigin,
  type ScheduleRecord,
  type ScheduleState,
} from '../store/schedule-record.ts'
import { ifReadable } from '../schedule/if-readable.ts'

/** An operator's pause of a schedule. */
export interface SchedulePause {
  /** Who has paused it. */
  readonly by: string | undefined
  /** Why. */
  readonly note: string | undefined
  readonly since: Date
  /** When it ends by itself. */
  readonly until: Date | undefined
  /** The pause of many that it is part of: whose namespace, and which group; both are undefined where all are meant. */
  readonly with: { readonly namespace: string | undefined; readonly group: string | undefined } | undefined
}

/** A schedule as it is described to users. */
export interface Schedule {
  readonly key: string
  readonly group: string | undefined
  readonly namespace: string
  readonly origin: ScheduleOrigin
  readonly state: ScheduleState
  /** Why it is broken, or was paused by itself. */
  readonly reason: string | undefined
  /** The operator's pause that it is in; a schedule may also be paused by its definition. */
  readonly pause: SchedulePause | undefined
  /** Counts the definitions that differ in when they run, and pauses. */
  readonly generation: number
  /** Counts every change; `patch` can insist on it. */
  readonly revision: number

  /** Its expression; several in one array. */
  readonly cron: string | readonly string[] | undefined
  readonly timezone: string | undefined
  readonly dst: DstRule | undefined
  readonly syntax: CronSyntax | undefined
  readonly except: readonly string[] | undefined
  readonly everyMs: number | undefined
  readonly anchor: Date | undefined
  readonly at: Date | undefined

  readonly job: string
  readonly payload: Json
  readonly catchUp: CatchUp
  readonly startsAt: Date | undefined
  readonly endsAt: Date | undefined
  readonly maxRuns: number | undefined
  readonly spreadMs: number
  readonly jitterMs: number
  readonly retries: number
  readonly backoff: Backoff
  /** After how many failed runs in a row it is paused. */
  readonly pauseAfter: number | undefined
  /** How long after it was due a run is to have ended. */
  readonly expectWithinMs: number | undefined
  /** What happens when a run falls due while others are under way. */
  readonly overlap: 'allow' | OverlapPolicy
  /** How many may be under way at the same time; `undefined` where overlap is allowed. */
  readonly maxRunning: number | undefined
  /** The guard that it shares with others. */
  readonly mutex: string | undefined
  /** How long after the end of a run the next one begins at the earliest. */
  readonly minimumBreakMs: number
  readonly timeoutMs: number | undefined
  readonly queue: string
  /** What becomes of it when no run is left and the last one has ended. */
  readonly whenFinished: WhenFinished
  readonly note: string | undefined

  /** When it runs next, by the recurrence; `undefined` when it is paused, broken, or has no run left. */
  readonly nextRunAt: Date | undefined
  /** The newest nominal instant that was handed to the queue; it may lie ahead. */
  readonly lastScheduledAt: Date | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** The description of a stored schedule at an instant. */
export function describeRecord(record: ScheduleRecord, now: Instant): Schedule {
  const stored = ifReadable(() => parseDefinition(record.definitionText))
  // A row that cannot be read must still be listed.
  const definition: Readable = stored ?? UNREADABLE
  const { recurrence, overlap } = definition
  return {
    key: record.key,
    group: record.group ?? undefined,
    namespace: record.namespace,
    origin: record.origin,
    state: record.state,
    reason: record.reason ?? undefined,
    pause: record.pause === null ? undefined : describePause(record.pause),
    generation: record.generation,
    revision: record.revision,

    cron: recurrence?.kind === 'cron' ? oneOrMany(recurrence.expressions) : undefined,
    timezone: recurrence?.kind === 'cron' ? recurrence.timezone : undefined,
    dst: recurrence?.kind === 'cron' ? recurrence.dst : undefined,
    syntax: recurrence?.kind === 'cron' ? recurrence.syntax : undefined,
    except: recurrence?.kind === 'cron' ? recurrence.except : undefined,
    everyMs: recurrence?.kind === 'every' ? recurrence.everyMs : undefined,
    anchor: recurrence?.kind === 'every' ? new Date(recurrence.anchor) : undefined,
    at: recurrence?.kind === 'at' ? new Date(recurrence.at) : undefined,

    job: definition.job,
    payload: definition.payload,
    catchUp: definition.catchUp,
    startsAt: dateOf(definition.startsAt),
    endsAt: dateOf(definition.endsAt),
    maxRuns: definition.maxRuns ?? undefined,
    spreadMs: definition.spreadMs,
    jitterMs: definition.jitterMs,
    retries: definition.retries,
    backoff: definition.backoff,
    pauseAfter: definition.pauseAfter ?? undefined,
    expectWithinMs: definition.expectWithinMs ?? undefined,
    overlap: overlap?.policy ?? 'allow',
    maxRunning: overlap?.maxRunning,
    mutex: overlap?.mutex ?? undefined,
    minimumBreakMs: overlap?.minimumBreakMs ?? 0,
    timeoutMs: definition.timeoutMs ?? undefined,
    queue: definition.queue,
    whenFinished: definition.whenFinished,
    note: definition.note ?? undefined,

    nextRunAt: dateOf(stored && nextRunAt(record, stored, now)),
    lastScheduledAt: dateOf(record.lastAt),
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt),
  }
}

function describePause({ actor, note, at, until, scope }: Pause): SchedulePause {
  return {
    by: actor ?? undefined,
    note: note ?? undefined,
    since: new Date(at),
    until: dateOf(until),
    with:
      scope === null
        ? undefined
        : { namespace: scope.namespace ?? undefined, group: scope.group ?? undefined },
  }
}

/** Past the cursor lies what the recurrence says; before it, only what was planned while there was something left. */
function nextRunAt(record: ScheduleRecord, definition: Definition, now: Instant): Instant | undefined {
  if (record.state !== 'active') return undefined

  const until = record.nextAt === null ? (record.lastAt ?? -Infinity) : undefined
  return ifReadable(() => compileTiming(definition, seedOf(record)).nextMs(now, until))
}

type Readable = Omit<Definition, 'recurrence'> & { readonly recurrence: Definition['recurrence'] | undefined }

const UNREADABLE: Readable = {
  recurrence: undefined,
  startsAt: null,
  endsAt: null,
  maxRuns: null,
  spreadMs: 0,
  jitterMs: 0,
  queue: '',
  job: '',
  payload: null,
  catchUp: { withinMs: 0, policy: 'all', max: 0 },
  retries: 0,
  backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: 0 },
  pauseAfter: null,
  expectWithinMs: null,
  overlap: null,
  timeoutMs: null,
  whenFinished: 'keep',
  note: null,
}

function oneOrMany(expressions: readonly string[]): string | readonly string[] {
  return expressions.length === 1 ? expressions[0]! : expressions
}

function dateOf(instant: Instant | null | undefined): Date | undefined {
  return instant === null || instant === undefined ? undefined : new Date(instant)
}
