import { describe, expect, it } from 'vitest'
import type { KeptLine, KeptLog } from '../store/told-details.ts'
import { BoundedLog, keptLine } from './bounded-log.ts'

const AT = Date.parse('2026-06-01T10:00:00Z')

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}

function logOf(count: number, message = (n: number) => `line ${n}`): KeptLog {
  const log = new BoundedLog()
  for (let n = 1; n <= count; n++) log.add(keptLine('info', {}, message(n), AT + n))
  return log.kept
}

function numbersOf(lines: readonly KeptLine[]): number[] {
  return lines.map(({ at }) => at - AT)
}

describe('BoundedLog', () => {
  it.each([0, 1, 20, 21, 99, 100])('keeps all of %i lines', (count) => {
    const { first, dropped, last } = logOf(count)
    expect(numbersOf([...first, ...last])).toEqual(Array.from({ length: count }, (_, i) => i + 1))
    expect(dropped).toBe(0)
  })

  it('keeps the first 20 and the last 80 of more, and counts the others', () => {
    const { first, dropped, last } = logOf(1_234)
    expect(numbersOf(first)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    expect(numbersOf(last)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1_155))
    expect(dropped).toBe(1_134)
  })

  it('keeps 16 KiB in all, however long the lines are, the last of them among it', () => {
    for (const length of [100, 300, 700, 5_000]) {
      const { first, dropped, last } = logOf(500, (n) => `${n} ${'ü'.repeat(length)}`)
      expect(sizeOf([...first, ...last])).toBeLessThanOrEqual(16 * 1024 + 200)
      expect(first.length).toBeGreaterThanOrEqual(4)
      expect(last.length).toBeGreaterThanOrEqual(12)
      expect(numbersOf(first)).toEqual(Array.from({ length: first.length }, (_, i) => i + 1))
      expect(numbersOf(last).at(-1)).toBe(500)
      expect(first.length + dropped + last.length).toBe(500)
    }
  })

  it('keeps the lines in their order when a short one follows one that found no room at the beginning', () => {
    const { first, last } = logOf(30, (n) => (n === 6 ? 'x'.repeat(700) : 'x'.repeat(650)))
    const numbers = numbersOf([...first, ...last])
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  })

  it('answers what it has now: what is logged later does not change it', () => {
    const log = new BoundedLog()
    log.add(keptLine('info', {}, 'one', AT))
    const { first } = log.kept
    log.add(keptLine('info', {}, 'two', AT))
    expect(first.map(({ message }) => message)).toEqual(['one'])
    expect(log.kept.first).toHaveLength(2)
  })
})

describe('a line', () => {
  it('has its level, its instant, its message and its fields', () => {
    expect(keptLine('warn', { rows: 3, of: ['a'], not: undefined }, 'imported', AT)).toEqual({
      at: AT,
      level: 'warn',
      message: 'imported',
      fields: { rows: 3, of: ['a'] },
    })
    expect(keptLine('info', {}, 'nothing else', AT)).toEqual({
      at: AT,
      level: 'info',
      message: 'nothing else',
    })
  })

  it.each([
    ['x', 5_000],
    ['ü', 1_000],
    ['\u0000', 1_000],
    ['😀', 500],
    ['\uD800', 1_000],
  ])('has at most 1 KiB: a message of %j is cut', (character, length) => {
    const line = keptLine('info', { rows: 3 }, character.repeat(length), AT)
    expect(sizeOf(line)).toBeLessThanOrEqual(1024)
    expect(sizeOf(line)).toBeGreaterThan(700)
    expect(line).toMatchObject({ isCut: true, fields: { rows: 3 } })
    expect(line.message.endsWith('…')).toBe(true)
    if (character === '😀') expect(line.message.isWellFormed()).toBe(true)
  })

  it('leaves out the fields that find no room, and keeps those that do', () => {
    const line = keptLine('info', { a: 1, large: 'x'.repeat(2_000), z: 2 }, 'm', AT)
    expect(line).toEqual({ at: AT, level: 'info', message: 'm', fields: { a: 1, z: 2 }, isCut: true })
    const many = keptLine(
      'info',
      Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`n${i}`, i])),
      'm',
      AT,
    )
    expect(sizeOf(many)).toBeLessThanOrEqual(1024)
    expect(many.fields).toMatchObject({ n0: 0, n50: 50 })
  })

  it('tells of an error what it says', () => {
    const error = new TypeError('no')
    expect(keptLine('error', { error }, 'failed', AT).fields).toEqual({ error: 'TypeError: no' })
    expect(keptLine('error', error, 'failed', AT).fields).toEqual({ error: 'TypeError: no' })
  })

  it('takes a message alone, as `console` does', () => {
    expect(keptLine('info', 'hello', undefined, AT).message).toBe('hello')
    expect(keptLine('info', 'hello', 'world', AT).message).toBe('hello world')
  })

  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const hostile = {
    get secret(): never {
      throw new Error('do not read me')
    },
  }
  const unprintable = {
    toString() {
      throw new Error('nor print me')
    },
  }
  it.each([
    [{ circular, ok: 1 }, 'm', { ok: 1 }],
    [{ huge: 10n, at: new Date(AT) }, 'm', { huge: '10', at: '2026-06-01T10:00:00.000Z' }],
    [{ call: () => 1, ok: Number.NaN }, 'm', { ok: null }],
    [hostile, 'm', undefined],
    [null, unprintable, undefined],
    [undefined, Symbol('s'), undefined],
    [JSON.parse('{"__proto__": {"polluted": true}}'), 'm', JSON.parse('{"__proto__": {"polluted": true}}')],
  ])('takes what is odd: %#', (fields, message, kept) => {
    const line = keptLine('info', fields, message, AT)
    expect(JSON.stringify(line.fields)).toBe(JSON.stringify(kept))
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(JSON.parse(JSON.stringify(line))).toMatchObject({ at: AT, level: 'info' })
  })
})
