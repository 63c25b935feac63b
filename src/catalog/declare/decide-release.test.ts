import { describe, expect, it } from 'vitest'
import { decideRelease } from './decide-release.ts'

const NOW = 1_000_000
const alive = (digest: string, place: number) => ({ digest, place, aliveUntil: NOW + 1 })
const dead = (digest: string, place: number) => ({ digest, place, aliveUntil: NOW })

describe('what a release declares', () => {
  it('is put in force where nothing was declared', () => {
    expect(decideRelease([], 'a', NOW)).toEqual({ kind: 'apply', place: 1 })
  })

  it('stays in force', () => {
    expect(decideRelease([alive('a', 3), alive('b', 2)], 'a', NOW)).toEqual({ kind: 'keep' })
    expect(decideRelease([alive('b', 2), dead('a', 3)], 'a', NOW)).toEqual({ kind: 'keep' })
  })

  it('takes the place of an older one, alive or not', () => {
    expect(decideRelease([alive('a', 3)], 'b', NOW)).toEqual({ kind: 'apply', place: 4 })
    expect(decideRelease([dead('a', 3)], 'b', NOW)).toEqual({ kind: 'apply', place: 4 })
  })

  it('waits while a newer one is alive', () => {
    expect(decideRelease([alive('b', 4), alive('a', 3)], 'a', NOW)).toEqual({ kind: 'wait', until: NOW + 1 })
  })

  it('is put in force again when the newer one is gone', () => {
    expect(decideRelease([dead('b', 4), alive('a', 3)], 'a', NOW)).toEqual({ kind: 'apply', place: 5 })
  })
})
