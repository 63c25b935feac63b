import { describe, expect, it } from 'vitest'
import { DATABASES, instant, SERVERS, useScene } from '../interleaving/support/scene.ts'
import { AT_FIVE, idsOf, type OutboxActor, REFUSED, withMessage } from './support/outbox-actor.ts'

const GUARD = { overlap: 'queue-all', mutex: 'm' } as const
const CHANGE = { at: /^commit/, after: /update .*carillon_schedules/ }
const HELD = { ...REFUSED, held: [expect.objectContaining({ nominalAt: instant('10:05') })] }

const give = ({ catalog }: OutboxActor): Promise<unknown> => catalog.patch('a', GUARD)

describe.each(DATABASES)('messages of a schedule that is given a policy, on %s', (kind) => {
  const scene = useScene(kind)

  it('are void, and what they were for is sent anew and asks the guard', async () => {
    const { relay, worker, other, message } = await withMessage(scene())
    await relay.catalog.schedule({ ...AT_FIVE, ...GUARD, key: 'b', cron: '0 0 1 1 *' })
    await relay.catalog.trigger('b')
    const runs = await worker.arrive(await relay.send())
    expect(runs).toHaveLength(1)

    await give(relay)
    expect(await worker.tryBegin([message])).toEqual(REFUSED)
    expect(idsOf(await relay.withdrawals())).toEqual(idsOf([message]))
    const [next] = await relay.send()
    expect(idsOf([next!])).not.toEqual(idsOf([message]))
    expect({ ...next!, attempt: message.attempt }).toEqual(message)
    expect(await other.arrive([next!])).toEqual([])

    await worker.leave(runs)
    expect(await other.arrive(await relay.send())).toMatchObject([{ attempt: 1, isGuarded: true }])
    expect(await worker.tryBegin([message])).toEqual(REFUSED)
  })

  it('are void also where their relay had not confirmed them yet', async () => {
    const { relay, worker } = await withMessage(scene())
    await relay.catalog.schedule({ ...AT_FIVE, cron: '6 10 * * *' })
    const taken = await relay.take()
    await give(relay)
    await relay.confirm(taken)
    expect(await worker.tryBegin(taken)).toEqual(REFUSED)
    expect(await worker.arrive(await relay.send())).toMatchObject([{ generation: 2, attempt: 1 }])
  })
})

describe.each(SERVERS)('messages of a schedule that is being given a policy, on %s', (kind) => {
  const scene = useScene(kind)

  it('are held until it is committed, and void then', async () => {
    const { relay, worker, message } = await withMessage(scene())
    const stop = relay.stage.stop(CHANGE)
    const giving = give(relay)
    await stop.reached
    expect(await scene().unhindered(worker.tryBegin([message]))).toEqual(HELD)
    stop.go()
    await giving
    expect(await worker.tryBegin([message])).toEqual(REFUSED)
  })
})
