import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instant, time, useWorld } from './support.ts'

const world = useWorld()

const RECURRENCES = [
  { input: { cron: '* * * * *' }, fires: (second: number) => second % 60 === 0 },
  { input: { cron: '*/20 * * * * *' }, fires: (second: number) => second % 20 === 0 },
  { input: { every: '7s' }, fires: (second: number) => second % 7 === 0 },
  { input: { cron: '*/3 * * * *' }, fires: (second: number) => second % 180 === 0 },
] as const

const recurrence = fc.constantFrom(...RECURRENCES)
const wait = fc.oneof(
  fc.integer({ min: 1, max: 240 }).map((s) => s * 1_000),
  fc.integer({ min: 1, max: 200_000 }),
)
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: wait }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), recurrence }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom({ do: 'payload' }, { do: 'pause' }, { do: 'resume' }, { do: 'anew' } as const),
  },
)
const life = fc.record({ recurrence, steps: fc.array(step, { minLength: 3, maxLength: 12 }) })

let lives = 0

describe('with two processes at work, whatever is done to a schedule', () => {
  it(
    'each of its instants begins once, on time, with the present payload, and no other does',
    { timeout: 60_000 },
    async () => {
      const [one, two] = [await world.open(), await world.open()]
      await one.start()
      await two.start({ roles: ['work'] })

      const property = fc.asyncProperty(life, async ({ recurrence, steps }) => {
        const door = one.namespace(`life-${lives++}`)
        let state = { ...recurrence, payload: 0, isPaused: false }
        const store = () => door.schedule({ key: 'a', ...state.input, payload: state.payload, job: 'note' })
        const expected: string[] = []
        const from = world.begun.length

        await store()
        for (const step of steps) {
          if (step.do === 'wait') {
            const now = world.clock.now()
            for (let s = Math.floor(now / 1_000) + 1; s * 1_000 <= now + step.ms; s++)
              if (!state.isPaused && state.fires(s))
                expected.push(`${time(s * 1_000)} payload ${state.payload}`)
            await world.clock.advance(step.ms)
          } else if (step.do === 'edit') {
            state = { ...state, ...step.recurrence }
            await door.patch('a', { cron: null, every: null, ...step.recurrence.input })
          } else if (step.do === 'payload') {
            state = { ...state, payload: state.payload + 1 }
            await door.patch('a', { payload: state.payload })
          } else if (step.do === 'anew') {
            state = { ...state, isPaused: false }
            await door.delete('a')
            await store()
          } else {
            state = { ...state, isPaused: step.do === 'pause' }
            await (step.do === 'pause' ? door.pause('a') : door.resume('a'))
          }
        }
        await door.delete('a')

        const begun = world.begun.slice(from)
        expect(begun.map(({ at, context }) => `${at} payload ${String(context.payload)}`)).toEqual(expected)
        expect(new Set(begun.map(({ context }) => context.occurrence.id)).size).toBe(begun.length)
      })
      await fc.assert(property, { numRuns: 12, endOnFailure: true })
      expect(world.clock.now()).toBeGreaterThan(instant('10:00'))
    },
  )
})
