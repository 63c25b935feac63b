import fc from 'fast-check'
import type { Carillon } from '../../src/index.ts'
import type { CrashPoint } from '../interleaving/support/lifeline.ts'
import { BIRTHS, CATCH_UPS, RECURRENCES, type Model } from './ledger-model.ts'

const ANSWERS = ['skip', 'latest', 'all'] as const

/** How long a row is kept after its end. */
export const KEPT_MS = 45 * 60_000

/** The one schedule that a history is about. */
export const KEY = 'a'

const recurrence = fc.constantFrom(...RECURRENCES)
const catchUp = fc.constantFrom(...CATCH_UPS)

/** Where whoever takes the step dies over it; mostly nowhere. */
const crash: fc.Arbitrary<CrashPoint | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: point('statements', 14) },
  // Around a commit lie the places at which something might be done by half.
  { weight: 1, arbitrary: point('commits', 3) },
)

/** A worker sends more of them; where a statement is a transaction of its own, there are no commits. */
const crashOfWorker: fc.Arbitrary<CrashPoint | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: point('statements', 14) },
  { weight: 1, arbitrary: point('statements', 30) },
  { weight: 1, arbitrary: point('commits', 5) },
)

function point(of: CrashPoint['of'], most: number): fc.Arbitrary<CrashPoint> {
  return fc.record({
    of: fc.constant(of),
    nth: fc.nat(most - 1),
    when: fc.constantFrom('before' as const, 'after' as const),
  })
}

/** From a millisecond to hours, and often whole minutes, so that edges are hit. */
function duration() {
  const minutes = fc.integer({ min: 1, max: 30 }).map((n) => n * 60_000)
  return fc.oneof(minutes, fc.constantFrom(1, 59_999, 60_001), fc.integer({ min: 1, max: 6 * 3_600_000 }))
}

/** The clock goes on, or is set back. */
const wait = (forth: fc.Arbitrary<number>) => {
  const back = fc.constantFrom(-1, -60_000, -300_000, -3_600_000)
  const ms = fc.oneof({ weight: 5, arbitrary: forth }, { weight: 1, arbitrary: back })
  return fc.record({ do: fc.constant('wait' as const), ms })
}
const pass = fc.record({
  do: fc.constant('pass' as const),
  /** For how long nobody has passed before. */
  outage: fc.oneof(fc.constant(0), duration()),
  ahead: duration(),
  by: fc.nat(2),
  crash,
})
const edit = fc.record({ do: fc.constant('edit' as const), recurrence, crash })
const policy = fc.record({ do: fc.constant('policy' as const), catchUp, crash })
const payload = fc.record({ do: fc.constant('payload' as const), payload: fc.integer(), crash })
const pause = fc.record({
  do: fc.constant('pause' as const),
  forMs: fc.option(duration(), { nil: undefined }),
  crash,
})
const missed = fc.constantFrom(...ANSWERS)
const resume = fc.record({ do: fc.constant('resume' as const), missed, crash })
const pauseMany = fc.record({ do: fc.constant('pause many' as const), crash })
const resumeMany = fc.record({ do: fc.constant('resume many' as const), missed, crash })
const trigger = fc.record({ do: fc.constant('trigger' as const), crash })
const serve = fc.record({ do: fc.constant('serve' as const), crash })
const work = fc.record({
  do: fc.constant('work' as const),
  // For what is overdue alone, or until what a dead one held is free again.
  ms: fc.constantFrom(0, 1_000, 6_000, 31_000, 61_000),
  crash: crashOfWorker,
})

/** A life that is mostly about what is planned. */
const planning = fc.oneof(
  { weight: 4, arbitrary: wait(duration()) },
  { weight: 4, arbitrary: pass },
  { weight: 3, arbitrary: pause },
  ...[edit, trigger, resume, work].map((arbitrary) => ({ weight: 2, arbitrary })),
  ...[policy, payload, pauseMany, resumeMany, serve].map((arbitrary) => ({ weight: 1, arbitrary })),
)

/** A life that is mostly about what runs. */
const running = fc.oneof(
  { weight: 6, arbitrary: work },
  { weight: 3, arbitrary: wait(fc.constantFrom(1, 5_000, 59_999, 300_000, 600_000)) },
  { weight: 3, arbitrary: trigger },
  { weight: 2, arbitrary: pass },
  ...[edit, payload, pause, resume, resumeMany, serve].map((arbitrary) => ({ weight: 1, arbitrary })),
)

const LENGTH = { minLength: 4, maxLength: 14 }
const steps = fc.oneof(
  { weight: 2, arbitrary: fc.array(planning, LENGTH) },
  { weight: 1, arbitrary: fc.array(running, LENGTH) },
)

/** One schedule, and what processes do to it. */
export const life = fc.record({
  bornAt: fc.constantFrom(...BIRTHS),
  recurrence,
  catchUp,
  birth: crash,
  steps,
  end: crash,
})

export type Life = typeof life extends fc.Arbitrary<infer L> ? L : never
export type Step = Life['steps'][number]
/** A step that one call takes. */
export type Action = Exclude<Step, { do: 'wait' | 'work' | 'serve' }>

const NO_RECURRENCE = { cron: null, timezone: null, every: null, anchor: null }

/** Takes a step. */
export async function act(cron: Carillon, namespace: string, action: Action, now: number): Promise<unknown> {
  const door = cron.namespace(namespace)
  switch (action.do) {
    case 'pass':
      return cron.dispatch({ ahead: action.ahead })
    case 'edit':
      return door.patch(KEY, { ...NO_RECURRENCE, ...action.recurrence.input })
    case 'policy':
      return door.patch(KEY, { catchUp: action.catchUp.input })
    case 'payload':
      return door.patch(KEY, { payload: action.payload })
    case 'trigger':
      return door.trigger(KEY)
    case 'pause':
      return door.pause(KEY, action.forMs === undefined ? {} : { until: now + action.forMs })
    case 'resume':
      return door.resume(KEY, { missed: action.missed })
    case 'pause many':
      return door.pauseAll()
    case 'resume many':
      return door.resumeAll({ missed: action.missed })
  }
}

/** What a step makes of the model: where whoever dies over it may leave it, and where whoever has taken it has. */
export interface Outcomes {
  /** Before it, and after each of its transactions. */
  readonly states: readonly Model[]
  /** The last of them; several where some of its transactions come in any order. */
  readonly ends: readonly Model[]
}

/**
 * What becomes of the model by a step.
 *
 * @param reap takes back what dead processes hold, where whoever takes the step does so
 */
export function outcomesOf(
  step: Exclude<Step, { do: 'wait' | 'work' }>,
  model: Model,
  now: number,
  reap: Change | undefined,
): Outcomes {
  const settle = (m: Model) => m.settleForChange(now)
  switch (step.do) {
    case 'pass': {
      const { states, ends } = inOrder(model, passOf(model, now, step.ahead, now + step.ahead - 1))
      // Who passes at the same time and is alive waits for cursors, and leaves pauses and the pace to others.
      const isPlanned = step.by === 2 && !isToOperate(model, now)
      return { states: isPlanned ? states.slice(-2) : states, ends }
    }
    case 'serve':
      return served(model, now, reap)
    case 'edit':
      return inOrder(model, [settle, (m) => m.changeRecurrence(step.recurrence, now)])
    case 'policy':
      return inOrder(model, [settle, (m) => m.changeCatchUp(step.catchUp)])
    case 'payload':
      return inOrder(model, [settle, (m) => m.changePayload(step.payload)])
    case 'trigger':
      return inOrder(model, [also(settle, (m) => m.trigger(now))])
    case 'pause': {
      const until = step.forMs === undefined ? undefined : now + step.forMs
      return inOrder(model, [also(settle, (m) => m.pause(now, until))])
    }
    case 'resume':
      return inOrder(model, [also(settle, (m) => m.resume(now, step.missed))])
    case 'pause many':
      return inOrder(
        model,
        manyOf(now, (m) => m.announceMany(now, 'pausing', 'skip')),
      )
    case 'resume many':
      return inOrder(
        model,
        manyOf(now, (m) => m.announceMany(now, 'resuming', step.missed)),
      )
  }
}

/** A dispatcher passes; the pruner and the reaper of its process go their own ways. */
function served(model: Model, now: number, reap: Change | undefined): Outcomes {
  const pass = passOf(model, now, model.terms.aheadMs, now + OWED_LEAD_MS)
  const orders = reap === undefined ? [pass] : pass.map((_, i) => pass.toSpliced(i, 0, reap))
  if (reap !== undefined) orders.push([...pass, reap])
  const passed = orders.map((order) => inOrder(model, order))
  const prune = (m: Model) => m.prune(now - KEPT_MS)
  return {
    states: passed.flatMap(({ states }) => states.flatMap((state) => inOrder(state, [prune]).states)),
    ends: passed.flatMap(({ ends }) => ends.flatMap((end) => inOrder(end, [prune]).ends)),
  }
}

/** Whether the schedule is paused with others, so that it is not resumed alone. */
export function isRefused(step: Step, model: Model, now: number): boolean {
  if (step.do !== 'resume') return false
  const settled = model.copy()
  settled.settleForChange(now)
  return settled.isPausedByMany && settled.isManyInForce
}

/** How long before they are due a dispatcher that runs writes what is owed. */
const OWED_LEAD_MS = 10_000

/** Whether a pass has pauses to end, or to go on with. */
function isToOperate({ until = Infinity, many }: Model, now: number): boolean {
  return until <= now || (many?.lookAt ?? Infinity) <= now
}

function passOf(model: Model, now: number, aheadMs: number, owedUntil: number): Change[] {
  const goesOn = (model.many?.lookAt ?? Infinity) <= now
  return [
    (m) => m.settle(now),
    ...(goesOn ? carryingOut(now) : []),
    (m) => m.pass(now, aheadMs),
    (m) => m.writeOwed(now, owedUntil),
  ]
}

function manyOf(now: number, announce: Change): Change[] {
  return [(m) => m.settle(now), announce, ...carryingOut(now)]
}

function carryingOut(now: number): Change[] {
  return [(m) => m.carryOutMany(now), (m) => m.completeMany()]
}

export type Change = (model: Model) => void

/** A model, and what it is after each of these transactions. */
export function inOrder(model: Model, changes: readonly Change[]): Outcomes {
  const states = [model]
  for (const change of changes) {
    const next = states.at(-1)!.copy()
    change(next)
    states.push(next)
  }
  return { states, ends: states.slice(-1) }
}

/** Changes that are one transaction. */
function also(...changes: readonly Change[]): Change {
  return (model) => changes.forEach((change) => change(model))
}
