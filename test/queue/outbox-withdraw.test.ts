import { describe, expect, it } from 'vitest'
import { messageId } from '../../src/queue/message.ts'
import { FAILED, MINUTE } from '../interleaving/support/actor.ts'
import { DATABASES, instant, useScene } from '../interleaving/support/scene.ts'
import { CHANGES, idsOf, OutboxActor, REFUSED } from './support/outbox-actor.ts'

const MANY = { timeout: 120_000 }

describe.each(DATABASES)('taking messages back, on %s', (kind) => {
  const scene = useScene(kind)
  const enter = (name: string) => OutboxActor.enter(scene(), name)
  const at = (time: string, ms = 0) => scene().clock.jumpTo(instant(time) + ms)

  /** Schedule `a` with an occurrence at 10:05 that runs, at 10:06 sent, at 10:07 taken up, at 10:08 planned. */
  async function opened() {
    const editor = await enter('editor')
    const relay = await enter('relay')
    await editor.catalog.schedule({ key: 'a', cron: '5-8 10 * * *', job: 'note', queue: 'q', retries: 2 })
    const [running] = await relay.send({ limit: 1 })
    const [run] = await relay.begin([running!])
    const [sent] = await relay.send({ limit: 1 })
    const [taken] = await relay.take({ limit: 1 })
    expect(await scene().ledger()).toEqual([
      '10:05 g1 running #1 by relay',
      '10:06 g1 sent',
      '10:07 g1 sent by relay',
      '10:08 g1 planned',
    ])
    return { editor, relay, run: run!, sent: sent!, taken: taken! }
  }

  describe.each(CHANGES)('$change', ({ make, reason, planned }) => {
    it('notes exactly what was sent or taken up', async () => {
      const { editor, relay, sent, taken } = await opened()
      await make(editor)

      expect(await scene().ledger()).toEqual([
        '10:05 g1 running #1 by relay',
        `10:06 g1 ${reason}`,
        `10:07 g1 ${reason} by relay`,
        `10:08 g1 ${reason}`,
        ...planned,
      ])
      const id = expect.any(Number) as number
      const noted = await relay.withdrawals()
      expect(noted.toSorted((a, b) => a.dueAt - b.dueAt)).toEqual([
        { ...sent, id },
        { ...taken, id },
      ])
      expect(await relay.withdrawals(10, 'p')).toEqual([])
      expect(await relay.withdrawals(10, 'default')).toEqual([])
    })

    it('stops what was sent, taken up or planned, and leaves the run alone', async () => {
      const { editor, relay, run, sent, taken } = await opened()
      await make(editor)
      expect(await relay.tryBegin([sent, taken, { ...taken, nominalAt: instant('10:08') }])).toEqual(REFUSED)
      expect(await relay.take()).toHaveLength(planned.length)
      expect(await relay.heartbeat([run])).toHaveLength(1)
      expect(await relay.finish([run])).toHaveLength(1)
    })

    it('tells who was sending, since the message may come after the look for it', async () => {
      const { editor, relay, run, sent, taken } = await opened()
      await make(editor)
      expect(await relay.confirm([sent, taken, run as never])).toEqual([sent, taken])
      // What was confirmed before, or has begun, is not taken for void.
      const [next] = await relay.take()
      if (next !== undefined) {
        expect(await relay.confirm([next])).toEqual([])
        expect(await relay.confirm([next])).toEqual([])
      }
    })

    it('is not sent once more, however long it takes', async () => {
      const { editor, relay } = await opened()
      await make(editor)
      at('10:08', 40_000)
      await relay.reapAll()
      const generations = (await relay.take()).map(({ generation }) => generation)
      // The run's lease has ended; it was of the old generation, and does not begin again.
      expect(generations).toEqual(planned.map(() => 2))
      expect(await relay.backlog()).toMatchObject({ unsent: 0, sent: planned.length, withdrawals: 2 })
    })
  })

  it('notes the attempt and the due instant of what was sent after a failure', async () => {
    const { editor, relay, run } = await opened()
    await relay.finish([run], FAILED)
    // It is due at 10:01 now, before the others.
    const [again] = await relay.send({ limit: 1 })
    expect(again).toMatchObject({ nominalAt: instant('10:05'), attempt: 1, dueAt: instant('10:01') })

    await editor.catalog.pause('a')
    const noted = await relay.withdrawals()
    expect(noted.find(({ nominalAt }) => nominalAt === instant('10:05'))).toMatchObject({ ...again })
    expect(noted).toHaveLength(3)
  })

  it('notes a run by hand that was sent', async () => {
    const relay = await enter('relay')
    await relay.catalog.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', queue: 'q' })
    await relay.catalog.trigger('a')
    const [byHand] = await relay.send({ limit: 1 })
    await relay.catalog.pause('a')
    expect(await relay.withdrawals()).toMatchObject([{ ...byHand }])
    expect(await relay.tryBegin([byHand!])).toEqual(REFUSED)
  })

  it('does not note what was given back, or taken back', async () => {
    const relay = await enter('relay')
    await relay.catalog.schedule({ key: 'a', cron: '5,6 10 * * *', job: 'note', queue: 'q' })
    const [first] = await relay.take({ limit: 1 })
    await relay.giveBack([first!])
    await relay.catalog.schedule({ key: 'b', cron: '5 10 * * *', job: 'note', queue: 'q' })
    const taken = await relay.take()
    expect(taken).toHaveLength(3)
    at('10:00', 30_000)
    expect(await relay.reapAll()).toBe(3)

    await relay.catalog.delete('a')
    await relay.catalog.pause('b')
    expect(await relay.withdrawals()).toEqual([])
  })

  it('notes nothing when the change is rolled back', async () => {
    const { editor, relay, sent } = await opened()
    const before = await scene().ledger()
    const changing = editor.store.transaction(async (tables) => {
      const record = await tables.lock('default', 'a')
      const withdrawn = await tables.ledger.withdraw([record!.id], 'superseded', tables.now)
      expect([...withdrawn]).toEqual([[record!.id, 3]])
      expect(await tables.outbox.withdrawals('q', 10)).toHaveLength(2)
      throw new RangeError('changed our mind')
    })
    await expect(changing).rejects.toThrow(RangeError)
    expect(await relay.withdrawals()).toEqual([])
    expect(await scene().ledger()).toEqual(before)
    expect(await relay.begin([sent])).toHaveLength(1)
  })

  it.each([
    { what: 'the payload', patch: { payload: 2 }, job: 'note' },
    { what: 'the group', patch: { group: 'g' }, job: 'note' },
    { what: 'the job', patch: { job: 'strange' }, job: 'strange' },
  ])('a change of $what takes nothing back', async ({ patch, job }) => {
    const { editor, relay, sent, taken } = await opened()
    const before = await scene().ledger()
    await editor.catalog.patch('a', patch)
    expect(await scene().ledger()).toEqual(before)
    expect(await relay.withdrawals()).toEqual([])

    await relay.confirm([taken])
    expect(await relay.take()).toMatchObject([{ nominalAt: instant('10:08'), job }])
    expect(await relay.begin([sent, taken], [job])).toHaveLength(2)
  })

  it('a change of the queue takes back from the old one, and sends to the new one', async () => {
    const { editor, relay, sent } = await opened()
    await editor.catalog.patch('a', { queue: 'p' })
    expect(await relay.withdrawals(10, 'q')).toHaveLength(2)
    expect(await relay.withdrawals(10, 'p')).toEqual([])

    expect(await relay.take({ queue: 'q' })).toEqual([])
    const anew = await relay.send({ queue: 'p' })
    expect(anew).toMatchObject([5, 6, 7, 8].map((minute) => ({ generation: 2, dueAt: minutes(minute) })))
    expect(await relay.tryBegin([sent])).toEqual(REFUSED)
    expect(await relay.begin(anew)).toHaveLength(4)
  })

  it('a resumption sends the same instants anew, under other names', async () => {
    const { editor, relay, sent, taken } = await opened()
    await editor.catalog.pause('a')
    await editor.catalog.resume('a')

    const anew = await relay.send()
    expect(anew).toMatchObject(
      [5, 6, 7, 8].map((minute) => ({ generation: 3, attempt: 0, dueAt: minutes(minute) })),
    )
    const ids = new Set(idsOf(anew))
    for (const old of [sent, taken]) expect(ids.has(messageId(old))).toBe(false)
    expect(await relay.tryBegin([sent, taken])).toEqual(REFUSED)
    expect(await relay.begin(anew)).toHaveLength(4)
  })

  it('edits one after the other note the messages of each generation, the first ones in front', async () => {
    const relay = await enter('relay')
    const { catalog } = relay
    await catalog.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', queue: 'q' })
    const first = await relay.send()
    await catalog.patch('a', { cron: '6 10 * * *' })
    const second = await relay.send()
    await catalog.patch('a', { cron: '7 10 * * *' })
    const third = await relay.send()

    expect(await relay.withdrawals()).toMatchObject([{ ...first[0] }, { ...second[0] }])
    expect(await relay.tryBegin([...first, ...second])).toEqual(REFUSED)
    expect(await relay.begin(third)).toMatchObject([{ generation: 3, dueAt: instant('10:07') }])
  })

  it('a key that is deleted and stored again is sent anew, and the old message stays void', async () => {
    const relay = await enter('relay')
    const stored = { key: 'a', cron: '5 10 * * *', job: 'note', queue: 'q' }
    await relay.catalog.schedule(stored)
    const old = await relay.send()
    await relay.catalog.delete('a')
    await relay.catalog.schedule(stored)
    const anew = await relay.send()
    expect(idsOf(anew)).not.toEqual(idsOf(old))
    expect(await relay.tryBegin(old)).toEqual(REFUSED)
    expect(await relay.begin(anew)).toHaveLength(1)
    expect(await relay.withdrawals()).toMatchObject([{ ...old[0] }])
  })

  it('is done page by page, in the order in which it was noted', async () => {
    const relay = await enter('relay')
    for (const key of ['a', 'b', 'c', 'd', 'e'])
      await relay.catalog.schedule({ key, cron: '5 10 * * *', job: 'note', queue: 'q' })
    const sent = await relay.send()
    const inOrder = sent.toSorted((a, b) => b.scheduleId - a.scheduleId)
    for (const key of ['e', 'd', 'c', 'b', 'a']) await relay.catalog.pause(key)

    const first = await relay.withdrawals(2)
    expect(first).toMatchObject(inOrder.slice(0, 2))
    // Nobody has said that they were taken out.
    expect(await relay.withdrawals(2)).toEqual(first)

    const all = await relay.withdrawals()
    expect(all).toMatchObject(inOrder)
    await relay.withdrawn([all[3]!, all[0]!])
    expect(await relay.withdrawals()).toEqual([all[1], all[2], all[4]])
    await relay.withdrawn([all[3]!, all[0]!])
    await relay.withdrawn([])
    expect(await relay.withdrawals()).toEqual([all[1], all[2], all[4]])
  })

  it('goes for 2,000 at once, and leaves those of another queue', MANY, async () => {
    const relay = await enter('relay')
    const other = { key: 'other', cron: '5 10 * * *', job: 'note', queue: 'p' }
    await relay.catalog.schedule(other)
    for (const key of ['a', 'b'])
      await relay.catalog.schedule({ key, cron: '* * * * * *', job: 'note', queue: 'q' })
    const sent = [...(await relay.send()), ...(await relay.send())]
    expect(sent).toHaveLength(2_000)
    await relay.send({ queue: 'p' })

    await relay.catalog.delete('a')
    await relay.catalog.pause('b')
    await relay.catalog.delete('other')
    const noted = await relay.withdrawals()
    expect(idsOf(noted)).toEqual(idsOf(sent))
    expect(await relay.tryBegin(sent)).toEqual(REFUSED)

    const page = await relay.withdrawals(1_500)
    expect(page).toEqual(noted.slice(0, 1_500))
    await relay.withdrawn(page)
    expect(await relay.withdrawals()).toEqual(noted.slice(1_500))
    await relay.withdrawn(noted)
    expect(await relay.withdrawals()).toEqual([])
    expect(await relay.withdrawals(10, 'p')).toHaveLength(1)
  })
})

function minutes(count: number): number {
  return instant('10:00') + count * MINUTE
}
