import { expect, it } from 'vitest'
import { FencedRegister } from './fenced-register.ts'
import type { RunLine, ServerLine, TaskLine } from './task-line.ts'
import type { TaskPlan } from './task-plan.ts'
import { judge } from './verdict.ts'

const GUARDED: TaskPlan = {
  name: 'a',
  cron: '* * * * * *',
  work: 50,
  overlap: { expiresAfter: 3_000, minimumBreak: 200 },
}
const ONCE: TaskPlan = { name: 'a', cron: '* * * * * *', work: 50, onOneServer: true }

interface Planted {
  readonly at: number
  readonly token?: number
  readonly pid?: number
  readonly nominalAt?: number
  /** None for a run that was cut off. */
  readonly endAt?: number | undefined
}

function run(
  { at, token = at, pid = 1, nominalAt = at, endAt = at + 50 }: Planted,
  isCutOff = false,
): RunLine[] {
  const base = { task: 'a', token, pid, nominalAt }
  const begin: RunLine = { ...base, event: 'begin', at, expiresAt: at + 3_000 }
  return isCutOff ? [begin] : [begin, { ...base, event: 'end', at: endAt }]
}

const cutOff = (planted: Planted) => run(planted, true)

function server(event: ServerLine['event'], at: number, more: Partial<ServerLine> = {}): ServerLine {
  return { event, at, pid: 1, skewMs: 0, ...more }
}

it('finds no fault with runs that keep to their locks', () => {
  const lines = [...run({ at: 1_000 }), ...run({ at: 2_000, pid: 2 }), ...run({ at: 3_000 })]
  const { problems, counts } = judge({ tasks: [GUARDED], lines })
  expect(problems).toEqual([])
  expect(counts).toMatchObject({ runs: 3, overlaps: 0, 'outlived its lock': 0, 'cut off': 0 })
})

it('lets a run begin when the lock of one that was killed has expired', () => {
  const lines = [...cutOff({ at: 1_000 }), ...run({ at: 4_000, pid: 2 })]
  const { problems, counts } = judge({ tasks: [GUARDED], lines, killedAt: new Map([[1, 1_010]]) })
  expect(problems).toEqual([])
  expect(counts).toMatchObject({ 'cut off': 1, overlaps: 0 })
})

it('counts runs that outlived their lock apart, also when they began late', () => {
  const late = [
    { ...run({ at: 5_000, token: 1 })[0]!, expiresAt: 4_000 },
    { ...run({ at: 5_000, token: 1 })[1]!, at: 5_100 },
  ]
  const lines = [...run({ at: 5_050, token: 2, pid: 2, endAt: 5_080 }), ...late]
  const { problems, counts } = judge({ tasks: [GUARDED], lines })
  expect(problems).toEqual([])
  expect(counts).toMatchObject({ overlaps: 0, 'outlived its lock': 1 })
})

it.each<[string, TaskLine[]]>([
  ['1 at the same time', [...run({ at: 1_000, endAt: 1_500 }), ...run({ at: 1_499, pid: 2 })]],
  ['1 at the same time', [...run({ at: 1_000, token: 2, endAt: 1_500 }), ...run({ at: 1_400, token: 1 })]],
  ['1 at the same time', [...cutOff({ at: 1_000 }), ...run({ at: 1_499, pid: 2 })]],
  // Not only with the run that is next to it.
  ['1 at the same time', [...run({ at: 1_000, endAt: 3_900 }), ...run({ at: 5_000 }), ...run({ at: 3_800 })]],
  ['1 before the lock had expired', [...cutOff({ at: 1_000 }), ...run({ at: 3_990, pid: 2 })]],
  ['1 within the break', [...run({ at: 1_000 }), ...run({ at: 1_240, pid: 2 })]],
  ['1 with one token', [...run({ at: 1_000, token: 7 }), ...run({ at: 9_000, token: 7 })]],
  ['1 with a token that does not rise', [...run({ at: 1_000, token: 8 }), ...run({ at: 2_000, token: 7 })]],
  ['1 without a lock', run({ at: 1_000 }).map((line) => ({ ...line, token: undefined }))],
])('finds a run that began %s', (problem, lines) => {
  const { problems } = judge({ tasks: [GUARDED], lines })
  expect(problems.map((text) => text.split(':')[0])).toContain(problem)
})

it('counts overlaps', () => {
  const lines = [...run({ at: 1_000, endAt: 1_500 }), ...run({ at: 1_400, pid: 2 })]
  expect(judge({ tasks: [GUARDED], lines }).counts.overlaps).toBe(1)
})

it('finds an instant that ran twice', () => {
  const lines = [...run({ at: 1_000 }), ...run({ at: 31_000, pid: 2, nominalAt: 1_000 })]
  const { problems } = judge({ tasks: [ONCE], lines })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(/^1 twice for one instant/)
})

const SERVED = Array.from({ length: 20 }, (_, i) => (i + 1) * 1_000)
const gapless = new Map([['a', 1_000]])
const served = (instants: readonly number[]) => instants.flatMap((at) => run({ at }))

it.each<[string, number, TaskLine[]]>([
  ['no gap', 0, [server('start', 1_000), server('stop', 20_000), ...served(SERVED)]],
  [
    'a gap',
    1,
    [server('start', 1_000), server('stop', 20_000), ...served(SERVED.filter((at) => at !== 9_000))],
  ],
  [
    'a gap where its server had no processor',
    0,
    [
      server('start', 1_000),
      server('stall', 9_900, { from: 8_200 }),
      server('stop', 20_000),
      ...served(SERVED.filter((at) => at !== 9_000)),
    ],
  ],
  [
    'a gap that a server with another clock was there for',
    1,
    [
      server('start', 31_000, { skewMs: -30_000 }),
      server('stop', 50_000, { skewMs: -30_000 }),
      ...served(SERVED.filter((at) => at !== 9_000)),
    ],
  ],
  ['none, where nobody was there', 0, [server('start', 1_000), server('stop', 2_000)]],
])('counts %s', (_, missing, lines) => {
  const { problems } = judge({ tasks: [ONCE], lines, gapless })
  expect(problems.map((text) => text.split(':')[0])).toEqual(missing === 0 ? [] : [`${missing} missing`])
})

it('has a register that refuses tokens lower than the highest', () => {
  const register = new FencedRegister()
  expect([1, 2, 2, 1, 3].map((token) => register.write(token))).toEqual([true, true, true, false, true])
  expect(register).toMatchObject({ highest: 3, refused: [1] })
})
