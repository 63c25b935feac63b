import { OPERATIONS } from './operations.gen.ts'
import type { MethodOf, OperationId, PagesOf } from './operation.ts'
import type { AnyRequest } from './request.ts'
import { follow, send, type Sender } from './send.ts'
import { wait, type Wait } from './wait.ts'

export interface ClientOptions {
  /** Where the API is mounted: `https://cron.example/api/v1`; in a browser also `/api/v1`. */
  readonly url: string
  /** What lets the client in, or what is asked for it before each request, as for short-lived ones. */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /** What sends requests, in place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** How long one attempt may take; 30 s by default. Of a stream it is the time until it begins. */
  readonly timeoutMs?: number | undefined
  /** How many times a request is sent again that had no answer, or "not now"; 3 by default. */
  readonly retries?: number | undefined
  /** The longest wait between two attempts, also where the server asks for one; 30 s by default. */
  readonly maxWaitMs?: number | undefined
  /** How it waits between attempts, for tests. */
  readonly wait?: Wait | undefined
}

type PagedId = {
  [Id in OperationId]: (typeof OPERATIONS)[Id] extends { isPage: true } ? Id : never
}[OperationId]

type PagesName<Id extends string> = Id extends `list${infer What}` ? `all${What}` : never

/** A method for each operation of the API; and for those that list page by page one that reads all pages. */
export type Client = { readonly [Id in keyof typeof OPERATIONS]: MethodOf<Id> } & {
  readonly [Id in PagedId as PagesName<Id>]: PagesOf<Id>
}

const INITIAL_WAIT_MS = 250

/**
 * A client of the HTTP API, for browsers and Node.
 *
 * ```ts
 * const cron = createClient({ url: 'https://cron.example/api/v1', token })
 * await cron.putSchedule({ path: { key: 'report' }, body: { cron: '0 9 * * *', job: 'send-report' } })
 * for await (const { key, nextRunAt } of cron.allSchedules()) console.log(key, nextRunAt)
 * ```
 *
 * What had no answer, or "not now", is sent again after a while. Each change has an `Idempotency-Key` that all of its attempts
 * share, so it is made once; what takes no such key is not sent again.
 *
 * Methods reject with `CarillonApiError`, whose `code` says what is wrong, or with `NoAnswerError`.
 *
 * @throws {TypeError} when `url` cannot be asked
 * @see docs/reference/http.md
 */
export function createClient(options: ClientOptions): Client {
  const sender: Sender = {
    base: baseOf(options.url),
    token: () => tokenOf(options.token),
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    timeoutMs: options.timeoutMs ?? 30_000,
    retry: {
      retries: options.retries ?? 3,
      initialMs: INITIAL_WAIT_MS,
      maxMs: options.maxWaitMs ?? 30_000,
    },
    wait: options.wait ?? wait,
  }
  const methods: Record<string, unknown> = {}
  for (const [name, kind] of Object.entries(OPERATIONS)) {
    const id = name as OperationId
    const call = (request: AnyRequest = {}) => send(sender, id, request)
    methods[id] = 'isStream' in kind ? (request: AnyRequest = {}) => follow(sender, id, request) : call
    if ('isPage' in kind)
      methods[id.replace(/^list/, 'all')] = (request?: AnyRequest) => itemsOf(call, request)
  }
  return methods as Client
}

/** Reads on while there is a next page: one may be empty, and not the last. */
async function* itemsOf(
  read: (request: AnyRequest) => Promise<unknown>,
  request: AnyRequest = {},
): AsyncGenerator<unknown, void> {
  let { query } = request
  while (true) {
    const { items, next } = (await read({ ...request, query })) as { items: unknown[]; next?: string }
    yield* items
    if (next === undefined) return
    query = { ...query, cursor: next }
  }
}

function baseOf(url: string): string {
  const isPath = url.startsWith('/') && !url.startsWith('//')
  const parsed = isPath ? undefined : URL.parse(url)
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:'
  // What is not said: the URL itself, since what is wrong with it may be a password that is in it.
  if ((!isPath && !isHttp) || parsed?.username || parsed?.password || /[?#]/.test(url))
    throw new TypeError(
      'url is to be where the API is mounted, as in https://cron.example/api/v1, without more',
    )
  return url.replace(/\/+$/, '')
}

/** @throws {TypeError} when it cannot stand in a header: that would be told with the token in the message */
async function tokenOf(token: ClientOptions['token']): Promise<string | undefined> {
  const value = typeof token === 'function' ? await token() : token
  if (value !== undefined && !/^[\x21-\x7e]+$/.test(value))
    throw new TypeError('the token is to be of visible ASCII characters, without spaces or line breaks')
  return value
}
