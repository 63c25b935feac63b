import { expect, it } from 'vitest'
import { ManualClock } from './manual-clock.ts'

it('lets waits go off in order, each at its own instant', async () => {
  const clock = new ManualClock('2026-01-01T00:00:00Z')
  const start = clock.now()
  const rung: [string, number][] = []
  clock.alarmAt(start + 20, () => rung.push(['second', clock.now() - start]))
  clock.alarmAt(start + 10, () => {
    rung.push(['first', clock.now() - start])
    clock.alarmAt(start + 15, () => rung.push(['between', clock.now() - start]))
  })
  clock.alarmAt(start + 30, () => rung.push(['too late', clock.now() - start]))

  await clock.advance('25ms')
  expect(rung).toEqual([
    ['first', 10],
    ['between', 15],
    ['second', 20],
  ])
  expect(clock.now()).toBe(start + 25)
  expect(clock.pending).toEqual([start + 30])
})

it('does not let a cancelled wait go off', async () => {
  const clock = new ManualClock(0)
  const alarm = clock.alarmAt(10, () => expect.unreachable())

  alarm.cancel()
  await clock.advance(20)
  expect(clock.pending).toEqual([])
})

it('refuses a start that is no instant', () => {
  expect(() => new ManualClock('yesterday')).toThrow(TypeError)
})
