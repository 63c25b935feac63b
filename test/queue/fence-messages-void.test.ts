import { describe, expect, it } from 'vitest'
import type { OutboxEntry } from '../../src/store/outbox.ts'
import { FAILED } from '../interleaving/support/actor.ts'
import { DATABASES, instant, useScene } from '../interleaving/support/scene.ts'
import { AT_FIVE, CHANGES, REFUSED, sentAttempts, withMessage } from './support/outbox-actor.ts'

describe.each(DATABASES)('the fence, for messages that must not begin here, on %s', (kind) => {
  const scene = useScene(kind)
  const at = (time: string, ms = 0) => scene().clock.jumpTo(instant(time) + ms)
  const opened = () => withMessage(scene())

  async function row() {
    const [first, ...more] = await scene().sql('select * from carillon_occurrences')
    expect(more).toEqual([])
    return first!
  }

  describe.each(CHANGES)('$change', ({ make, reason, planned }) => {
    it('lets no message begin that was sent before', async () => {
      const { relay, worker, message } = await opened()
      await make(relay)
      const before = await scene().sql('select * from carillon_occurrences order by nominal_at')
      expect(await worker.tryBegin([message])).toEqual(REFUSED)
      expect(await worker.tryBegin([message], ['strange'])).toEqual(REFUSED)
      expect(await scene().sql('select * from carillon_occurrences order by nominal_at')).toEqual(before)
      expect(await scene().ledger()).toEqual([`10:05 g1 ${reason}`, ...planned])
    })

    it('ends a run that fails after it, and its next attempt is not sent', async () => {
      const { relay, worker, message } = await opened()
      const runs = await worker.begin([message])
      await make(relay)
      await worker.finish(runs, FAILED)
      expect(await scene().ledger()).toEqual(['10:05 g1 failed #1 by worker', ...planned])
      expect(await relay.take()).toHaveLength(planned.length)
      expect(await relay.withdrawals()).toEqual([])
    })
  })

  it.each([
    { what: 'of an older generation', set: 'generation = 2' },
    { what: 'of a paused schedule', set: `state = 'paused'` },
    { what: 'of a deleted schedule', set: 'deleted_at = 1' },
  ])('ends what waits all the same, and is $what', async ({ set }) => {
    const { relay, worker, message } = await opened()
    await scene().sql(`update carillon_schedules set ${set}`)
    expect(await worker.tryBegin([message])).toEqual(REFUSED)
    expect(await row()).toMatchObject({
      state: 'skipped',
      reason: 'superseded',
      finished_at: instant('10:00'),
      lease_until: null,
      attempt: 0,
    })
    at('10:20')
    expect(await relay.reapAll()).toBe(0)
    expect(await relay.take()).toEqual([])
  })

  it('lets a run by hand of a paused schedule begin', async () => {
    const { relay, worker, message } = await opened()
    await relay.catalog.pause('a')
    await relay.catalog.trigger('a')
    const [byHand] = await relay.send()
    expect(await worker.tryBegin([message])).toEqual(REFUSED)
    expect(await worker.begin([byHand!])).toMatchObject([{ origin: 'manual', attempt: 1, generation: 2 }])
    expect(await scene().ledger()).toEqual(['10:00 g2 running #1 by worker manual', '10:05 g1 paused'])
  })

  describe('a message of a job that the worker does not know', () => {
    it('is for others, and nothing of it is touched', async () => {
      const { worker, other, message } = await opened()
      const before = await row()
      const { scheduleId, generation, nominalAt } = message
      const foreign = { done: [], held: [], inTurn: [], foreign: [{ scheduleId, generation, nominalAt }] }
      expect(await worker.tryBegin([message], ['other'])).toEqual(foreign)
      expect(await worker.tryBegin([message], [])).toEqual(foreign)
      expect(await worker.tryBegin([message], ['NOTE', 'note ', 'notes'])).toEqual(foreign)
      expect(await row()).toEqual(before)
      expect(await other.begin([message])).toHaveLength(1)
    })

    it('is void when it is of an earlier attempt, or runs or has ended', async () => {
      const { relay, worker, other, message } = await opened()
      const runs = await worker.begin([message])
      expect(await other.tryBegin([message], ['other'])).toEqual(REFUSED)
      await worker.finish(runs, FAILED)
      expect(await other.tryBegin([message], ['other'])).toEqual(REFUSED)
      const again = await relay.send()
      expect((await other.tryBegin(again, ['other'])).foreign).toHaveLength(1)
      await worker.finish(await worker.begin(again))
      expect(await other.tryBegin(again, ['other'])).toEqual(REFUSED)
    })

    it('goes by the job that the schedule has by now', async () => {
      const { relay, worker, message } = await opened()
      await relay.catalog.patch('a', { job: 'other' })
      expect((await worker.tryBegin([message], ['note'])).foreign).toHaveLength(1)
      expect(await worker.begin([message], ['other'])).toHaveLength(1)
    })
  })

  it('answers each of hundreds in one list', { timeout: 120_000 }, async () => {
    const { relay, worker, other } = await opened()
    const KINDS = [
      'sent',
      'taken',
      'returned',
      'failed',
      'runs',
      'foreign',
      'paused',
      'stale',
      'ended',
    ] as const
    const EACH = 40
    const keys = KINDS.flatMap((what) => Array.from({ length: EACH }, (_, i) => `${what}-${i}`))
    const jobOf = (key: string) => (key.startsWith('foreign') ? 'strange' : 'note')
    await relay.catalog.scheduleMany(keys.map((key) => ({ ...AT_FIVE, key, job: jobOf(key) })))
    const ids = await scene().sql('select id, "key" from carillon_schedules')
    const keyOf = new Map(ids.map(({ id, key }) => [id as number, key as string]))
    const kindOf = ({ scheduleId }: { scheduleId: number }) => keyOf.get(scheduleId)!.split('-')[0]!

    const taken = await relay.take()
    const of = (...kinds: string[]): OutboxEntry[] => taken.filter((entry) => kinds.includes(kindOf(entry)))
    await relay.giveBack(of('returned'))
    await relay.confirm(taken.filter((entry) => kindOf(entry) !== 'taken'))
    await other.finish(await other.begin(of('failed')), FAILED)
    await other.begin(of('runs'))
    await other.finish(await other.begin(of('ended')))
    for (let i = 0; i < EACH; i++) await relay.catalog.pause(`paused-${i}`)
    await scene().sql(`update carillon_schedules set generation = 2 where "key" like 'stale-%'`)

    const shuffled = sentAttempts(taken).toSorted(
      (a, b) => ((a.scheduleId * 7) % 11) - ((b.scheduleId * 7) % 11),
    )
    const { done, held, foreign } = await worker.tryBegin(shuffled)
    const counted = (refs: readonly { scheduleId: number }[]) =>
      Object.entries(Object.groupBy(refs, kindOf))
        .map(([what, all]) => `${all!.length} ${what}`)
        .toSorted()
    expect(counted(done)).toEqual(['40 returned', '40 sent', '40 taken'])
    expect(counted(foreign)).toEqual(['40 foreign'])
    expect(held).toEqual([])
    expect(new Set(done.map(({ attempt }) => attempt))).toEqual(new Set([1]))

    const rows = await scene().sql(
      `select schedule_id as "scheduleId", state, reason, attempt, owner from carillon_occurrences`,
    )
    const states = rows
      .filter(({ scheduleId }) => keyOf.get(scheduleId as number) !== 'a')
      .map(({ scheduleId, state, reason, attempt, owner }) =>
        [kindOf({ scheduleId: scheduleId as number }), reason ?? state, attempt, owner].join(' '),
      )
    expect([...new Set(states)].toSorted()).toEqual([
      'ended succeeded 1 other',
      'failed planned 1 ',
      'foreign sent 0 ',
      'paused paused 0 ',
      'returned running 1 worker',
      'runs running 1 other',
      'sent running 1 worker',
      'stale superseded 0 ',
      'taken running 1 worker',
    ])
    expect(states).toHaveLength(KINDS.length * EACH)
  })
})
