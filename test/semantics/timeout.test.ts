import { describe, expect, it } from 'vitest'
import { defineJob, RunTimeoutError, type JobContext } from '../../src/index.ts'
import { aborted, gate, instant, ledger, useWorld } from './support.ts'

const world = useWorld()

async function startWith(handle: (context: JobContext) => unknown, policy: object = {}) {
  const slow = defineJob('slow', {
    handle(context) {
      world.record(context)
      return handle(context)
    },
  })
  const cron = await world.open({ jobs: [slow, world.note], concurrency: 1 })
  await cron.start()
  await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow', timeout: '30s', ...policy })
  return cron
}

describe('a run that takes too long', () => {
  it('is aborted at its timeout with RunTimeoutError, and fails with it', async () => {
    let reason: unknown
    let abortedAt = 0
    const cron = await startWith(({ signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason
        abortedAt = world.clock.now()
      })
      return aborted(signal)
    })

    await world.clock.advanceTo(instant('10:05:29.999'))
    expect(reason).toBeUndefined()
    expect(cron.running).toBe(1)
    await world.clock.advance('1ms')
    expect(reason).toBeInstanceOf(RunTimeoutError)
    expect(reason).toMatchObject({ timeoutMs: 30_000, code: 'RUN_TIMEOUT' })
    expect(abortedAt).toBe(instant('10:05:30'))

    const [occurrence] = await cron.history('a')
    expect(occurrence).toMatchObject({ state: 'failed', error: { code: 'RUN_TIMEOUT' } })
    expect(cron.running).toBe(0)
  })

  it('is tried again like any failure', async () => {
    await startWith(({ signal }) => aborted(signal), { retries: 1 })
    await world.clock.advance('10m')
    expect(world.beginnings).toEqual(['10:05 a', '10:05:40 a #2'])
  })

  it('and throws an error of its own when aborted has timed out all the same', async () => {
    const cron = await startWith(async ({ signal }) => {
      await aborted(signal).catch(() => undefined)
      throw new Error('socket closed')
    })
    await world.clock.advance('10m')
    expect((await cron.history('a'))[0]?.error).toMatchObject({ code: 'RUN_TIMEOUT' })
  })

  it('and ignores the abort does not hold up the others', async () => {
    const never = gate()
    const cron = await startWith(() => never.promise)
    await cron.schedule({ key: 'b', cron: '7 10 * * *', job: 'note' })

    await world.clock.advance('30m')
    expect(world.beginnings).toEqual(['10:05 a', '10:07 b'])
    expect(await ledger(cron, 'a')).toEqual(['10:05 failed'])
  })

  it('and ignores the abort is tried again, and what the first attempt returns at last no longer counts', async () => {
    const gates = [gate(), gate()]
    const cron = await startWith(
      async ({ occurrence: { attempt } }) => {
        await gates[attempt - 1]?.promise
        return `by attempt ${attempt}`
      },
      { retries: 1 },
    )
    await world.clock.advanceTo(instant('10:06'))
    const second = world.begun.find(({ attempt }) => attempt === 2)
    expect(second).toBeDefined()
    gates[0]?.resolve()
    await world.clock.advance('1s')
    expect((await cron.history('a'))[0]).toMatchObject({ state: 'running', attempt: 2, result: null })
    gates[1]?.resolve()
    await world.clock.advance('1s')
    expect((await cron.history('a'))[0]).toMatchObject({ state: 'succeeded', result: 'by attempt 2' })
  })

  it('has a signal that is left alone when it ends in time', async () => {
    let signal: AbortSignal | undefined
    const cron = await startWith((context) => {
      signal = context.signal
    })
    await world.clock.advance('10m')
    expect(signal?.aborted).toBe(false)
    expect(await ledger(cron, 'a')).toEqual(['10:05 succeeded'])
  })

  it('may take for ever when there is no timeout', async () => {
    const end = gate()
    const cron = await startWith(() => end.promise, { timeout: undefined })
    await world.clock.advance('20m')
    expect((await cron.history('a'))[0]).toMatchObject({ state: 'running', attempt: 1 })
    end.resolve()
    await world.clock.advance('1s')
    expect(await ledger(cron, 'a')).toEqual(['10:05 succeeded'])
  })
})
