import { expect } from 'vitest'
import { ScheduleConflictError, type Catalog } from '../../src/index.ts'
import type { CrashPoint } from '../interleaving/support/lifeline.ts'
import type { Fleet } from './fleet.ts'
import { isWaiting, Model, type Terms } from './ledger-model.ts'
import { checkShift, isAnyHeld, reaping, runRows } from './ledger-runs.ts'
import {
  act,
  inOrder,
  isRefused,
  KEY,
  outcomesOf,
  type Life,
  type Outcomes,
  type Step,
} from './ledger-steps.ts'
import { look, modelLines, viewLines, type View } from './ledger-view.ts'
import { RETRY_MS } from './mortal-process.ts'
import type { World } from './support.ts'

/** How many instants of a life are explained. */
const SOME = 5
/** How long after the death of a worker at the latest all that it held is free, and has been begun by another. */
const ALL_FREE_MS = 61_000

/** One schedule in the hands of processes that die, and what is to be in the ledger of it. */
export class History {
  readonly #fleet: Fleet
  readonly #world: World
  readonly #namespace: string
  #model: Model

  private constructor(fleet: Fleet, namespace: string, model: Model) {
    this.#fleet = fleet
    this.#world = fleet.world
    this.#namespace = namespace
    this.#model = model
  }

  /** Stores the schedule; said again after a crash, this changes nothing. */
  static async begin(fleet: Fleet, namespace: string, life: Life, terms: Terms): Promise<History> {
    const { recurrence, catchUp, birth } = life
    const backoff = { initial: RETRY_MS }
    const input = { key: KEY, ...recurrence.input, job: 'note', catchUp: catchUp.input, retries: 1, backoff }
    const store = (crash: CrashPoint | undefined) =>
      fleet.first.attempt((cron) => cron.namespace(namespace).schedule(input), crash)
    const isDone = await store(birth)
    await fleet.replaceDead()
    if (!isDone) await store(undefined)
    return new History(fleet, namespace, new Model(recurrence, catchUp, fleet.world.clock.now(), terms))
  }

  get #door(): Catalog {
    return this.#fleet.first.cron.namespace(this.#namespace)
  }

  async take(step: Step): Promise<void> {
    const { clock } = this.#world
    if (step.do === 'pass') clock.jumpTo(clock.now() + step.outage)
    const now = clock.now()
    if (step.do === 'wait') return clock.jumpTo(now + step.ms)
    if (step.do === 'work') return this.work(step.ms, step.crash)
    const { first, second } = this.#fleet
    if (step.do === 'serve') {
      const reap = reaping(await runRows(this.#world, this.#namespace), now)
      const outcomes = outcomesOf(step, this.#model, now, reap)
      return this.#end(outcomes, await first.serve(step.crash))
    }
    if (isRefused(step, this.#model, now)) {
      const refused = expect(act(first.cron, this.#namespace, step, now)).rejects
      return refused.toThrow(ScheduleConflictError)
    }
    const outcomes = outcomesOf(step, this.#model, now, undefined)
    const by = step.do === 'pass' ? step.by : 0
    const [isDone] = await Promise.all([
      (by === 1 ? second : first).attempt((cron) => act(cron, this.#namespace, step, now), step.crash),
      by === 2 && act(second.cron, this.#namespace, step, now),
    ])
    await this.#end(outcomes, isDone)
  }

  /** A worker comes for a while, and goes, or dies meanwhile. */
  async work(ms: number, crash: CrashPoint | undefined): Promise<void> {
    const { first, calls } = this.#fleet
    const { clock } = this.#world
    const from = clock.now()
    const before = await runRows(this.#world, this.#namespace)
    calls.length = 0
    await first.work(ms, crash)
    const isCrash = first.isDead
    const after = await runRows(this.#world, this.#namespace)
    checkShift(this.#model, before, after, { from, until: clock.now(), isCrash, calls })

    if (isCrash) this.#fleet.count('crashes of a worker')
    const cutOff = after.filter(({ fate }, i) => fate === 'running' && before[i]!.fate !== 'running').length
    this.#fleet.count('runs that a crash cut off', cutOff)
    this.#fleet.count('calls of handlers', calls.length)
    await this.#fleet.replaceDead()
  }

  /** What dead workers held begins again when its leases are over. */
  async settleRuns(): Promise<void> {
    const { clock } = this.#world
    const held = (await runRows(this.#world, this.#namespace)).map(({ heldUntil = -Infinity }) => heldUntil)
    const until = Math.max(...held, -Infinity)
    if (until === -Infinity) return
    // A clock that was set back makes leases last as much longer.
    clock.jumpTo(Math.max(clock.now(), until))
    await this.work(ALL_FREE_MS, undefined)
    const left = await runRows(this.#world, this.#namespace)
    expect(isAnyHeld(left), 'nothing is held when all leases are over').toBe(false)
  }

  /** What the ledger has, and what is explained, agrees with the model. */
  async check(): Promise<void> {
    const view = await look(this.#world, this.#door, KEY)
    expect(viewLines(view, this.#model)).toEqual(modelLines(this.#model))
    await this.#explainSome()
  }

  /** Deletes the schedule; what was planned is withdrawn. */
  async end(crash: CrashPoint | undefined): Promise<void> {
    const now = this.#world.clock.now()
    const remove = () =>
      this.#fleet.first.attempt((cron) => cron.namespace(this.#namespace).delete(KEY), crash)
    await this.#end(inOrder(this.#model, [(m) => m.delete(now)]), await remove())
    if (!this.#model.isDeleted) await this.#door.delete(KEY)
  }

  /** A step is over: whoever has taken it has done so, or has died over it. */
  async #end({ states, ends }: Outcomes, isDone: boolean): Promise<void> {
    await this.#fleet.replaceDead()
    if (isDone && ends.length === 1) {
      this.#model = ends[0]!
      return
    }
    const before = this.#model
    this.#model = await this.#findOut(isDone ? ends : states)
    if (isDone) return
    const left = ends.some((end) => isSame(end, this.#model)) ? 'all' : 'the first transactions'
    this.#fleet.count(`crashes that left ${isSame(before, this.#model) ? 'nothing' : left}`)
  }

  /** Which of these states the schedule is in; nothing in between them will do. */
  async #findOut(states: readonly Model[]): Promise<Model> {
    const view = await look(this.#world, this.#door, KEY)
    const found = states.find((state) => seenAs(view, state) === textOf(state))
    if (found !== undefined) return found
    const last = states.at(-1)!
    expect(seenAs(view, last), 'a crash leaves what was before or after a transaction').toBe(textOf(last))
    throw new Error('the view is none of the states')
  }

  /** What is explained agrees with what the ledger has, for instants all over a life, and for some between them. */
  async #explainSome(): Promise<void> {
    const model = this.#model
    const planned = [...model.entries].filter(([name]) => !model.byHand.has(name))
    const byInstant = Map.groupBy(planned, ([name]) => Number(name.split('@')[1]))
    for (const at of this.#someInstants([...byInstant.keys()])) {
      const { code, occurrence } = await this.#door.explain(KEY, at)
      // A run by hand takes an instant that is nobody else's.
      if (occurrence?.origin === 'manual') continue
      const own = (byInstant.get(at) ?? []).map(([, entry]) => entry)
      const ends = own.map(({ fate }) => fate).filter((fate) => fate === 'succeeded' || fate === 'failed')
      if (own.some(isWaiting)) expect(['waiting', 'retrying']).toContain(code)
      else if (ends.length > 0) expect(ends).toContain(code)
      else if (own.length > 0) expect(['missed', 'superseded', 'paused']).toContain(code)
      else if (model.until !== undefined && at >= model.until && !model.isManyInForce)
        expect(['not-due', 'clock-change', 'to-be-planned', 'not-stored']).toContain(code)
      else expect(['not-due', 'clock-change', 'paused', 'not-stored', 'forgotten']).toContain(code)
      expect(occurrence === undefined, code).toBe(own.length === 0)
    }
  }

  #someInstants(named: readonly number[]): Set<number> {
    const { bornAt, terms } = this.#model
    const span = this.#world.clock.now() + terms.aheadMs - bornAt
    const minutes = Array.from({ length: SOME }, (_, i) => {
      return bornAt + Math.floor((span * i) / SOME / 60_000) * 60_000
    })
    return new Set([...minutes, ...named.filter((_, i) => i % Math.ceil(named.length / SOME) === 0)])
  }
}

function isSame(one: Model, other: Model): boolean {
  return textOf(one) === textOf(other)
}

function textOf(model: Model): string {
  return modelLines(model).join('\n')
}

/** The view in the words of the model, or why it cannot be put into them. */
function seenAs(view: View, model: Model): string {
  try {
    return viewLines(view, model).join('\n')
  } catch (error) {
    return (error as Error).message
  }
}
