import type { Instant } from '../clock/clock.ts'
import type { InstantInput } from '../schedule/schedule-input.ts'
import type { Missed, ScopePause } from '../store/pause-table.ts'
import { sameScope, type Author, type Scope } from '../store/pause.ts'
import { endDuePauses, LEFT_ALONE_MS, memberFilter, walkScope } from '../store/scope-walk.ts'
import type { Transactions } from '../store/store.ts'
import type { ManyOptions } from './catalog-options.ts'
import { untilMs } from './operator.ts'

/** What `pauseAll` and `resumeAll` did, or would do. */
export interface ManyReport {
  readonly schedules: number
}

/** A pause of many schedules that is in force, or that is being ended. */
export interface PauseInForce {
  /** `undefined` for those of all namespaces. */
  readonly namespace: string | undefined
  /** `undefined` for schedules of any group. */
  readonly group: string | undefined
  readonly by: string | undefined
  readonly note: string | undefined
  readonly since: Date
  /** When it ends by itself. */
  readonly until: Date | undefined
  /** `pausing` and `resuming` while schedules are left that it is still to pause, or to resume. */
  readonly state: 'pausing' | 'paused' | 'resuming'
}

/** What the steps work with. */
interface Parts {
  readonly store: Transactions
  readonly aheadMs: number
  readonly author: Author
}

/** Pauses all schedules of a scope, also those that come under it later. Said again, it completes what was begun. */
export async function pauseScope(
  { store, aheadMs, author }: Parts,
  scope: Scope,
  { until, dryRun = false, onProgress }: ManyOptions & { readonly until?: InstantInput | undefined },
): Promise<ManyReport> {
  const endsAt = until === undefined ? null : untilMs(until, await store.now())
  const asPause = (now: Instant): ScopePause => ({
    ...scope,
    ...author,
    state: 'pausing',
    begunAt: now,
    endsAt,
    lookAt: now + LEFT_ALONE_MS,
    missed: null,
  })
  if (dryRun) {
    const filter = memberFilter(asPause(0))
    return { schedules: await store.read((tables) => tables.operating.count(filter)) }
  }
  await endDuePauses(store, aheadMs)
  await put(store, scope, (present, now) => {
    const pause = asPause(now)
    const isGoingOn = present !== undefined && present.state !== 'resuming' && present.endsAt === endsAt
    const note = author.note ?? present?.note ?? null
    return isGoingOn ? { ...present, note, state: 'pausing', lookAt: pause.lookAt } : pause
  })
  const { schedules } = await walkScope(store, scope, 'pausing', aheadMs, onProgress)
  return { schedules }
}

/** Ends the pause of a scope. Said again, it completes what was begun. */
export async function resumeScope(
  { store, aheadMs, author }: Parts,
  scope: Scope,
  missed: Missed,
  { dryRun = false, onProgress }: ManyOptions,
): Promise<ManyReport> {
  if (dryRun) return { schedules: await countToResume(store, scope) }

  await endDuePauses(store, aheadMs)
  const isThere = await put(
    store,
    scope,
    (present, now) =>
      present && {
        ...present,
        ...author,
        state: 'resuming',
        missed,
        endsAt: null,
        lookAt: now + LEFT_ALONE_MS,
      },
  )
  if (!isThere) return { schedules: 0 }
  const { schedules } = await walkScope(store, scope, 'resuming', aheadMs, onProgress)
  return { schedules }
}

/** The pauses of many that concern a namespace; all that there are for `null`. */
export async function listPauses(store: Transactions, namespace: string | null): Promise<PauseInForce[]> {
  const now = await store.now()
  const pauses = await store.read((tables) => tables.pauses.list(namespace))
  return pauses.filter((pause) => isInForce(pause, now) || pause.state === 'resuming').map(describePause)
}

/** Writes what becomes of the pause of a scope, when nobody is about to miss it. @returns whether there is one */
async function put(
  store: Transactions,
  scope: Scope,
  change: (present: ScopePause | undefined, now: Instant) => ScopePause | undefined,
): Promise<boolean> {
  for (;;) {
    const outcome = await store.transaction(async (tables) => {
      // The row first, then the gate, as each step of the work on it does.
      const present = await tables.pauses.lock(scope)
      await tables.pauses.closeGate()
      if (present === undefined && (await tables.pauses.has(scope))) return 'again'
      const pause = change(present, await tables.exactNow())
      if (pause !== undefined) await tables.pauses.put(pause)
      return pause === undefined ? 'none' : 'put'
    })
    if (outcome !== 'again') return outcome === 'put'
  }
}

/** How many schedules it has paused that no other pause covers. */
async function countToResume(store: Transactions, scope: Scope): Promise<number> {
  const now = await store.now()
  return store.read(async (tables) => {
    const pauses = await tables.pauses.list(scope.namespace)
    const others = pauses.filter((pause) => isInForce(pause, now) && !sameScope(pause, scope))
    return tables.operating.count({ scope, which: 'paused' }, others)
  })
}

function isInForce({ state, endsAt }: ScopePause, now: Instant): boolean {
  return state !== 'resuming' && (endsAt === null || endsAt > now)
}

function describePause({ namespace, group, actor, note, begunAt, endsAt, state }: ScopePause): PauseInForce {
  return {
    namespace: namespace ?? undefined,
    group: group ?? undefined,
    by: actor ?? undefined,
    note: note ?? undefined,
    since: new Date(begunAt),
    until: endsAt === null ? undefined : new Date(endsAt),
    state,
  }
}
