import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ScheduleConflictError, type Carillon, type Catalog } from '../../src/index.ts'
import { CATCH_UPS, instants, Model, RECURRENCES, type Fate } from './ledger-model.ts'
import { instant, occurrences, useWorld } from './support.ts'

const world = useWorld()
const AHEAD_MS = 10 * 60_000
/** How many lives there are. */
const HISTORIES = Number(process.env['CARILLON_HISTORIES'] ?? 150)
/** How many instants of a life are explained. */
const SOME = 15

const ANSWERS = ['skip', 'latest', 'all'] as const

const recurrence = fc.constantFrom(...RECURRENCES)
const catchUp = fc.constantFrom(...CATCH_UPS)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: duration() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ahead: duration(), by: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), recurrence }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('policy' as const), catchUp }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('payload' as const), payload: fc.integer() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pause' as const),
      forMs: fc.option(duration(), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause many' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('resume many' as const), missed: fc.constantFrom(...ANSWERS) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('trigger' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('resume' as const),
      missed: fc.constantFrom(...ANSWERS),
    }),
  },
)

/** From a millisecond to hours, and often whole minutes, so that edges are hit. */
function duration() {
  const minutes = fc.integer({ min: 1, max: 30 }).map((n) => n * 60_000)
  return fc.oneof(minutes, fc.constantFrom(1, 59_999, 60_001), fc.integer({ min: 1, max: 6 * 3_600_000 }))
}

const life = fc.record({ recurrence, catchUp, steps: fc.array(step, { maxLength: 14 }) })
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

async function take(
  step: Step,
  key: string,
  doors: readonly [Carillon, Carillon],
  door: Catalog,
  models: Model[],
) {
  const now = world.clock.now()
  const [model] = models
  if (model === undefined) return
  switch (step.do) {
    case 'wait':
      return world.clock.jumpTo(now + step.ms)
    case 'pass': {
      const passes = [doors[0], doors[1]].filter((_, n) => step.by === 2 || step.by === n)
      await Promise.all(passes.map((cron) => cron.dispatch({ ahead: step.ahead })))
      return model.pass(now, step.ahead)
    }
    case 'edit': {
      const clear = { cron: null, every: null, anchor: null }
      await door.patch(key, { ...clear, ...step.recurrence.input })
      return model.changeRecurrence(step.recurrence, now, AHEAD_MS)
    }
    case 'policy':
      await door.patch(key, { catchUp: step.catchUp.input })
      model.catchUp = step.catchUp
      return
    case 'payload':
      await door.patch(key, { payload: step.payload })
      return
    case 'trigger':
      await door.trigger(key)
      return
    case 'pause':
      await door.pause(key, step.forMs === undefined ? {} : { until: now + step.forMs })
      return model.pause(now, step.forMs === undefined ? undefined : now + step.forMs)
    case 'pause many':
      await door.pauseAll()
      return model.pauseMany(now)
    case 'resume many':
      await door.resumeAll({ missed: step.missed })
      return model.resumeMany(now, AHEAD_MS, step.missed)
    case 'resume':
      if (model.isPausedByMany) {
        await expect(door.resume(key)).rejects.toThrow(ScheduleConflictError)
        return
      }
      await door.resume(key, { missed: step.missed })
      return model.resume(now, AHEAD_MS, step.missed)
  }
}

/** The ledger as the model has it: one entry an instant, ranges written out. Throws when an instant is in it twice. */
async function written(door: Catalog, key: string): Promise<Map<string, Fate>> {
  const fates = new Map<string, Fate>()
  const add = (name: string, fate: Fate) => {
    if (fates.has(name)) throw new Error(`${name} is in the ledger twice`)
    fates.set(name, fate)
  }
  for (const { nominalAt, generation, state, reason, origin, missed } of await occurrences(door, key)) {
    if (origin === 'manual') continue
    if (missed === undefined) {
      const planned = origin === 'catch-up' ? 'planned catch-up' : 'planned'
      add(`${generation}@${nominalAt.getTime()}`, state === 'planned' ? planned : (reason as Fate))
      continue
    }
    const range = inRange.get(`${key}@${generation}`)?.(nominalAt.getTime(), missed.until.getTime()) ?? []
    expect(range, 'the range of a missed row holds as many instants as it says').toHaveLength(missed.count)
    for (const at of range) add(`${generation}@${at}`, 'missed')
  }
  return fates
}

/** Which instants lie in a range, by the recurrence that was in force in a generation. */
const inRange = new Map<string, (from: number, until: number) => number[]>()

let lives = 0

async function live({ recurrence, catchUp, steps }: typeof life extends fc.Arbitrary<infer L> ? L : never) {
  const [one, two] = pair!
  world.clock.jumpTo(instant('10:00'))
  // The minutes of the life before are used up.
  await world.sql('delete from carillon_paces')
  const door = one.namespace(`life-${lives++}`)
  await door.schedule({ key: 'a', ...recurrence.input, job: 'note', catchUp: catchUp.input })
  const model = new Model(recurrence, catchUp, world.clock.now(), AHEAD_MS)
  const remember = () => {
    const inForce = model.recurrence
    inRange.set(`a@${model.generation}`, (from, until) => instants(inForce, from - 1, until))
  }

  inRange.clear()
  remember()
  for (const step of steps) {
    if (step.do !== 'wait') model.settle(world.clock.now(), AHEAD_MS)
    remember()
    await take(step, 'a', [one, two], door, [model])
    remember()
  }
  await one.dispatch({ ahead: '10m' })
  model.settle(world.clock.now(), AHEAD_MS)
  remember()
  model.pass(world.clock.now(), AHEAD_MS)

  const schedule = await door.describe('a')
  expect(schedule).toMatchObject({
    generation: model.generation,
    state: model.isPaused ? 'paused' : 'active',
  })
  const ledger = await written(door, 'a')
  for (const [at, fate] of ledger)
    if (model.fates.get(at) === 'dropped' && !fate.startsWith('planned')) ledger.set(at, 'dropped')
  const sorted = (fates: Map<string, Fate>) => [...fates].map(([at, fate]) => `${at} ${fate}`).toSorted()
  expect(sorted(ledger)).toEqual(sorted(model.fates))
  await explainSome(door, model)
  await door.delete('a')
}

/** What is explained agrees with what the ledger has, for instants all over a life, and for some between them. */
async function explainSome(door: Catalog, model: Model) {
  const { fates } = model
  const byInstant = Map.groupBy(fates, ([name]) => Number(name.split('@')[1]))
  const minutes = Array.from({ length: SOME }, (_, i) => {
    const share = (world.clock.now() + AHEAD_MS - instant('10:00')) * (i / SOME)
    return instant('10:00') + Math.floor(share / 60_000) * 60_000
  })
  const named = [...byInstant.keys()].filter((_, i, all) => i % Math.ceil(all.length / SOME) === 0)
  for (const at of new Set([...minutes, ...named])) {
    const { code, occurrence } = await door.explain('a', at)
    // A run by hand takes an instant that is nobody else's.
    if (occurrence?.origin === 'manual') continue
    const own = (byInstant.get(at) ?? []).map(([, fate]) => fate)
    if (own.some((fate) => fate.startsWith('planned'))) expect(code).toBe('waiting')
    else if (own.length > 0) expect(['missed', 'superseded', 'paused']).toContain(code)
    else if (model.until !== undefined && at >= model.until && !model.isManyInForce)
      expect(['not-due', 'to-be-planned']).toContain(code)
    else expect(['not-due', 'paused', 'not-stored']).toContain(code)
    expect(occurrence === undefined, code).toBe(own.length === 0)
  }
}

let pair: readonly [Carillon, Carillon] | undefined

describe('whatever happens to a schedule', () => {
  it.each([
    ['at once', undefined, HISTORIES],
    ['at a rate', {}, HISTORIES / 2],
  ])(
    'every instant that its generations imply is in the ledger exactly once, where missed ones are caught up %s',
    { timeout: HISTORIES * 1_000 },
    async (_, catchUp, numRuns) => {
      pair = [await world.open({ catchUp }), await world.open({ catchUp })]
      await fc.assert(fc.asyncProperty(life, live), { numRuns })
    },
  )
})
