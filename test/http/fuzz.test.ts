import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ENDPOINTS } from '../../src/http/api.ts'
import { prometheusMetrics } from '../../src/telemetry/prometheus.ts'
import { HttpWorld } from './support.ts'

/**
 * Requests made of the document, right ones and wrong ones: never a failure of the server, nothing of its inside, and each
 * answer as the document has it.
 *
 * `CARILLON_FUZZ=100000 npx vitest run --project unit test/http/fuzz.test.ts` is the long form.
 */
const REQUESTS = Number(process.env.CARILLON_FUZZ ?? 1_500)

type Schema = Record<string, unknown>

const ODD_TEXT = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a',
    '..',
    '%',
    '\u202e',
    '💥',
    '<b>x</b>',
    '__proto__',
    'constructor',
    '\ud800',
    'a\0b',
  ),
  fc.constantFrom(
    '0 9 * * *',
    '@daily',
    '*/5 * * * *',
    'H H * * *',
    '0 0 30 2 *',
    '99 * * * *',
    '* * * * * *',
  ),
  fc.constantFrom('Europe/Berlin', 'UTC', '5m', '1d', '-1', '1e999', '2026-11-20T09:00:00Z', '2026-11-20'),
  fc.string({ unit: 'binary', maxLength: 300 }),
)
const KEYS = fc.oneof(fc.constantFrom('a', 'b', 'missing', 'a/b', 'note'), ODD_TEXT)
const NUMBERS = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.5, 60, 1e15, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 8.64e15, 8.64e15 + 1),
  fc.integer(),
)
const ODD = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  NUMBERS,
  ODD_TEXT,
  fc.constantFrom([], {}, [[]], { a: {} }),
)

/** Values that a schema describes, and now and then others. */
function valueOf(schema: Schema | undefined, root: Schema, depth = 0): fc.Arbitrary<unknown> {
  if (schema === undefined || depth > 5) return ODD
  const right = rightValueOf(schema, root, depth)
  return fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: ODD })
}

function rightValueOf(schema: Schema, root: Schema, depth: number): fc.Arbitrary<unknown> {
  const {
    $ref,
    anyOf,
    enum: words,
    type,
    items,
    properties,
    required,
    example,
  } = schema as {
    $ref?: string
    anyOf?: Schema[]
    enum?: unknown[]
    type?: string | string[]
    items?: Schema
    properties?: Record<string, Schema>
    required?: string[]
    example?: unknown
  }
  if ($ref !== undefined) return valueOf(resolve($ref, root), root, depth)
  if (example !== undefined) return fc.oneof(fc.constant(example), ODD_TEXT)
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((one) => valueOf(one, root, depth + 1)))
  if (words !== undefined) return fc.constantFrom(...words)
  const [kind] = Array.isArray(type) ? type : [type]
  switch (kind) {
    case 'string':
      return KEYS
    case 'integer':
    case 'number':
      return NUMBERS
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(valueOf(items, root, depth + 1), { maxLength: 3 })
    case 'object': {
      const entries = Object.entries(properties ?? {}).map(([name, one]) => [
        name,
        valueOf(one, root, depth + 1),
      ])
      const known = Object.fromEntries(entries) as Record<string, fc.Arbitrary<unknown>>
      return fc.record(known, { requiredKeys: (required ?? []).filter((name) => name in known) })
    }
    default:
      return ODD
  }
}

function resolve(ref: string, root: Schema): Schema {
  return ref
    .split('/')
    .slice(1)
    .reduce<Schema>((at, name) => at[name] as Schema, root)
}

interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[]
  requestBody?: { content: { 'application/json': { schema: Schema } } }
}

interface Sent {
  readonly method: string
  readonly path: string
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** A schedule that is right but for its odd parts, so that more than the validation is reached. */
const SOUND = { cron: '*/5 * * * *', job: 'note' }

/** What a header may have: few keys, so that some come twice, and revisions that are right, or odd. */
const HEADER = fc.oneof(
  fc.constantFrom('k1', 'k2', 'k3', '*', '"1"', '"2"', '"99999999999"', '7', 'x'.repeat(300)),
  fc.string({ minLength: 1 }).map((text) => text.replaceAll(/[^\x21-\x7e]/g, '.')),
)

function requestsOf(world: HttpWorld): fc.Arbitrary<Sent> {
  const root = world.api.document as unknown as Schema
  const paths = root['paths'] as Record<string, Record<string, Operation>>
  const all = ENDPOINTS.map(({ definition: { method, path } }) => {
    const { parameters = [], requestBody } = paths[`/api/v1${path}`]![method]!
    const values = fc.record(
      Object.fromEntries(
        parameters
          .filter((one) => one.in !== 'header')
          .map(({ name, schema }) => [name, name === 'key' ? KEYS : valueOf(schema, root)]),
      ),
      { requiredKeys: parameters.filter(({ required }) => required === true).map(({ name }) => name) },
    ) as fc.Arbitrary<Record<string, unknown>>
    const headers = fc.record(
      Object.fromEntries(
        parameters.filter((one) => one.in === 'header').map(({ name }) => [name, HEADER] as const),
      ),
      { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>
    const schema = requestBody?.content['application/json'].schema
    const generated = valueOf(schema, root)
    const mixed = generated.map((body) =>
      typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...SOUND, ...body } : body,
    )
    const isOfSchedule = /ScheduleInput|SchedulePatch/.test(JSON.stringify(schema ?? ''))
    const body = isOfSchedule ? fc.oneof(generated, mixed) : generated
    const text = fc.oneof(
      { weight: 20, arbitrary: body.map((value) => JSON.stringify(value) ?? 'null') },
      { weight: 1, arbitrary: fc.constantFrom('', '{', '[1,', 'null', '"x"', '{"__proto__":{"a":1}}') },
    )
    return fc
      .tuple(values, schema === undefined ? fc.constant(undefined) : text, headers)
      .map(([given, sent, own]): Sent => {
        const query = new URLSearchParams()
        let filled: string = path
        for (const [name, value] of Object.entries(given)) {
          const plain = typeof value === 'string' ? value : JSON.stringify(value)
          if (filled.includes(`{${name}}`)) filled = filled.replace(`{${name}}`, () => encoded(plain))
          else query.set(name, plain)
        }
        const search = query.size === 0 ? '' : `?${query.toString()}`
        return { method: method.toUpperCase(), path: filled + search, body: sent, headers: own }
      })
  })
  return fc.oneof(...all)
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

it('no request makes the server fail', { timeout: 3_600_000 }, async () => {
  const failures: unknown[] = []
  const logger = { info: () => {}, warn: () => {}, error: (details: object) => void failures.push(details) }
  await using world = await HttpWorld.open({ telemetry: await prometheusMetrics() }, { logger })
  for (const key of ['a', 'b', 'a/b']) await world.cron.schedule({ key, ...SOUND })
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(requestsOf(world), async ({ method, path, body, headers }) => {
      const answer = await world.call(method, path, { headers, ...(body !== undefined && { body }) })
      seen.add(`${answer.status}`)
      expect(failures).toEqual([])
      expect(answer.status).toBeLessThan(500)
      expect(answer.text).not.toMatch(/\bat \S+ \(|node_modules|\.ts:\d/)
    }),
    { numRuns: REQUESTS },
  )
  const common = ['200', '400', '404', '422']
  expect([...seen]).toEqual(expect.arrayContaining(REQUESTS < 20_000 ? common : [...common, '201', '204']))
})
