import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import type { Alert, AlertHook, NewAlert } from './alert.ts'
import { Alerts } from './alerts.ts'

const FAILED: NewAlert = {
  kind: 'run-failed',
  about: { namespace: 'default', key: 'a' },
  message: 'it failed',
  details: { attempt: 1, error: { code: 'Error' } },
}

function set(...hooks: AlertHook[]) {
  const clock = new ManualClock('2026-06-01T10:00:00Z')
  const log: { message: string; fields: object }[] = []
  const write = (fields: object, message: string) => void log.push({ message, fields })
  const logger = { info: write, warn: write, error: write }
  const alerts = new Alerts({ hooks, clock, logger, server: 'me' })
  return { alerts, clock, log, messages: () => log.map(({ message }) => message) }
}

/** Lets what is settled be heard of. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('alerts', () => {
  it('reach every hook, each with a copy of its own, with one id', async () => {
    const seen: Alert[] = []
    const spoil = (alert: Alert) => {
      seen.push(structuredClone(alert))
      Object.assign(alert.details['error'] as object, { code: 'spoiled' })
    }
    const { alerts } = set(spoil, (alert) => void seen.push(alert))
    alerts.raise(FAILED)
    alerts.raise({ ...FAILED, message: 'again' })

    expect(seen.map(({ message }) => message)).toEqual(['it failed', 'it failed', 'again', 'again'])
    expect(seen[1]).toEqual({
      id: seen[0]!.id,
      kind: 'run-failed',
      at: new Date('2026-06-01T10:00:00Z'),
      server: 'me',
      namespace: 'default',
      key: 'a',
      message: 'it failed',
      details: { attempt: 1, error: { code: 'Error' } },
    })
    expect(seen[2]!.id).not.toBe(seen[0]!.id)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('of a hook that %s are logged, and others have theirs', async (_, hook) => {
    const seen: string[] = []
    const { alerts, messages } = set(hook, ({ id }) => void seen.push(id))
    alerts.raise(FAILED)
    alerts.raise(FAILED)
    await turn()
    expect(seen).toHaveLength(2)
    expect(messages()).toEqual(['an alert hook failed', 'an alert hook failed'])
  })

  it('go on after a hook that hangs, which is told so by its signal', async () => {
    const seen: string[] = []
    const signals: AbortSignal[] = []
    const hang: AlertHook = ({ message }, { signal }) => {
      seen.push(message)
      signals.push(signal)
      return message === 'last' ? undefined : new Promise(() => {})
    }
    const { alerts, clock, messages } = set(hang)
    for (let n = 0; n < 4; n++) alerts.raise(FAILED)
    alerts.raise({ ...FAILED, message: 'last' })
    await clock.advance('119s')
    expect(seen).not.toContain('last')

    await clock.advance('1s')
    expect(seen).toContain('last')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true, true, false])
    expect(messages()).toEqual(Array(4).fill('an alert hook took too long; it is no longer waited for'))
    expect(clock.pending).toEqual([])
  })

  it('that find a thousand waiting are dropped, counted, and said to be once', async () => {
    const gate = Promise.withResolvers<void>()
    let seen = 0
    const { alerts, log } = set(async () => {
      seen++
      await gate.promise
    })
    for (let n = 0; n < 1_100; n++) alerts.raise(FAILED)
    expect(seen).toBe(4)
    gate.resolve()
    await alerts.settle(Infinity)

    expect(seen).toBe(1_004)
    expect(log.map(({ message }) => message.slice(0, 29))).toEqual([
      'alerts are raised faster than',
      'so many alerts were dropped; ',
    ])
    expect(log.at(-1)?.fields).toEqual({ dropped: 96 })
  })

  it('are waited for until an instant, and counted as lost after it', async () => {
    const aborted: unknown[] = []
    const { alerts, clock, log } = set((_, { signal }) => {
      signal.addEventListener('abort', () => aborted.push(signal.reason))
      return new Promise(() => {})
    })
    for (let n = 0; n < 10; n++) alerts.raise(FAILED)
    const settled = alerts.settle(clock.now() + 5_000)
    await clock.advance('5s')
    await settled
    expect(aborted).toHaveLength(4)
    expect(log).toEqual([
      { message: 'alerts were lost, since their hooks did not end before the server', fields: { lost: 10 } },
    ])
    expect(clock.pending).toEqual([])
  })

  it('are no longer waited for when the end is hurried', async () => {
    const hurry = new AbortController()
    const { alerts, messages } = set(() => new Promise(() => {}))
    alerts.raise(FAILED)
    const settled = alerts.settle(Infinity, hurry.signal)
    hurry.abort()
    await settled
    expect(messages()).toHaveLength(1)
  })
})
