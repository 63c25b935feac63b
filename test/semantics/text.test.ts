import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../src/index.ts'
import { collect, useWorld } from './support.ts'

const world = useWorld()

/** Alike in one way or another: in case, accents, width, blanks, or as a language sees them. */
const ALIKE = [
  'a',
  'A',
  'a ',
  ' a',
  'á',
  'a\u0301',
  'ａ',
  'ß',
  'ss',
  'ı',
  'i',
  'I',
  'a\t',
  '\uffff',
  '😀',
  '\\',
  "'",
  '%',
]
const GOOD = { key: 'a', cron: '*/5 * * * *', job: 'note' }

describe('keys', () => {
  it('are different when any character of them is, and are listed by code point', async () => {
    const cron = await world.open()
    for (const key of ALIKE) await cron.schedule({ ...GOOD, key, payload: key })
    for (const key of ALIKE) expect((await cron.describe(key))?.payload).toBe(key)

    const byCodePoint = ALIKE.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect((await collect(cron.describeAll())).map(({ key }) => key)).toEqual(byCodePoint)
    expect(await cron.delete('A')).toBe(true)
    expect(await cron.describe('a')).toMatchObject({ key: 'a' })
  })

  it('may be made of what takes two units in JavaScript and four bytes elsewhere', async () => {
    const cron = await world.open()
    const key = '😀'.repeat(127)
    await cron.namespace(key).schedule({ ...GOOD, key, group: key })
    expect(await cron.namespace(key).describe(key)).toMatchObject({ key, group: key })
  })
})

describe('text that not every database can hold', () => {
  it.each([
    ['a NUL', 'key', 'x\u0000y'],
    ['a NUL', 'group', 'x\u0000y'],
    ['half a character', 'key', 'x\ud800y'],
    ['half a character', 'group', 'x\ud800y'],
  ])('is refused, and nothing is written: %s in the %s', async (_, name, text) => {
    const cron = await world.open()
    const before = await world.dump()
    await expect(cron.schedule({ ...GOOD, [name]: text })).rejects.toBeInstanceOf(InvalidInputError)
    expect(await world.dump()).toEqual(before)
  })

  it('is kept where it is part of a payload or a note', async () => {
    const cron = await world.open()
    for (const text of ['x\u0000y', 'x\ud800y']) {
      await cron.schedule({ ...GOOD, payload: { text }, note: text })
      expect(await cron.describe('a')).toMatchObject({ payload: { text }, note: text })
    }
  })
})
