import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffInputs } from './diff-inputs.ts'

describe('diffInputs', () => {
  it.each([
    [{ cron: '* * * * *' }, { cron: '0 * * * *' }, ['cron: "* * * * *" -> "0 * * * *"']],
    [{ note: undefined }, {}, []],
    [{}, { note: 'x' }, ['note: undefined -> "x"']],
    [{ note: null }, {}, ['note: null -> undefined']],
    [{ cron: 'a' }, { every: 5 }, ['cron: "a" -> undefined', 'every: undefined -> 5']],
    [{ cron: ['a', 'b'] }, { cron: ['b', 'a'] }, ['cron: ["a","b"] -> ["b","a"]']],
    [
      { catchUp: { within: 0, policy: 'all' } },
      { catchUp: { within: 5, policy: 'all' } },
      ['catchUp.within: 0 -> 5'],
    ],
    [
      { payload: { a: { b: 1 } } },
      { payload: { a: { b: 2, c: 3 } } },
      ['payload.a.b: 1 -> 2', 'payload.a.c: undefined -> 3'],
    ],
    [{ payload: [1] }, { payload: { a: 1 } }, ['payload: [1] -> {"a":1}']],
    [{ payload: 1 }, { payload: { a: 1 } }, ['payload: 1 -> {"a":1}']],
    [{ payload: { 'a.b': 1 } }, { payload: { 'a.b': 2 } }, ['payload."a.b": 1 -> 2']],
    [
      { payload: {} },
      { payload: { toString: 1, '': 2 } },
      ['payload.toString: undefined -> 1', 'payload."": undefined -> 2'],
    ],
    [{ at: new Date(0) }, { at: new Date(0) }, []],
    [
      { at: new Date(0) },
      { at: new Date(1) },
      ['at: "1970-01-01T00:00:00.000Z" -> "1970-01-01T00:00:00.001Z"'],
    ],
  ])('of %j and %j is %j', (before, after, lines) => {
    const told = diffInputs(before, after).map(
      ({ path, before: a, after: b }) => `${path}: ${JSON.stringify(a)} -> ${JSON.stringify(b)}`,
    )
    expect(told).toEqual(lines)
  })

  it('is empty for the same, and names each path once', () => {
    const input = fc.dictionary(fc.string(), fc.jsonValue())
    fc.assert(
      fc.property(input, input, (before, after) => {
        expect(diffInputs(before, structuredClone(before))).toEqual([])
        const paths = diffInputs(before, after).map(({ path }) => path)
        expect(new Set(paths).size).toBe(paths.length)
        const back = diffInputs(after, before).map(({ path }) => path)
        expect(back.toSorted()).toEqual(paths.toSorted())
      }),
    )
  })
})
