import { describe, expect, it } from 'vitest'
import type { Actor } from './support/actor.ts'
import { DATABASES, instant, SERVERS, useScene, type Scene } from './support/scene.ts'
import { Crash } from './support/stage.ts'

const QUEUE = { overlap: 'queue-all' } as const
const GUARD = { ...QUEUE, mutex: 'm' } as const
const CHANGE = { at: /^commit/, after: /update .*carillon_schedules/ }
/** A guard has left its mark on a run. */
const MARKED = { at: /^commit/, after: /awaited/ }
const HELD = { done: [], held: [expect.objectContaining({ generation: 1 })] }
const NOTHING = { done: [], held: [] }

const give = ({ catalog }: Actor): Promise<unknown> => catalog.patch('a', GUARD)

/** `a` at 10:05, which has no policy yet, and `b` at 10:06, under the guard that it is given. */
async function opened(scene: Scene) {
  const editor = await scene.actor('editor')
  const worker = await scene.actor('worker')
  const other = await scene.actor('other')
  await editor.catalog.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
  await editor.catalog.schedule({ key: 'b', cron: '6 10 * * *', job: 'note', ...GUARD })
  const claimed = await worker.claim({ limit: 1 })
  expect(claimed).toMatchObject([{ dueAt: instant('10:05') }])
  const next = await other.claim()
  expect(next).toMatchObject([{ dueAt: instant('10:06') }])
  return { editor, worker, other, claimed, next }
}

/** The keys that anybody may claim now. */
async function free(scene: Scene): Promise<unknown[]> {
  const rows = await scene.sql(
    `select s."key" as name from carillon_occurrences o join carillon_schedules s on s.id = o.schedule_id
     where o.state = 'planned' and o.lease_until is null order by name`,
  )
  return rows.map(({ name }) => name)
}

describe.each(DATABASES)('one after the other, on %s', (kind) => {
  const scene = useScene(kind)

  it('a policy that is given between claim and begin has the occurrence asked for again, by it', async () => {
    const { editor, worker, claimed } = await opened(scene())
    await give(editor)
    expect(await worker.tryBegin(claimed)).toEqual(NOTHING)

    const again = await worker.claim()
    expect((await worker.ask(again)).done).toMatchObject([{ attempt: 1, isGuarded: true }])
  })

  it('what has begun before is waited for, and its end calls', async () => {
    const { editor, worker, other, claimed, next } = await opened(scene())
    const runs = await worker.begin(claimed)
    expect(runs).toMatchObject([{ isGuarded: false }])
    await give(editor)
    expect((await other.ask(next)).done).toEqual([])
    expect(await free(scene())).toEqual([])

    expect(await worker.end(runs)).toBe(1)
    expect(await free(scene())).toEqual(['b'])
    expect((await other.ask(await other.claim())).done).toHaveLength(1)
  })

  it('its end is nothing but its end where nobody waits', async () => {
    const { editor, worker, claimed } = await opened(scene())
    const runs = await worker.begin(claimed)
    await give(editor)
    const heard = worker.stage.hear()
    expect(await worker.end(runs)).toBe(1)
    expect(heard.filter((statement) => /turns|guards/.test(statement))).toEqual([])
  })

  it('its end counts once, whatever the guard has written on its row since', async () => {
    const { editor, worker, other, claimed } = await opened(scene())
    const runs = await worker.begin(claimed)
    await editor.catalog.patch('b', { overlap: 'replace' })
    await give(editor)
    await other.ask(await other.claim())
    expect((await worker.heartbeat(runs)).map(({ mark }) => mark)).toEqual(['overlap'])
    expect(await worker.end(runs)).toBe(1)
    expect(await worker.end(runs)).toBe(0)
    expect(await free(scene())).toEqual(['b'])
  })

  it('who was called, and comes to another guard, leaves the turn to the next', async () => {
    const editor = await scene().actor('editor')
    const worker = await scene().actor('worker')
    for (const [i, key] of ['d', 'a', 'b'].entries())
      await editor.catalog.schedule({ key, cron: `${5 + i} 10 * * *`, job: 'note', ...GUARD })
    const { done } = await worker.ask(await worker.claim())
    expect(await worker.end(done)).toBe(1)
    expect(await free(scene())).toEqual(['a'])

    await editor.catalog.patch('a', { mutex: 'another' })
    expect(await free(scene())).toEqual(['a', 'b'])
  })
})

describe.each(SERVERS)('at once, on %s', (kind) => {
  const scene = useScene(kind)

  it('a policy that is not committed holds what was claimed, and nothing else', async () => {
    const { editor, worker, other, claimed, next } = await opened(scene())
    await editor.catalog.trigger('a')
    const [byHand] = await worker.claim()
    const runs = await worker.begin([byHand!])
    const stop = editor.stage.stop(CHANGE)
    const giving = give(editor)
    await stop.reached

    expect(await scene().unhindered(worker.tryBegin(claimed))).toEqual(HELD)
    expect(await scene().unhindered(worker.heartbeat(runs))).toHaveLength(1)
    expect((await scene().unhindered(other.ask(next))).done).toHaveLength(1)
    expect(await scene().unhindered(worker.end(runs))).toBe(1)
    stop.go()
    await giving
    expect(await worker.tryBegin(claimed)).toEqual(NOTHING)
    expect((await other.ask(await other.claim())).done).toEqual([])
  })

  it('a policy that is not committed lets nobody claim what it is for', async () => {
    const { editor, worker, claimed } = await opened(scene())
    await worker.release(claimed)
    const stop = editor.stage.stop(CHANGE)
    const giving = give(editor)
    await stop.reached

    expect(await scene().unhindered(worker.claim())).toEqual([])
    stop.go()
    await giving
    expect((await worker.ask(await worker.claim())).done).toHaveLength(1)
  })

  it('another guard that is not committed keeps no run from ending under the one that it has', async () => {
    const { editor, other, next } = await opened(scene())
    const { done } = await other.ask(next)
    const stop = editor.stage.stop(CHANGE)
    const giving = editor.catalog.patch('b', { mutex: 'another' })
    await stop.reached

    expect(await scene().unhindered(other.end(done))).toBe(1)
    stop.go()
    await giving
  })

  it('a policy that is rolled back lets what was claimed begin', async () => {
    const { editor, worker, claimed } = await opened(scene())
    const stop = editor.stage.stop(CHANGE)
    const giving = give(editor)
    await stop.reached

    expect(await scene().unhindered(worker.tryBegin(claimed))).toEqual(HELD)
    stop.crash()
    await expect(giving).rejects.toThrow(Crash)
    expect(await worker.begin(claimed)).toHaveLength(1)
  })

  it('a policy waits for what is just beginning, and counts it', async () => {
    const { editor, worker, other, claimed, next } = await opened(scene())
    const stop = worker.stage.stop({ at: /^commit/, after: /carillon_occurrences/ })
    const beginning = worker.slow.begin(claimed)
    await stop.reached

    const giving = give(editor)
    await scene().blocked()
    stop.go()
    const runs = await beginning
    await giving
    expect(runs).toHaveLength(1)
    expect((await other.ask(next)).done).toEqual([])
    expect(await worker.end(runs)).toBe(1)
    expect(await free(scene())).toEqual(['b'])
  })

  it('an end waits for who is just told to wait for it, and calls', async () => {
    const { editor, worker, other, claimed, next } = await opened(scene())
    const runs = await worker.begin(claimed)
    await give(editor)
    const stop = other.stage.stop(MARKED)
    const asking = other.ask(next)
    await stop.reached

    const ending = worker.end(runs)
    await scene().blocked()
    stop.go()
    expect((await asking).done).toEqual([])
    expect(await ending).toBe(1)
    expect(await free(scene())).toEqual(['b'])
  })

  it('who asks waits for an end that is just written, and begins', async () => {
    const { editor, worker, other, claimed, next } = await opened(scene())
    const runs = await worker.begin(claimed)
    await give(editor)
    const stop = worker.stage.stop({ at: /^commit/ })
    const ending = worker.slow.end(runs)
    await stop.reached

    const asking = other.ask(next)
    await scene().blocked()
    stop.go()
    expect(await ending).toBe(1)
    expect((await asking).done).toHaveLength(1)
  })
})
