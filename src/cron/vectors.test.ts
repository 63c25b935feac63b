import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CronSyntaxError } from '../errors.ts'
import { CronExpression } from './cron-expression.ts'

/** The instants of an expression in a zone, `after` exclusive, `until` inclusive. */
interface InstantVector {
  readonly expression: string
  readonly timezone: string
  readonly after: string
  readonly until: string
  readonly expected: readonly string[]
}

/** Whether the `standard` syntax has an expression. */
interface ValidityVector {
  readonly expression: string
  readonly valid: boolean
}

const root = new URL('../../', import.meta.url)
const own = new URL('test/fixtures/vectors/', root)
const shared = new URL('../shared/vectors/', root)

describe.each([own, shared].filter((folder) => existsSync(folder)))(
  'the conformance vectors in %s',
  (folder) => {
    it.each(['documented.jsonl', 'beyond.jsonl'])('%s: yields the expected instants', (file) => {
      const vectors: readonly InstantVector[] = read(folder, file)
      const wrong = vectors.filter(
        (vector) => forwards(vector).join() !== vector.expected.map(inSeconds).join(),
      )

      expect(vectors.length).toBeGreaterThan(200)
      expect(wrong).toEqual([])
    })

    it.each(['documented.jsonl', 'beyond.jsonl'])('%s: yields the same instants backwards', (file) => {
      const vectors: readonly InstantVector[] = read(folder, file)
      const wrong = vectors.filter(
        (vector) => backwards(vector).join() !== vector.expected.map(inSeconds).join(),
      )

      expect(wrong).toEqual([])
    })

    it('validity.jsonl: accepts what is valid and refuses the rest with a CronSyntaxError', () => {
      const vectors: readonly ValidityVector[] = read(folder, 'validity.jsonl')
      const wrong = vectors.filter(({ expression, valid }) => isValid(expression) !== valid)

      expect(vectors.length).toBeGreaterThan(100)
      expect(wrong).toEqual([])
    })
  },
)

function read(folder: URL, file: string): readonly never[] {
  const lines = readFileSync(new URL(file, folder), 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as never)
}

function forwards({ expression, timezone, after, until }: InstantVector): readonly number[] {
  const cron = new CronExpression(expression, timezone, { syntax: 'standard' })
  return [...cron.between(new Date(after), new Date(until))].map((date) => date.getTime() / 1000)
}

function backwards({ expression, timezone, after, until }: InstantVector): readonly number[] {
  const cron = new CronExpression(expression, timezone, { syntax: 'standard' })
  const since = Date.parse(after) + 1
  const instants: number[] = []
  let instant = cron.previousMs(Date.parse(until) + 1, since)
  while (instant !== undefined) {
    instants.unshift(instant / 1000)
    instant = cron.previousMs(instant, since)
  }
  return instants
}

function inSeconds(iso: string): number {
  return Date.parse(iso) / 1000
}

function isValid(expression: string): boolean {
  try {
    return new CronExpression(expression, 'UTC', { syntax: 'standard' }).expression === expression
  } catch (error) {
    expect(error).toBeInstanceOf(CronSyntaxError)
    return false
  }
}
