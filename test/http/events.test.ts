import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventStream, OpenStreams } from '../../src/http/event-stream.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { ALL, HttpWorld } from './support.ts'

const HOURLY = { cron: '5 * * * *', job: 'note' }

interface Event {
  readonly event: string
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into it
  readonly data: any
}

/** A stream of events, as a client reads it. */
class Reading implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string>
  #text = ''

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader()
  }

  /** The next event or comment; `undefined` when the stream has ended. */
  async next(): Promise<Event | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        return parsed(block)
      }
      const { done, value } = await this.#reader.read()
      if (done) return undefined
      this.#text += value
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel()
  }
}

function parsed(block: string): Event {
  const fields = block.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line)!.slice(1))
  const of = (name: string) => fields.find(([own]) => own === name)?.[1]
  const [event, data] = [of('event') ?? 'comment', of('data')]
  return { event, data: data === undefined ? undefined : JSON.parse(data) }
}

let clock: ManualClock
let world: HttpWorld
beforeEach(async () => {
  clock = new ManualClock('2026-06-01T10:00:00Z')
  world = await HttpWorld.open({ clock }, { clock })
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

async function ask(token = 'all', query = ''): Promise<Response> {
  return world.api.fetch(
    new Request(`http://localhost/api/v1/events${query}`, { headers: { authorization: `Bearer ${token}` } }),
  )
}

async function follow(token?: string, query?: string): Promise<Reading> {
  const answer = await ask(token, query)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  const reading = new Reading(answer.body!)
  expect(await reading.next()).toMatchObject({ event: 'ready' })
  return reading
}

describe('the stream of events', () => {
  it('tells what happens to schedules and runs', async () => {
    await using reading = await follow()
    await world.call('PUT', '/schedules/a', { body: { ...HOURLY, group: 'x' } })
    const run = await world.call('POST', '/schedules/a/trigger', { body: {} })
    await world.cron.start()
    await clock.advance('1s')
    expect(await reading.next()).toEqual({
      event: 'schedule',
      data: {
        at: '2026-06-01T10:00:00.000Z',
        namespace: 'default',
        key: 'a',
        group: 'x',
        job: 'note',
        revision: 1,
        state: 'active',
      },
    })
    expect(await reading.next()).toMatchObject({
      event: 'run',
      data: { id: run.body.id, key: 'a', state: 'succeeded', attempt: 1 },
    })
    await world.call('DELETE', '/schedules/a')
    await clock.advance('1s')
    expect(await reading.next()).toMatchObject({ event: 'schedule', data: { state: 'deleted' } })
  })

  it('tells a limited token of what it reaches, and of nothing else', async () => {
    world.grants.set('own', { ...ALL, namespace: 'acme', groups: ['x'], jobs: ['note'], actor: 'own' })
    await using reading = await follow('own')
    const put = (key: string, body: object, namespace = 'acme') =>
      world.call('PUT', `/schedules/${key}?namespace=${namespace}`, { body: { ...HOURLY, ...body } })
    await put('foreign', { group: 'x' }, 'other')
    await put('without', {})
    await put('another', { group: 'y' })
    await put('secret', { group: 'x', job: 'secret' })
    await clock.advance('1s')
    await put('own', { group: 'x' })
    await clock.advance('1s')
    expect(await reading.next()).toMatchObject({ data: { key: 'own', namespace: 'acme' } })
    expect((await ask('own', '?namespace=other')).status).toBe(403)
  })

  it('sends something while nothing happens, and ends when the token is revoked', async () => {
    world.grants.set('own', { ...ALL, actor: 'own' })
    await using reading = await follow('own')
    await clock.advance('15s')
    expect(await reading.next()).toEqual({ event: 'comment', data: undefined })
    world.grants.delete('own')
    await clock.advance('15s')
    expect(await reading.next()).toBeUndefined()
  })

  it('ends when a token has another reach than it had', async () => {
    world.grants.set('own', { ...ALL, actor: 'own' })
    await using reading = await follow('own')
    world.grants.set('own', { ...ALL, actor: 'own', namespace: 'acme' })
    await clock.advance('15s')
    expect(await reading.next()).toBeUndefined()
  })

  it('ends when the process closes', async () => {
    await using reading = await follow()
    await world.cron.close()
    expect(await reading.next()).toBeUndefined()
  })

  it('is open ten times for each who asks', async () => {
    const open = await Promise.all(Array.from({ length: 10 }, () => follow()))
    const refused = await world.call('GET', '/events')
    expect(refused).toMatchObject({ status: 429, body: { code: 'TOO_MANY_REQUESTS' } })
    world.grants.set('other', { ...ALL, actor: 'other' })
    await using other = await follow('other')
    expect(other).toBeInstanceOf(Reading)

    await open[0]![Symbol.asyncDispose]()
    await using again = await follow()
    expect(again).toBeInstanceOf(Reading)
    for (const one of open.slice(1)) await one[Symbol.asyncDispose]()
    // Nobody follows any more but the last two.
    await clock.advance('1s')
  })
})

it('a client that does not keep up is told that it has missed some', async () => {
  const own = new EventStream(new ManualClock())
  const at = new Date(0)
  for (let i = 0; i < 1_005; i++)
    own.tell({
      type: 'schedule',
      at,
      namespace: 'n',
      key: `k${i}`,
      group: undefined,
      job: 'j',
      revision: 1,
      state: 'active',
    })
  const sent: string[] = []
  const stream = {
    onAbort: () => {},
    writeSSE: async ({ event, data }: { event: string; data: string }) => {
      sent.push(`${event} ${(JSON.parse(data) as { key?: string }).key ?? ''}`.trim())
      if (sent.length === 6) own.end()
    },
  }
  await own.pipe(stream as never, async () => true)
  expect(sent).toEqual([
    'ready',
    'gap',
    'schedule k1001',
    'schedule k1002',
    'schedule k1003',
    'schedule k1004',
  ])
})

it('streams are counted, of each sender and of all', () => {
  const streams = new OpenStreams({ mostOfOne: 2, most: 3 })
  const [first] = [streams.open('a'), streams.open('a')]
  expect(streams.open('a')).toBeUndefined()
  expect(streams.open('b')).toBeDefined()
  expect(streams.open('c')).toBeUndefined()
  first!()
  expect(streams.open('c')).toBeDefined()
})
