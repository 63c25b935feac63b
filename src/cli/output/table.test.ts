import { describe, expect, it } from 'vitest'
import { Style } from './style.ts'
import { table } from './table.ts'
import { unmarked } from './visible.ts'

const ROWS = [
  ['a', 'short'],
  ['漢字', 'a last column that is much too long for the screen'],
]

describe('table', () => {
  it('lines up columns by what the screen shows of them', () => {
    expect(table(['KEY', 'TEXT'], ROWS, new Style({ columns: undefined, hasColors: false }))).toBe(
      ['KEY   TEXT', 'a     short', '漢字  a last column that is much too long for the screen'].join('\n'),
    )
  })

  it('cuts the last column where the screen ends', () => {
    const lines = table(['KEY', 'TEXT'], ROWS, new Style({ columns: 30, hasColors: false })).split('\n')
    expect(lines.at(-1)).toBe('漢字  a last column that is m…')
  })

  it('colours only where there are colours', () => {
    expect(table(['KEY'], [], new Style({ columns: undefined, hasColors: false }))).toBe('KEY')
    expect(unmarked(table(['KEY'], [], new Style({ columns: undefined, hasColors: true })))).toContain(
      '\u001B[1mKEY',
    )
  })
})
