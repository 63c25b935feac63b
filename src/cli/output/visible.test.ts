import { describe, expect, it } from 'vitest'
import { fakeTerminal } from '../../../test/cli/fake-terminal.ts'
import { Output } from './output.ts'
import { Style } from './style.ts'
import { properties, table } from './table.ts'
import { lines, oneLine, unmarked } from './visible.ts'

const EVIL = 'a\u001B[2J\u001B]0;title\u0007\nb\r\tc\u009B31m\u202Ed'
const SHOWN = String.raw`a\x1b[2J\x1b]0;title\x07⏎b\r\tc\x9b31m\u202ed`

describe('text of others', () => {
  it('shows what would move the cursor, written out', () => {
    expect(oneLine(EVIL)).toBe(SHOWN)
    expect(lines('one\r\ntwo\tthree\u001B[31m\rfour')).toBe('one\ntwo\tthree\\x1b[31m\\rfour')
    expect(oneLine('Zoë 漢字 👩‍👩‍👧 \u00A0')).toBe('Zoë 漢字 👩‍👩‍👧 \u00A0')
  })

  it('keeps to its cell, also between colours of our own, and the columns line up', () => {
    const style = new Style({ columns: undefined, hasColors: true })
    const shown = unmarked(
      table(
        ['KEY', 'NOTE'],
        [
          [style.bold(EVIL), 'x'],
          ['b', 'y'],
        ],
        style,
      ),
    )
    expect(shown.split('\n')[1]).toBe(`\u001B[1m${SHOWN}\u001B[22m  x`)
    expect(shown.split('\n')[2]).toBe(`b${' '.repeat(SHOWN.length - 1)}  y`)

    const plain = new Style({ columns: undefined, hasColors: false })
    expect(properties([['note', EVIL]], plain)).toBe(`  note  ${SHOWN}`)
  })

  it('is shown escaped in answers, notes, logs and errors, and as it is in JSON', () => {
    const human = fakeTerminal()
    const output = new Output(human, false)
    output.answer({}, () => EVIL)
    expect(human.printed).toBe(`${lines(EVIL)}\n`)
    output.note(() => EVIL)
    output.log({}, () => EVIL)
    output.error(new Error('x\u001B[2J'))
    expect(human.complained.split('\n')).toEqual([
      SHOWN,
      SHOWN,
      String.raw`carillon: unexpected error: x\x1b[2J (CARILLON_DEBUG=1 shows where)`,
      '',
    ])

    const json = fakeTerminal()
    new Output(json, true).answer({ note: EVIL }, () => '')
    expect(JSON.parse(json.printed)).toEqual({ note: EVIL })
  })

  it('keeps the colours of our own, and only those', () => {
    const terminal = fakeTerminal()
    const coloured = { ...terminal, stdout: { ...terminal.stdout, hasColors: true } }
    new Output(coloured, false).answer({}, (style) => style.paint('red', 'mine \u001B[32myours'))
    expect(terminal.printed).toBe('\u001B[31mmine \\x1b[32myours\u001B[39m\n')
  })
})
