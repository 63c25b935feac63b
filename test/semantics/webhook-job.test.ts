import { describe, expect, it } from 'vitest'
import { InvalidPayloadError, webhookJob } from '../../src/index.ts'
import { status, useReceivers, type Answer } from '../support/receiver.ts'
import { instant, ledger, until, useWorld } from './support.ts'

const world = useWorld()
const receiver = useReceivers()

/** A schedule that calls a receiver at 10:05. */
async function startWith(answers: Answer[], schedule: object = {}) {
  const receiving = await receiver(...answers)
  const cron = await world.open({ jobs: [webhookJob({ allow: [receiving.origin] }), world.note] })
  await cron.start()
  const payload = { url: `${receiving.origin}/secret-path` }
  await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'webhook', payload, ...schedule })
  return { cron, ...receiving }
}

describe('a schedule of the job webhook', () => {
  it('is refused at once for a host that is not listed, and nothing is stored', async () => {
    const { cron, origin } = await startWith([status(200)])
    // What a server does when it starts is done.
    await world.clock.advance(0)
    const before = await world.dump()
    for (const url of ['https://evil.example/', origin.replace('127.0.0.1', 'localhost')]) {
      const storing = cron.schedule({ key: 'b', cron: '* * * * *', job: 'webhook', payload: { url } })
      await expect(storing).rejects.toThrow(InvalidPayloadError)
      await expect(storing).rejects.toThrow(`url: requests may not go to ${new URL(url).origin}`)
    }
    await expect(cron.patch('a', { payload: { url: 'https://evil.example/' } })).rejects.toThrow(
      InvalidPayloadError,
    )
    expect(await world.dump()).toEqual(before)
  })

  it('is tried again by its own retries and backoff, or as late as it is told, with one key for all attempts', async () => {
    const { cron, received } = await startWith(
      [status(503), status(429, { 'retry-after': '120' }), status(200)],
      {
        retries: 5,
        backoff: { initial: '1m', factor: 1 },
      },
    )
    await world.clock.advance('5m')
    for (const [attempt, dueAt] of [
      [1, '10:06'],
      [2, '10:08'],
    ] as const) {
      const failed = async () => {
        const [run] = await cron.history('a')
        return run?.state === 'planned' && run.attempt === attempt
      }
      await until(failed)
      const [waiting] = await cron.history('a')
      expect(waiting).toMatchObject({ error: { code: 'WEBHOOK_FAILED' }, dueAt: new Date(instant(dueAt)) })
      await world.clock.advanceTo(instant(dueAt))
    }
    await until(async () => (await ledger(cron, 'a'))[0] === '10:05 succeeded')
    expect((await cron.history('a'))[0]).toMatchObject({ attempt: 3, result: { status: 200 } })
    const keys = received.map(({ headers }) => headers['idempotency-key'])
    expect(new Set(keys)).toEqual(new Set([(await cron.history('a'))[0]!.id]))
    expect(received.map(({ headers }) => headers['carillon-attempt'])).toEqual(['1', '2', '3'])
  })

  it('has failed at once where no attempt would be taken, with what was answered', async () => {
    const { cron, received, origin } = await startWith([status(404, { 'content-type': 'text/plain' })], {
      retries: 5,
    })
    await world.clock.advance('5m')
    await until(async () => (await ledger(cron, 'a'))[0] === '10:05 failed')
    const [occurrence] = await cron.history('a')
    expect(occurrence).toMatchObject({
      attempt: 1,
      error: { code: 'WEBHOOK_FAILED', message: `${origin} answered 404` },
      result: { status: 404, body: 'said so' },
    })
    expect(JSON.stringify(occurrence!.error)).not.toContain('secret-path')
    expect(received).toHaveLength(1)
  })

  it('does not run where its host is no longer listed', async () => {
    const { cron, received } = await startWith([status(200)], { retries: 5 })
    await cron.close()
    const later = await world.open({ jobs: [webhookJob({ allow: ['api.example.com'] })] })
    await later.start()
    await world.clock.advance('5m')
    await until(async () => (await ledger(later, 'a'))[0] === '10:05 failed')
    expect((await later.history('a'))[0]).toMatchObject({ attempt: 1, error: { code: 'INVALID_PAYLOAD' } })
    expect(received).toEqual([])
  })
})
