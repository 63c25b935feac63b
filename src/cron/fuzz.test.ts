import { describe, expect, it, vi } from 'vitest'
import { CronSyntaxError } from '../errors.ts'
import { CronExpression } from './cron-expression.ts'
import { FieldScanner } from './field-scanner.ts'
import { ZoneTable } from './zone-table.ts'

/** More of them: `CRON_FUZZ=1000000 npx vitest run --testTimeout 600000 src/cron/fuzz.test.ts` */
const COUNT = Number(process.env['CRON_FUZZ'] ?? 20_000)

const SOUND = `
* * * * *
*/15 9-17 * * MON-FRI
0 0 29 2 *
5,10-20/3,*/7 1 1 1 7
30 4 1,15 * 5
@daily
@hourly
0 0 LW * ?
0 0 L-3,L * *
0 0 15W 6 +FRI#L
*/5 0 0 1 JAN-DEC/2 MON#1,5L 1970-2199/7
H H(0-7) H/5 * *`
  .trim()
  .split('\n')
const ALPHABET = '0123456789 *,-/?#+()@LWHJANFEBMONSUNjanmon\t\n'
const ODDITIES = [
  '\0',
  '\u00a0',
  '\u2028',
  '\u0660',
  '\uff11',
  '\ud800',
  '🕰',
  'İ',
  '\\',
  '"',
  "'",
  '%',
  '~',
  '999999999999',
]

describe('any text', () => {
  it('is an expression or a CronSyntaxError, in work that grows with its length alone', () => {
    const steps = vi.spyOn(FieldScanner.prototype, 'sees')
    const random = generator(42)
    let sound = 0
    for (let i = 0; i < COUNT; i++) {
      const text = anyText(random)
      steps.mockClear()
      if (isSound(text)) sound++

      // Each character is looked at by a handful of rules at most.
      if (steps.mock.calls.length > 16 * (text.length + 1))
        expect.fail(`too much work for ${JSON.stringify(text)}`)
    }

    expect(sound).toBeGreaterThan(COUNT / 20)
    expect(sound).toBeLessThan(COUNT)
  })
})

describe('any expression', () => {
  it('is searched in bounded work, whether it fires or not', () => {
    const lookUps = vi.spyOn(ZoneTable.prototype, 'spanAt')
    const random = generator(7)
    for (const text of [
      '30 2 8-14 3 +SUN',
      '30 1 1-7 11 +SUN',
      '0 0 31 2 *',
      ...texts(random, COUNT / 100),
    ]) {
      const dst = (['shift', 'skip', 'vixie', 'literal'] as const)[random(4)]!
      const cron = new CronExpression(text, 'America/New_York', { dst, seed: 'fuzz' })
      for (const search of [() => cron.nextMs(0), () => cron.previousMs(Date.UTC(2199, 11, 31))]) {
        lookUps.mockClear()
        search()
        // At most twice for each year and each clock change of two and a third centuries.
        expect(lookUps.mock.calls.length, text).toBeLessThan(2 * 230 * 3)
      }
    }
  })
})

function texts(random: Random, count: number): readonly string[] {
  const found: string[] = []
  while (found.length < count) {
    const text = anyText(random)
    if (isSound(text)) found.push(text)
  }
  return found
}

function isSound(text: string): boolean {
  let cron
  try {
    cron = new CronExpression(text, 'UTC', { seed: 'fuzz' })
  } catch (error) {
    if (!(error instanceof CronSyntaxError)) throw error
    expect(error.position).toBeLessThanOrEqual(text.length)
    return false
  }

  // What is read can be written, and reads the same.
  const normal = String(cron)
  if (String(new CronExpression(normal)) !== normal) expect.fail(`${JSON.stringify(text)} is not ${normal}`)
  return true
}

/** Half of them mutations of sound expressions, the rest random. */
function anyText(random: Random): string {
  const kind = random(8)
  if (kind === 0) return Array.from({ length: random(40) }, () => ALPHABET[random(ALPHABET.length)]).join('')
  if (kind === 1)
    return Array.from({ length: random(12) }, () => String.fromCharCode(random(0x10000))).join('')
  if (kind === 2) return SOUND[random(SOUND.length)]!.repeat(1 + random(60))

  const characters = SOUND[random(SOUND.length)]!.split('')
  for (let i = random(4); i > 0; i--) {
    const at = random(characters.length + 1)
    const insert = random(6) === 0 ? ODDITIES[random(ODDITIES.length)]! : ALPHABET[random(ALPHABET.length)]!
    characters.splice(at, random(2), ...(random(2) === 0 ? [] : [insert]))
  }
  return characters.join('')
}

/** Numbers below a limit. */
type Random = (limit: number) => number

/** mulberry32: the same row of numbers for the same seed. */
function generator(seed: number): Random {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit)
  }
}
