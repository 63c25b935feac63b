import { describe, expect, it } from 'vitest'
import { ConfigError, type Alert, type CarillonOptions } from '../../src/index.ts'
import { MemoryBroker } from '../support/memory-broker.ts'
import { aborted, gate, instant, ledger, until, useWorld } from './support.ts'

const world = useWorld()

/** A process whose job fails always, and the alerts that it raised. */
async function opened(options: Partial<CarillonOptions> = {}) {
  const raised: Alert[] = []
  const job = world.job('work', () => {
    throw new Error('the disk\nis full')
  })
  const alerts = (alert: Alert) => void raised.push(alert)
  const cron = await world.open({ jobs: [job, world.note], alerts, server: 'one', ...options })
  return { cron, raised, kinds: () => raised.map(({ kind }) => kind) }
}

describe('an alert is raised', () => {
  it('when a run has failed for good, after all its attempts', async () => {
    const { cron, raised } = await opened()
    await cron.start()
    const policy = { retries: 2, backoff: { initial: '1s' }, group: 'nightly' }
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'work', ...policy })
    await world.clock.advanceTo(instant('10:05:02'))
    expect(raised).toEqual([])

    await world.clock.advance('1m')
    const [occurrence] = await cron.history('a')
    expect(raised).toEqual([
      {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        kind: 'run-failed',
        at: new Date(instant('10:05:03')),
        server: cron.server,
        namespace: 'default',
        key: 'a',
        group: 'nightly',
        job: 'work',
        occurrence: occurrence!.id,
        message:
          'schedule "a": the run of 2026-06-01T10:05:00.000Z failed for good after 3 attempts: the disk is full',
        details: {
          nominalAt: '2026-06-01T10:05:00.000Z',
          attempt: 3,
          error: { code: 'Error', message: 'the disk\nis full' },
        },
      },
    ])
  })

  it('when a run was given up since its servers vanished, or cannot begin again', async () => {
    const { cron, raised } = await opened()
    const other = cron.namespace('other')
    await other.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    await world.sql(
      `update carillon_occurrences set state = 'running', owner = 'gone', attempt = 5, lost = 4, lease_until = ?`,
      instant('10:05:30'),
    )
    await cron.start({ roles: ['work'] })
    await world.clock.advance('6m')
    expect(raised).toMatchObject([
      { kind: 'run-failed', namespace: 'other', key: 'a', details: { error: { code: 'LEASE_LOST' } } },
    ])
    expect(raised[0]!.message).toContain('schedule "a" of namespace "other"')
  })

  it('when a schedule is paused since its runs keep failing', async () => {
    const { cron, raised, kinds } = await opened()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'work', pauseAfter: 2 })
    await world.clock.advance('10m')
    expect(kinds()).toEqual(['run-failed', 'run-failed', 'schedule-paused'])
    expect(raised[2]).toMatchObject({
      key: 'a',
      message:
        'schedule "a" was paused, since 2 runs in a row failed, the last one with: the disk is full; resume it once that is mended',
      details: { reason: '2 runs in a row failed' },
    })
  })

  it('once over all servers when a schedule turns out to be broken, and again when it breaks again', async () => {
    const { cron, raised } = await opened()
    const other = await opened()
    await cron.schedule({ key: 'bad', cron: '30 * * * *', job: 'note' })
    const broken = { definition: '{}', terms: '{}' }
    const good = await world.stored('bad')
    await world.tamper('bad', () => broken)
    await cron.start()
    await other.cron.start()
    await world.clock.advance('1h')
    const all = [...raised, ...other.raised]
    expect(all).toMatchObject([{ kind: 'schedule-broken', key: 'bad', job: 'note' }])
    expect(all[0]!.message).toMatch(
      /^schedule "bad" is broken and does not run: the stored terms .*; store it anew, or change what is wrong$/,
    )

    await world.tamper('bad', () => good)
    await world.clock.advance('10m')
    expect((await cron.describe('bad'))?.state).toBe('active')
    await world.tamper('bad', () => broken)
    await world.clock.advance('2h')
    // What fell due while it was broken, and is not made up for, is told when it is mended.
    expect(
      [...raised, ...other.raised].map(({ kind }): string => kind).toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(['run-absent', 'schedule-broken', 'schedule-broken'])
  })

  it('when a queue has been out of reach for a while, and when it is back', async () => {
    let isDown = false
    class Broker extends MemoryBroker {
      override epoch(last: string | undefined): string {
        if (isDown) throw new Error('connection refused')
        return super.epoch(last)
      }
    }
    const queue = { driver: 'memory', open: async () => new Broker().open() }
    const { cron, raised, kinds } = await opened({ queues: { mail: queue } })
    await cron.start({ roles: ['dispatch'] })
    await world.clock.advance('1m')
    isDown = true
    await world.clock.advance('10s')
    isDown = false
    await world.clock.advance('1m')
    expect(kinds(), 'a moment is no news').toEqual([])

    isDown = true
    await world.clock.advance('10m')
    expect(raised).toMatchObject([{ kind: 'queue-unreachable', details: { queue: 'mail' } }])
    expect(raised[0]!.message).toMatch(/^queue "mail" has been out of reach for \d+ s: connection refused; /)
    isDown = false
    await world.clock.advance('1m')
    expect(kinds()).toEqual(['queue-unreachable', 'queue-reachable'])
  })
})

describe('no alert is raised', () => {
  it('when runs succeed, are skipped, or are replaced by others', async () => {
    const { cron, kinds } = await opened({
      jobs: [world.note, world.job('waits', ({ signal }) => aborted(signal))],
    })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await cron.schedule({
      key: 'b',
      cron: '*/5 * * * *',
      job: 'waits',
      overlap: 'replace',
      endsAt: instant('10:20'),
    })
    await world.clock.advance('11m')
    await cron.pause('a')
    expect(await ledger(cron, 'b')).toContain('10:05 failed')
    expect(kinds()).toEqual([])
  })
})

describe('hooks', () => {
  it('that throw or hang harm neither runs nor passes, nor each other', async () => {
    const seen: Alert[] = []
    const { cron } = await opened({
      alerts: [
        () => {
          throw new Error('no')
        },
        () => new Promise(() => {}),
        (alert) => void seen.push(alert),
      ],
    })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'work' })
    await cron.schedule({ key: 'b', cron: '* * * * *', job: 'note' })
    await world.clock.advance('30m')
    expect(seen).toHaveLength(30)
    expect(world.begun.filter(({ key }) => key === 'b')).toHaveLength(30)
  })

  it('are waited for by stop, within the grace', async () => {
    const end = gate()
    let told = false
    const { cron } = await opened({
      alerts: async () => {
        await end.promise
        told = true
      },
    })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'work' })
    await world.clock.advance('5m')
    let isStopped = false
    const stopping = cron.stop({ grace: '10s' }).then(() => (isStopped = true))
    await world.clock.advance('9s')
    expect(isStopped).toBe(false)
    end.resolve()
    await stopping
    expect(told).toBe(true)
  })

  it('that hang do not keep a server from stopping once the grace is over', async () => {
    const { cron } = await opened({ alerts: () => new Promise(() => {}) })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'work' })
    await world.clock.advance('5m')
    let isStopped = false
    void cron.stop({ grace: '10s' }).then(() => (isStopped = true))
    await world.clock.advance('9s')
    expect(isStopped).toBe(false)
    await world.clock.advance('1s')
    await until(() => isStopped)
  })

  it.each([
    ['a webhook’s address', 'https://example.com'],
    ['a list with something else', [() => {}, 7]],
  ])('are functions, and nothing else: %s', async (_, alerts) => {
    await expect(world.open({ alerts: alerts as never })).rejects.toThrow(ConfigError)
  })
})
