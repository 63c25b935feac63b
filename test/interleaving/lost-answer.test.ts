import { describe, expect, it } from 'vitest'
import { occurrenceId, type OccurrenceRef } from '../../src/schedule/occurrence.ts'
import type { Passed } from '../../src/store/fence.ts'
import type { BegunRun } from '../../src/worker/definitions.ts'
import { until } from '../support/until.ts'
import { FAILED, HOLD_MS, LEASE_MS, MINUTE, type Actor } from './support/actor.ts'
import { instant, SERVERS, useScenes, type Scene } from './support/scene.ts'
import type { Loss } from './support/stage.ts'

/** What a scene is set up with: who acts, and what on. */
interface Given {
  readonly scene: Scene
  readonly actor: Actor
  readonly claimed: readonly OccurrenceRef[]
  readonly runs: readonly BegunRun[]
}

const AT_FIVE = { cron: '5 10 * * *', job: 'note', retries: 2 }

const stored = async ({ actor }: Given) => {
  for (const key of ['a', 'b']) await actor.catalog.schedule({ ...AT_FIVE, key })
}
const storedUnplanned = async ({ actor }: Given) => {
  for (const key of ['a', 'b']) await actor.catalogAhead(0).schedule({ ...AT_FIVE, key })
}
const claimed = async (given: Given) => {
  await stored(given)
  return { claimed: await given.actor.claim() }
}
const running = async (given: Given) => {
  await stored(given)
  return { runs: await given.actor.run() }
}

interface Operation {
  readonly what: string
  readonly given?: (given: Given) => Promise<Partial<Given> | void>
  readonly act: (given: Given) => Promise<unknown>
  /** Whether the answer is the same, too, as far as it tells what is there rather than what was done just now. */
  readonly sameAnswer?: boolean
}

/** What leaves the same behind, and the same of it, wherever the connection breaks on its way. */
const OPERATIONS: readonly Operation[] = [
  { what: 'a pass', given: storedUnplanned, act: ({ actor }) => actor.pass({ waits: true }) },
  {
    what: 'storing a new schedule',
    act: ({ actor }) => actor.catalog.schedule({ ...AT_FIVE, key: 'new' }),
    sameAnswer: true,
  },
  {
    what: 'storing many',
    given: stored,
    act: ({ actor }) =>
      actor.catalog.scheduleMany([
        { ...AT_FIVE, key: 'a' },
        { ...AT_FIVE, key: 'b', cron: '6 10 * * *' },
        { ...AT_FIVE, key: 'new' },
      ]),
  },
  {
    what: 'a replacement',
    given: stored,
    act: ({ actor }) => actor.catalog.schedule({ ...AT_FIVE, key: 'a', cron: '6 10 * * *' }),
    sameAnswer: true,
  },
  {
    what: 'a patch',
    given: stored,
    act: ({ actor }) => actor.catalog.patch('a', { cron: '6 10 * * *' }),
    sameAnswer: true,
  },
  {
    what: 'a patch of one revision',
    given: stored,
    act: ({ actor }) => actor.catalog.patch('a', { payload: 2 }, { revision: 1 }),
    sameAnswer: true,
  },
  {
    what: 'a patch that pauses',
    given: stored,
    act: ({ actor }) => actor.catalog.patch('a', { active: false }),
    sameAnswer: true,
  },
  {
    what: 'a patch of the group alone',
    given: stored,
    act: ({ actor }) => actor.catalog.patch('a', { group: 'g' }, { revision: 1 }),
    sameAnswer: true,
  },
  {
    what: 'a patch of a broken schedule that mends it',
    given: async (given) => {
      await stored(given)
      await given.actor.store.transaction(async ({ schedules, now }) => {
        const found = await schedules.find('default', 'a')
        await schedules.markBroken(found!.id, 'for the test', now)
      })
    },
    act: ({ actor }) => actor.catalog.patch('a', { note: null }),
    sameAnswer: true,
  },
  { what: 'a pause', given: stored, act: ({ actor }) => actor.catalog.pause('a'), sameAnswer: true },
  {
    what: 'a resumption that makes up for the pause',
    given: async (given) => {
      await stored(given)
      await given.actor.catalog.pause('a')
      given.scene.clock.jumpTo(instant('10:06'))
    },
    act: ({ actor }) => actor.catalog.resume('a', { missed: 'all' }),
    sameAnswer: true,
  },
  { what: 'a deletion', given: stored, act: ({ actor }) => actor.catalog.delete('a'), sameAnswer: true },
  { what: 'a run by hand', given: stored, act: ({ actor }) => actor.catalog.trigger('a'), sameAnswer: true },
  {
    what: 'a begin',
    given: claimed,
    act: ({ actor, claimed: refs }) => whole((left) => actor.tryBegin(left), refs),
    sameAnswer: true,
  },
  {
    what: 'a begin in a transaction',
    given: claimed,
    act: ({ actor, claimed: refs }) => whole((left) => actor.slow.tryBegin(left), refs),
    sameAnswer: true,
  },
  { what: 'giving back', given: claimed, act: ({ actor, claimed: refs }) => actor.release(refs) },
  {
    what: 'a heartbeat',
    given: async (given) => {
      const begun = await running(given)
      given.scene.clock.jumpTo(instant('10:00') + LEASE_MS / 2)
      return begun
    },
    act: ({ actor, runs }) => actor.heartbeat(runs),
    sameAnswer: true,
  },
  { what: 'the end of runs', given: running, act: ({ actor, runs }) => actor.finish(runs) },
  {
    what: 'the end of attempts that others follow',
    given: running,
    act: ({ actor, runs }) => whole((left) => actor.tryFinish(left, FAILED), runs),
  },
  {
    what: 'taking back',
    given: async (given) => {
      const begun = await running(given)
      given.scene.clock.jumpTo(instant('10:00') + LEASE_MS)
      return begun
    },
    act: ({ actor, scene }) =>
      until('all is taken back', async () => {
        await actor.reap()
        const next = await actor.store.read(({ runs }) => runs.nextExpiry())
        return next === undefined || next > scene.clock.now()
      }),
  },
  {
    what: 'pruning',
    given: async (given) => {
      const { runs } = await running(given)
      await given.actor.finish(runs)
      await given.actor.catalog.delete('a')
      given.scene.clock.jumpTo(instant('10:05'))
    },
    act: ({ actor }) =>
      until('nothing is left to prune', () =>
        actor.store.transaction(async ({ ledger, schedules, now }) => {
          const occurrences = await ledger.prune(now - MINUTE, 500)
          return occurrences + (await schedules.prune(now - MINUTE, 500)) === 0
        }),
      ),
  },
]

/** Asks until nothing is held any more: by the connection that broke, which the server has not noticed yet. */
async function whole<T, Ref extends OccurrenceRef>(
  ask: (refs: readonly Ref[]) => Promise<Passed<T>>,
  refs: readonly Ref[],
): Promise<T[]> {
  const answers: T[] = []
  let left = refs
  await until('nothing is held', async () => {
    const { done, held } = await ask(left)
    answers.push(...done)
    const ids = new Set(held.map(occurrenceId))
    left = left.filter((ref) => ids.has(occurrenceId(ref)))
    return left.length === 0
  })
  return answers
}

/** All that is stored, without the numbers that the database gives out. */
async function everything(scene: Scene): Promise<unknown> {
  const schedules = await scene.sql(
    `select s."key", s.deleted_at, s.state, s.generation, s.revision, s.definition, c.generation as of_generation,
       c.next_at, c.last_at, c.planned, c.is_broken
     from carillon_schedules s join carillon_cursors c on c.schedule_id = s.id order by s."key"`,
  )
  const generations = await scene.sql(
    `select s."key", g.generation, g.cause, g.valid_from, g.definition
     from carillon_generations g join carillon_schedules s on s.id = g.schedule_id order by s."key", g.generation`,
  )
  const occurrences = await scene.sql(
    `select s."key", o.* from carillon_occurrences o join carillon_schedules s on s.id = o.schedule_id
     order by s."key", o.nominal_at, o.generation`,
  )
  return {
    schedules,
    generations,
    occurrences: occurrences.map((row) => ({ ...row, schedule_id: undefined })),
  }
}

/** An answer without those numbers. */
function withoutIds(answer: unknown): unknown {
  const text = JSON.stringify(answer, (name, value: unknown) => {
    if (name === 'scheduleId') return undefined
    return name === 'id' ? String(value).replace(/^\d+-/, '') : value
  })
  return text === undefined ? undefined : JSON.parse(text)
}

describe.each(SERVERS)('a connection that breaks, on %s', (kind) => {
  const scenes = useScenes(kind)

  async function prepared({ given }: Operation): Promise<Given> {
    const scene = await scenes.next()
    const actor = await scene.actor('actor')
    const start: Given = { scene, actor, claimed: [], runs: [] }
    return { ...start, ...(await given?.(start)) }
  }

  async function undisturbed(operation: Operation) {
    const given = await prepared(operation)
    const heard = given.actor.stage.hear()
    const answer = withoutIds(await operation.act(given))
    return { answer, state: await everything(given.scene), statements: [...heard] }
  }

  it.each(OPERATIONS)(
    'at any statement of it leaves the same behind: $what',
    { timeout: 120_000 },
    async (operation) => {
      const expected = await undisturbed(operation)
      expect(expected.statements.length).toBeGreaterThan(0)

      for (const [n, statement] of expected.statements.entries()) {
        for (const when of ['before', 'after'] satisfies Loss[]) {
          const given = await prepared(operation)
          const lost = given.actor.stage.loseNth(n, when)
          const answer = await operation.act(given)
          await lost

          const where = `lost ${when} “${statement.slice(0, 60)}”, statement ${n}`
          expect(await everything(given.scene), where).toEqual(expected.state)
          if (operation.sameAnswer) expect(withoutIds(answer), where).toEqual(expected.answer)
        }
      }
    },
  )

  it('lets the end of a begin whose answer was lost count', async () => {
    const operation: Operation = {
      what: '',
      given: claimed,
      act: ({ actor, claimed: refs }) => whole((left) => actor.tryBegin(left), refs),
    }
    const { statements } = await undisturbed(operation)
    for (const n of statements.keys()) {
      const { scene, actor, claimed: refs } = await prepared(operation)
      const lost = actor.stage.loseNth(n, 'after')
      const runs = await whole((left) => actor.tryBegin(left), refs)
      await lost
      expect(runs.map(({ attempt }) => attempt)).toEqual([1, 1])
      expect(await actor.finish(runs)).toHaveLength(2)
      expect(await scene.ledger()).toEqual([
        'a 10:05 g1 succeeded #1 by actor',
        'b 10:05 g1 succeeded #1 by actor',
      ])
    }
  })

  it('leaves what it has claimed without its knowledge free when the hold ends', async () => {
    const { scene, actor } = await prepared({ what: '', given: stored, act: async () => {} })
    const other = await scene.actor('other')
    const at = kind === 'postgres' ? /^update .*skip locked/ : /^commit/
    const lost = actor.stage.lose({ at }, 'after')
    expect(await actor.claim({ limit: 1 })).toHaveLength(1)
    await lost
    expect(await scene.ledger()).toEqual(['a 10:05 g1 planned by actor', 'b 10:05 g1 planned by actor'])
    expect(await other.claim()).toEqual([])

    scene.clock.jumpTo(instant('10:05') + HOLD_MS)
    await other.reap()
    expect(await other.claim()).toHaveLength(2)
  })
})
