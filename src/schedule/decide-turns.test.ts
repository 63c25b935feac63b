import { describe, expect, it } from 'vitest'
import {
  decideTurns,
  type Arrival,
  type GuardState,
  type OtherTurn,
  type RunningTurn,
} from './decide-turns.ts'
import type { OccurrenceRef } from './occurrence.ts'
import type { Overlap, OverlapPolicy, OverlapWord } from './overlap.ts'

const NOW = 100

interface Given {
  readonly policy?: OverlapWord
  readonly overlap?: Partial<Overlap>
  readonly attempt?: number
  readonly schedule?: number
  readonly isReplaceable?: boolean
  /** When it was due before it was told to wait. */
  readonly place?: number
}

function turn(dueAt: number, { schedule = 1, isReplaceable = false, place = dueAt }: Given = {}): OtherTurn {
  return { scheduleId: schedule, generation: 1, nominalAt: place, dueAt, place, isReplaceable }
}

function arrival(dueAt: number, given: Given = {}): Arrival {
  const { policy = 'skip', overlap = {}, attempt = 0 } = given
  return {
    ...turn(dueAt, given),
    attempt,
    overlap: { policy, maxRunning: 1, mutex: null, minimumBreakMs: 0, ...overlap },
  }
}

function runs(dueAt: number, given: Given & { startedAt?: number; isReplaced?: boolean } = {}): RunningTurn {
  return { ...turn(dueAt, given), startedAt: given.startedAt ?? dueAt, isReplaced: given.isReplaced ?? false }
}

const NOBODY: GuardState = { running: [], waiting: [], endedAt: undefined }

/**
 * What becomes of arrivals: `begin`, `skip`, `wait`, `wait until 120`, `wait, replaces 80 90`, `begin, outdates 60`.
 */
function decide(arrivals: readonly Arrival[], state: Partial<GuardState> = {}): string[] {
  return decideTurns(arrivals, { ...NOBODY, ...state }, NOW).map((decision) => {
    if (decision.kind === 'skip') return 'skip'
    const { kind, outdates } = decision
    const until = kind === 'wait' ? decision.until : undefined
    const replaces = kind === 'wait' ? decision.replaces : []
    const list = (what: string, refs: readonly OccurrenceRef[]) =>
      refs.length === 0 ? '' : `, ${what}${refs.map(({ nominalAt }) => ` ${nominalAt}`).join('')}`
    const end = until === undefined ? '' : ` until ${until}`
    return `${kind}${end}${list('replaces', replaces)}${list('outdates', outdates)}`
  })
}

const POLICIES: readonly OverlapPolicy[] = ['skip', 'queue-one', 'queue-all', 'replace']

describe.each(POLICIES)('%s', (policy) => {
  it('begins when nothing runs', () => {
    expect(decide([arrival(NOW, { policy })])).toEqual(['begin'])
  })

  it('begins beside others as long as there is room', () => {
    const overlap = { maxRunning: 2 }
    expect(decide([arrival(NOW, { policy, overlap })], { running: [runs(40)] })).toEqual(['begin'])
  })

  it('begins the moment the break is over, and not before', () => {
    const overlap = { minimumBreakMs: 30 }
    expect(decide([arrival(NOW, { policy, overlap })], { endedAt: 70 })).toEqual(['begin'])
    expect(decide([arrival(NOW, { policy, overlap })], { endedAt: 71 })).toEqual([
      policy === 'skip' ? 'skip' : 'wait until 101',
    ])
  })

  it('is asked a little early, and goes by its due instant', () => {
    const overlap = { minimumBreakMs: 30 }
    expect(decide([arrival(NOW + 5, { policy, overlap })], { endedAt: 75 })).toEqual(['begin'])
    expect(decide([arrival(NOW + 5, { policy, overlap })], { endedAt: 76 })).toEqual([
      policy === 'skip' ? 'skip' : 'wait until 106',
    ])
  })

  it('keeps the break when it comes far too early, as a copy of a message may', () => {
    const overlap = { minimumBreakMs: 30_000 }
    const early = arrival(NOW + 29_000, { policy, overlap })
    expect(decide([early], { endedAt: NOW - 1_000 })).toEqual([
      policy === 'skip' ? 'skip' : 'wait until 29100',
    ])
  })

  it('has no break to keep when nobody remembers an end', () => {
    expect(decide([arrival(NOW, { policy, overlap: { minimumBreakMs: 10_000 } })])).toEqual(['begin'])
  })
})

describe('a run that finds no room', () => {
  const running = [runs(40)]
  const waiting = [turn(60)]

  it.each<[OverlapPolicy, string, Partial<GuardState>]>([
    ['skip', 'skip', { running }],
    ['queue-one', 'wait', { running }],
    ['queue-one', 'skip', { running, waiting }],
    ['queue-all', 'wait', { running }],
    ['queue-all', 'wait', { running, waiting }],
    ['replace', 'wait, replaces 40', { running }],
    ['replace', 'wait, replaces 40', { running, waiting }],
    ['replace', 'wait', { running: [runs(40, { isReplaced: true })] }],
  ])('with %s: %s', (policy, decision, state) => {
    expect(decide([arrival(NOW, { policy })], state)).toEqual([decision])
  })

  it('waits for room rather than for the end of a break, while somebody runs', () => {
    const overlap = { minimumBreakMs: 30 }
    expect(decide([arrival(NOW, { policy: 'queue-all', overlap })], { running, endedAt: 90 })).toEqual([
      'wait',
    ])
    expect(decide([arrival(NOW, { policy: 'replace', overlap })], { running, endedAt: 90 })).toEqual([
      'wait, replaces 40',
    ])
  })

  it('is not kept out by what runs beyond what may, once that is lowered', () => {
    const both = [runs(40), runs(50)]
    expect(decide([arrival(NOW, { policy: 'queue-one' })], { running: both })).toEqual(['wait'])
    expect(decide([arrival(NOW, { policy: 'replace' })], { running: both })).toEqual(['wait, replaces 40 50'])
  })
})

describe('a further attempt', () => {
  it.each<[OverlapPolicy, string]>([
    ['skip', 'wait'],
    ['queue-one', 'wait'],
    ['queue-all', 'wait'],
  ])('is not skipped for what began meanwhile, with %s', (policy, decision) => {
    const state = { running: [runs(90)], waiting: [turn(50)] }
    expect(decide([arrival(80, { policy, attempt: 1 })], state)).toEqual([decision])
  })

  it('is no newer than what has replaced it, however late it is due itself', () => {
    const again = { ...arrival(200, { policy: 'replace', attempt: 1 }), nominalAt: 80 }
    expect(decide([again], { running: [runs(90)] })).toEqual(['skip'])
    expect(decide([again], { waiting: [turn(90)] })).toEqual(['skip'])
    expect(decide([again], { running: [runs(70)] })).toEqual(['wait, replaces 70'])
  })

  it('gives way to a newer run that replaces it', () => {
    const again = arrival(80, { policy: 'replace', attempt: 1 })
    expect(decide([again], { running: [runs(90)] })).toEqual(['skip'])
    expect(decide([again], { waiting: [turn(90)] })).toEqual(['skip'])
    expect(decide([again], { running: [runs(90, { schedule: 2 })] })).toEqual(['wait, replaces 90'])
  })
})

describe('the order', () => {
  it('is that of the due instants, whatever the order of the arrivals', () => {
    const [late, early] = [arrival(90, { policy: 'queue-all' }), arrival(80, { policy: 'queue-all' })]
    expect(decide([late, early])).toEqual(['wait', 'begin'])
    expect(decide([early, late])).toEqual(['begin', 'wait'])
  })

  it('is that of the due instants between schedules that share a guard, too', () => {
    const [late, early] = [90, 80].map((dueAt, i) => arrival(dueAt, { policy: 'queue-all', schedule: i }))
    expect(decide([late!, early!])).toEqual(['wait', 'begin'])
  })

  it('of those that are due together is that of the nominal instants, then of the generations', () => {
    const at = (nominalAt: number, generation: number) => ({
      ...arrival(90, { policy: 'queue-all' }),
      nominalAt,
      generation,
    })
    expect(decide([at(50, 1), at(40, 1)])).toEqual(['wait', 'begin'])
    expect(decide([at(40, 2), at(40, 1)])).toEqual(['wait', 'begin'])
  })

  it('is kept before what waits, of the same schedule', () => {
    expect(decide([arrival(NOW, { policy: 'queue-all' })], { waiting: [turn(60)] })).toEqual(['wait'])
    expect(decide([arrival(50, { policy: 'queue-all' })], { waiting: [turn(60)] })).toEqual(['begin'])
  })

  it('is kept by what waited for a break, and is due later than those behind it for that', () => {
    const first = { policy: 'queue-all', place: 80 } as const
    expect(decide([arrival(NOW, first)], { waiting: [turn(90)] })).toEqual(['begin'])
    expect(decide([arrival(90, { policy: 'queue-all' })], { waiting: [turn(NOW, first)] })).toEqual(['wait'])
  })

  it('is open between schedules that share a guard', () => {
    const waiting = [turn(60, { schedule: 2 })]
    expect(decide([arrival(NOW, { policy: 'queue-all' })], { waiting })).toEqual(['begin'])
  })

  it('lets as many of them begin together as there is room for', () => {
    const overlap = { maxRunning: 2 }
    const three = [80, 85, 90].map((at) => arrival(at, { policy: 'queue-one', overlap }))
    expect(decide(three)).toEqual(['begin', 'begin', 'wait'])
    expect(decide([...three, arrival(95, { policy: 'queue-one', overlap })])).toEqual([
      'begin',
      'begin',
      'wait',
      'skip',
    ])
  })

  it('lets the one that waits in a queue of one keep its place while another is on its way', () => {
    // What was due at 60 begins in a moment, so this one is the one that waits.
    expect(decide([arrival(NOW, { policy: 'queue-one' })], { waiting: [turn(60)] })).toEqual(['wait'])
    expect(decide([arrival(NOW, { policy: 'queue-one' })], { waiting: [turn(60), turn(70)] })).toEqual([
      'skip',
    ])
    expect(decide([arrival(NOW, { policy: 'skip' })], { waiting: [turn(60)] })).toEqual(['skip'])
  })

  it('counts an arrival once that is also known to wait', () => {
    expect(decide([arrival(90, { policy: 'queue-one' })], { waiting: [turn(90)] })).toEqual(['begin'])
    const both = [80, 90].map((dueAt) => arrival(dueAt, { policy: 'queue-one' }))
    expect(decide(both, { waiting: [turn(80), turn(90)] })).toEqual(['begin', 'wait'])
  })
})

describe('the newest', () => {
  it('of several that arrive together replaces the others', () => {
    const both = [80, 90].map((at) => arrival(at, { policy: 'replace' }))
    expect(decide(both)).toEqual(['skip', 'begin'])
    expect(decide(both, { running: [runs(40)] })).toEqual(['skip', 'wait, replaces 40'])
  })

  it('aborts those that began first, as many as stand in its way', () => {
    const running = [runs(60, { startedAt: 70 }), runs(50, { startedAt: 80 }), runs(55, { startedAt: 75 })]
    const overlap = { maxRunning: 2 }
    expect(decide([arrival(NOW, { policy: 'replace', overlap })], { running })).toEqual([
      'wait, replaces 60 55',
    ])
  })

  it('aborts the earlier one of those that began at the same time', () => {
    const running = [runs(60, { startedAt: 70 }), runs(50, { startedAt: 70 })]
    const overlap = { maxRunning: 2 }
    expect(decide([arrival(NOW, { policy: 'replace', overlap })], { running })).toEqual(['wait, replaces 50'])
  })

  it('does not tell a run twice to end', () => {
    const running = [runs(40, { isReplaced: true }), runs(50)]
    const overlap = { maxRunning: 2 }
    expect(decide([arrival(NOW, { policy: 'replace', overlap })], { running })).toEqual(['wait'])
  })

  it('of one schedule replaces what has just begun of another, under a mutex', () => {
    const two = [80, 90].map((dueAt, i) => arrival(dueAt, { policy: 'replace', schedule: i }))
    expect(decide(two)).toEqual(['begin', 'wait, replaces 80'])
  })

  it('of each schedule is told to end once, by the first that finds no room', () => {
    const two = [1, 2].map((schedule) => arrival(NOW, { policy: 'replace', schedule }))
    expect(decide(two, { running: [runs(40, { schedule: 3 })] })).toEqual(['wait, replaces 40', 'wait'])
  })
})

describe('allow', () => {
  const allowed = arrival(NOW, { policy: 'allow', overlap: { minimumBreakMs: 30 } })

  it('begins whatever runs and waits, and whenever the last run ended', () => {
    expect(decide([allowed], { running: [runs(40)], waiting: [turn(60)], endedAt: 90 })).toEqual(['begin'])
  })

  it('is counted by those that come after it', () => {
    expect(decide([allowed, arrival(NOW + 1, { policy: 'queue-all' })])).toEqual(['begin', 'wait'])
  })
})

describe('what the newest finds waiting', () => {
  const newest = arrival(NOW, { policy: 'replace' })
  const older = turn(60, { isReplaceable: true })

  it('does not run any more', () => {
    expect(decide([newest], { running: [runs(40)], waiting: [older] })).toEqual([
      'wait, replaces 40, outdates 60',
    ])
    expect(decide([newest], { waiting: [turn(50, { isReplaceable: true }), older] })).toEqual([
      'begin, outdates 50 60',
    ])
  })

  it('stays where it is of another schedule, or of another policy', () => {
    const waiting = [turn(60, { isReplaceable: true, schedule: 2 }), turn(70)]
    expect(decide([newest], { waiting })).toEqual(['begin'])
  })

  it('stays when it is newer itself', () => {
    expect(decide([newest], { waiting: [older, turn(200, { isReplaceable: true })] })).toEqual(['skip'])
  })

  it('leaves those ahead of others that it does not take the place of', () => {
    const overlap = { maxRunning: 2 }
    const newest = arrival(80, { policy: 'replace', overlap })
    const madeUp = { ...arrival(90, { policy: 'queue-all', overlap }), nominalAt: 10 }
    expect(decide([newest, madeUp], { waiting: [turn(60, { isReplaceable: true })] })).toEqual([
      'begin, outdates 60',
      'begin',
    ])
    expect(decide([newest, madeUp], { waiting: [turn(70)] })).toEqual(['begin', 'wait'])
  })

  it('stays for one that queues', () => {
    const queues = arrival(NOW, { policy: 'queue-all' })
    expect(decide([queues], { waiting: [older] })).toEqual(['wait'])
  })

  it('is decided about by itself when it arrives too', () => {
    const late = { ...arrival(90, { policy: 'replace' }), nominalAt: 60 }
    expect(decide([late, newest], { waiting: [older] })).toEqual(['skip', 'begin'])
  })

  it('is not ahead of anybody then', () => {
    const queues = { ...arrival(NOW + 1, { policy: 'queue-all', overlap: { maxRunning: 2 } }), nominalAt: 10 }
    expect(decide([newest, queues], { waiting: [older] })).toEqual(['begin, outdates 60', 'begin'])
  })
})

it('each arrival goes by the policy of its own schedule', () => {
  const arrivals = [
    arrival(90, { policy: 'skip', schedule: 1 }),
    arrival(91, { policy: 'queue-all', schedule: 2 }),
    arrival(92, { policy: 'skip', schedule: 3, overlap: { maxRunning: 2 } }),
  ]
  expect(decide(arrivals, { running: [runs(40, { schedule: 4 })] })).toEqual(['skip', 'wait', 'begin'])
})
