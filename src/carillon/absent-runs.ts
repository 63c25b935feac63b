import type { Duration } from '../clock/duration.ts'
import { durationMs } from '../clock/duration.ts'
import { InvalidInputError } from '../errors.ts'
import { absentText } from '../dispatch/absent-text.ts'
import { findAbsent, type AbsentOccurrence } from '../dispatch/find-absent.ts'
import { occurrenceId } from '../schedule/occurrence.ts'
import type { Store } from '../store/store.ts'

/** A run that has not begun, or not ended, by when it was expected to. */
export interface AbsentRun {
  readonly namespace: string
  readonly key: string
  readonly group: string | undefined
  readonly job: string
  readonly queue: string
  /** The id of its occurrence, as `history` has it; `undefined` when it was not planned. */
  readonly occurrence: string | undefined
  readonly nominalAt: Date
  /** When it was due; while it waits for a further attempt, when that is due. */
  readonly dueAt: Date
  /** By when it was to have begun, or ended where its schedule has `expectWithin`. */
  readonly expectedBy: Date
  /** It waits (`planned`), is in its queue (`sent`), runs, or no pass has come to it. */
  readonly state: 'planned' | 'sent' | 'running' | 'unplanned'
  /** How often it has begun. */
  readonly attempt: number
  /** The server that runs it. */
  readonly server: string | undefined
  /** One sentence for people. */
  readonly message: string
}

export interface AbsentOptions {
  /** Only schedules of one namespace. */
  readonly namespace?: string | undefined
  /** How long after it was due a run without `expectWithin` is to have begun; `absentAfter` of `open` by default. */
  readonly after?: Duration | undefined
}

/** How many of a kind are looked at. */
const MOST = 1_000

/** What is absent now, the longest overdue first. Reads only, and asks no server but the database. */
export async function absentRuns(
  store: Store,
  { namespace, after }: AbsentOptions,
  absentAfterMs: number,
): Promise<AbsentRun[]> {
  const beginWithinMs = after === undefined ? absentAfterMs : durationMs(after, 'after')
  if (after !== undefined && beginWithinMs === 0)
    throw new InvalidInputError(
      'after must be longer than 0: every run would be absent when it is due',
      'after',
    )
  const search = { now: await store.now(), beginWithinMs, withTold: true, withUnplanned: true, limit: MOST }
  const { absent } = await store.read((tables) => findAbsent(tables, search))
  return absent.filter((one) => namespace === undefined || one.namespace === namespace).map(describe)
}

function describe(absent: AbsentOccurrence): AbsentRun {
  const { namespace, key, group, job, queue, state, attempt, owner } = absent
  return {
    namespace,
    key,
    group: group ?? undefined,
    job,
    queue,
    occurrence: state === 'unplanned' ? undefined : occurrenceId(absent),
    nominalAt: new Date(absent.nominalAt),
    dueAt: new Date(absent.dueAt),
    expectedBy: new Date(absent.expectedAt),
    state,
    attempt,
    server: state === 'running' ? (owner ?? undefined) : undefined,
    message: absentText(absent),
  }
}
