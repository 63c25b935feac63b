import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  createClient,
  type AnswerOf,
  type ApiEvent,
  type Client,
  type Schema,
} from '../../src/client/index.ts'
import { OPERATIONS } from '../../src/client/operations.gen.ts'
import { ENDPOINTS } from '../../src/http/api.ts'
import { isChange } from '../../src/http/endpoint.ts'
import { generateClient } from '../../scripts/generate-client.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('what is made of the document', () => {
  it('is up to date: otherwise run npm run generate:client', async () => {
    for (const [file, text] of Object.entries(await generateClient()))
      expect(readFileSync(join(ROOT, file), 'utf8'), file).toBe(text)
  })

  it('has a method for each endpoint, which asks for it', async () => {
    const asked: string[] = []
    const client = createClient({
      url: 'http://localhost/api/v1',
      fetch: async (input, init) => {
        asked.push(`${init!.method} ${input as string}`)
        const isNamed = new Headers(init!.headers).has('idempotency-key')
        return Response.json({ items: [], isNamed })
      },
    }) as unknown as Record<string, (request: object) => unknown>

    for (const { definition } of ENDPOINTS) {
      const { id, method, path } = definition
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, 'x'])
      const answer = client[id]!({ path: Object.fromEntries(names) as object })
      if (definition.answerType === 'text/event-stream')
        await Array.fromAsync(answer as AsyncIterable<unknown>)
      else expect(await answer).toMatchObject({ isNamed: isChange(definition) })
      const filled = path.replaceAll(/\{\w+\}/g, 'x')
      expect(asked.pop()).toBe(`${method.toUpperCase()} http://localhost/api/v1${filled}`)
    }
    expect(Object.keys(OPERATIONS).sort()).toEqual(ENDPOINTS.map(({ definition }) => definition.id).sort())
  })
})

describe('the types', () => {
  it('know what each operation needs and answers', () => {
    expectTypeOf<ReturnType<Client['getSchedule']>>().toEqualTypeOf<Promise<Schema<'Schedule'>>>()
    expectTypeOf<ReturnType<Client['deleteSchedule']>>().toEqualTypeOf<Promise<undefined>>()
    expectTypeOf<AnswerOf<'listSchedules'>['items']>().toEqualTypeOf<Schema<'Schedule'>[]>()
    expectTypeOf<ReturnType<Client['allRuns']>>().toEqualTypeOf<AsyncIterable<Schema<'ListedRun'>>>()
    expectTypeOf<ReturnType<Client['followEvents']>>().toEqualTypeOf<AsyncIterable<ApiEvent>>()
  })

  it('refuse what the API would refuse', () => {
    const wrong = (client: Client) => [
      client.listSchedules(),
      // @ts-expect-error -- a key is needed
      client.getSchedule(),
      // @ts-expect-error -- and has its name
      client.getSchedule({ path: { name: 'a' } }),
      // @ts-expect-error -- a job is needed
      client.createSchedule({ body: { cron: '0 9 * * *' } }),
      // @ts-expect-error -- there is no such part
      client.createSchedule({ body: { job: 'a', timezoen: 'UTC' } }),
      // @ts-expect-error -- nor such a word
      client.patchSchedule({ path: { key: 'a' }, body: { overlap: 'never' } }),
      // @ts-expect-error -- reading takes no revision
      client.getSchedule({ path: { key: 'a' }, revision: 7 }),
      // @ts-expect-error -- creating takes none either
      client.createSchedule({ body: { job: 'a' }, revision: 7 }),
      // @ts-expect-error -- reading takes no key under which it is done once
      client.listRuns({ idempotencyKey: 'a' }),
      // @ts-expect-error -- nor does what is done each time
      client.createToken({ body: { label: 'a', scope: 'read' }, idempotencyKey: 'a' }),
      // @ts-expect-error -- this one has no pages
      client.allJobs(),
    ]
    expect(wrong).toBeInstanceOf(Function)
  })
})
