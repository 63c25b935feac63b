import { expect, it } from 'vitest'
import { simulate, type SimulatedRun } from '../../src/index.ts'
import { TIMELINES } from '../semantics/overlap-timelines.ts'

const clockTime = (date: Date) => date.toISOString().slice(11, 19).replace(/:00$/, '')

/** In the order of time; what ends makes room for what begins. */
function inOrder(a: string, b: string): number {
  const [[one = '', what = ''], [other = '']] = [a.split(' '), b.split(' ')]
  return one.localeCompare(other) || (what === 'begins' ? 1 : -1)
}

it.each(TIMELINES)('what is simulated is what happens: $name', async ({ policy, takes, happens }) => {
  const happened: string[] = []
  const onRun = ({ nominalAt, startedAt, endedAt, outcome }: SimulatedRun) => {
    const name = clockTime(nominalAt)
    if (startedAt !== undefined) happened.push(`${clockTime(startedAt)} begins ${name}`)
    const end = outcome === 'replaced' ? 'is told to end:' : 'ends'
    if (endedAt !== undefined) happened.push(`${clockTime(endedAt)} ${end} ${name}`)
  }
  const schedules = [{ ...policy, key: 'a', cron: '* * * * *', job: 'work', takes }]
  await simulate({ schedules, from: '2026-06-01T10:00:00Z', until: '2026-06-01T10:05:59.999Z', onRun })
  expect(happened.toSorted(inOrder)).toEqual(happens)
})
