import { describe, expect, it } from 'vitest'
import { Buckets } from './buckets.ts'

const at = (time: string) => Date.parse(`2026-06-01T${time}Z`)

describe('Buckets', () => {
  it('begin at whole minutes, whenever the time does', () => {
    const buckets = new Buckets(at('10:00:20'), at('10:02:00.001'), 60_000)
    expect(buckets.length).toBe(3)
    expect([0, 1, 2].map((i) => buckets.startOf(i))).toEqual([at('10:00'), at('10:01'), at('10:02')])
    expect(
      [at('10:00:20'), at('10:00:59.999'), at('10:01'), at('10:02')].map((t) => buckets.indexOf(t)),
    ).toEqual([0, 0, 1, 2])
    expect(buckets.partOf(0)).toEqual({ from: at('10:00:20'), until: at('10:01') })
    expect(buckets.partOf(2)).toEqual({ from: at('10:02'), until: at('10:02:00.001') })
  })

  it('need no further one for an end at a whole minute', () => {
    expect(new Buckets(at('10:00'), at('10:02'), 60_000).length).toBe(2)
  })

  it.each([
    [
      '10:00',
      '10:00',
      60_000,
      'until 2026-06-01T10:00:00.000Z must be later than from, 2026-06-01T10:00:00.000Z',
    ],
    ['10:00', '11:00', 999, 'bucket 999ms is too short: the shortest is 1s'],
    [
      '10:00',
      '15:00',
      1_000,
      'bucket 1s cuts the time into 18000 pieces, and 12000 at most are counted: give a bucket of 5s or longer, or an earlier until',
    ],
  ])('refuse %s to %s in steps of %d ms', (from, until, bucketMs, message) => {
    expect(() => new Buckets(at(from), at(until), bucketMs)).toThrow(message)
  })

  it('propose what is long enough, if anything is', () => {
    const years = (count: number) => new Buckets(0, count * 366 * 86_400_000, 60_000)
    expect(() => years(1)).toThrow('give a bucket of 1h or longer')
    expect(() => years(20)).toThrow('give a bucket of 1d or longer')
    expect(() => years(250)).toThrow('are counted: give an earlier until')
  })
})
