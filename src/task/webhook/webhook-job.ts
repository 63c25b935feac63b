import { lookup } from 'node:dns/promises'
import type { Clock } from '../../clock/clock.ts'
import { durationMs, formatDuration, type Duration } from '../../clock/duration.ts'
import { SystemClock } from '../../clock/system-clock.ts'
import { ConfigError, WebhookFailedError } from '../../errors.ts'
import { AllowList } from '../../webhook/allow-list.ts'
import { causeText, refusalText, retryAfterMs, verdictOn } from '../../webhook/answer.ts'
import { checkSecrets, SIGNATURE_HEADER, signatureOf } from '../../webhook/signature.ts'
import { defineJob, type Job, type JobContext } from '../job.ts'
import { faultOfHeader, occurrenceHeaders } from './request-headers.ts'
import {
  ForbiddenError,
  sendRequest,
  type OutgoingRequest,
  type ReceivedAnswer,
  type Sending,
} from './send-request.ts'
import { webhookPayload, type WebhookPayload } from './webhook-payload.ts'

export interface WebhookJobOptions {
  /** By which schedules name the job; `webhook` by default. Several jobs, each with a list of its own, have several names. */
  readonly name?: string | undefined
  /**
   * Where requests may go: `'public'`, or a list of `'public'`, names, `'*.example.org'`, addresses and ranges of
   * addresses. Each goes for https and port 443, unless it says otherwise: `'http://localhost:3000'`, `'public:*'`.
   */
  readonly allow: 'public' | readonly string[]
  /** Signs each request, in the header `Carillon-Signature`; with several, each does. */
  readonly secret?: string | readonly string[]
  /** Sent with each request, wherever it goes: a token, say. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How long one request may take, from the name of the host to the end of the answer; `30s` by default. */
  readonly timeout?: Duration | undefined
  /** How much of an answer's body is read, before the connection is closed; 64 KiB by default. */
  readonly maxResponseBytes?: number | undefined
}

/** What is kept of a run of a webhook job. */
export interface WebhookResult {
  readonly status: number
  /** The first 1,000 characters of the answer, where that is JSON or text. */
  readonly body?: string
}

/** What tests put in place of the world outside. */
export interface WebhookWorld extends Pick<Sending, 'lookup' | 'ca'> {
  readonly clock: Clock
}

const DEFAULT_RESPONSE_BYTES = 64 * 1024
const KEPT_CHARACTERS = 1_000
/** No character of UTF-8 has more bytes. */
const MOST_BYTES_OF_CHARACTER = 4
const READABLE = /^(text\/|application\/(.+\+)?json\b)/i

/**
 * A job that calls a URL. What the request is, its schedules say: `{ url, method, headers, body }`; where it may go, and
 * with which secret it is signed, whoever sets up the server says here.
 *
 * A run succeeds by an answer of 2xx. With 408, 425, 429, 5xx, no connection and no answer in time it fails, and is tried
 * again by the `retries` and `backoff` of its schedule; any other status fails for good. Redirects are not followed.
 *
 * ```ts
 * const cron = await Carillon.open({
 *   database: 'postgres://…',
 *   jobs: [webhookJob({ allow: ['api.example.com', '*.example.org'], secret: process.env.WEBHOOK_SECRET! })],
 * })
 * await cron.schedule({
 *   key: 'invoices', cron: '0 6 * * *', retries: 5,
 *   job: 'webhook', payload: { url: 'https://api.example.com/invoices/send', body: { month: 'last' } },
 * })
 * ```
 *
 * @throws {ConfigError | InvalidInputError} when an option is not valid
 * @see docs/guides/webhooks.md
 */
export function webhookJob(options: WebhookJobOptions): Job<WebhookPayload> {
  return webhookJobIn(
    { lookup: (hostname) => lookup(hostname, { all: true }), ca: undefined, clock: new SystemClock() },
    options,
  )
}

/** The same in a world of the caller's. */
export function webhookJobIn(world: WebhookWorld, options: WebhookJobOptions): Job<WebhookPayload> {
  const { name = 'webhook', maxResponseBytes = DEFAULT_RESPONSE_BYTES } = options
  const allow = new AllowList(options.allow)
  const timeoutMs = durationMs(options.timeout ?? '30s', 'timeout')
  if (timeoutMs === 0) throw new ConfigError('the timeout of a webhook job is longer than 0')
  if (!Number.isInteger(maxResponseBytes) || maxResponseBytes < 0)
    throw new ConfigError('maxResponseBytes of a webhook job is a whole number of bytes, from 0')

  const caller = new Caller({
    secrets: secretsOf(options),
    headers: headersOf(options.headers),
    timeoutMs,
    clock: world.clock,
    sending: { allow, maxResponseBytes, lookup: world.lookup, ca: world.ca },
  })
  return defineJob(name, { payload: webhookPayload(allow), handle: (context) => caller.call(context) })
}

interface CallerOptions {
  readonly secrets: readonly string[]
  readonly headers: readonly (readonly [string, string])[]
  readonly timeoutMs: number
  readonly clock: Clock
  readonly sending: Sending
}

/** Sends what payloads say. What it says of a URL is the origin alone: the rest is often secret. */
class Caller {
  readonly #options: CallerOptions

  constructor(options: CallerOptions) {
    this.#options = options
  }

  /** @throws {WebhookFailedError} when the request was not taken */
  async call(context: JobContext<WebhookPayload>): Promise<WebhookResult> {
    const request = this.#requestOf(context)
    const answer = await this.#send(request, context.signal)
    const { status } = answer
    const verdict = verdictOn(status)
    const result = resultOf(answer)
    if (verdict === 'taken') return result

    throw new WebhookFailedError(`${request.url.origin} ${refusalText(status)}`, {
      status,
      retryable: verdict === 'later',
      retryAfterMs: retryAfterMs(answer.header('retry-after')),
      result,
    })
  }

  async #send(request: OutgoingRequest, signal: AbortSignal): Promise<ReceivedAnswer> {
    const { clock, timeoutMs, sending } = this.#options
    const { origin } = request.url
    const late = new AbortController()
    const alarm = clock.alarmAt(clock.now() + timeoutMs, () => late.abort())
    try {
      return await sendRequest(request, sending, AbortSignal.any([signal, late.signal]))
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof ForbiddenError)
        throw new WebhookFailedError(cause.message, { retryable: false, cause })
      const why = late.signal.aborted
        ? `did not answer within ${formatDuration(timeoutMs)}`
        : `could not be reached${causeText(cause)}`
      throw new WebhookFailedError(`${origin} ${why}`, { retryable: true, cause })
    } finally {
      alarm.cancel()
    }
  }

  #requestOf({ payload, occurrence }: JobContext<WebhookPayload>): OutgoingRequest {
    const { headers: own, secrets, clock } = this.#options
    const { url, method = 'POST', headers: given = {} } = payload
    const body = JSON.stringify(payload.body) as string | undefined

    const headers = new Map([
      ['user-agent', 'carillon'],
      ['accept-encoding', 'identity'],
    ])
    if (body !== undefined) headers.set('content-type', 'application/json')
    for (const [name, value] of [...Object.entries(given), ...own, ...occurrenceHeaders(occurrence)])
      headers.set(name.toLowerCase(), value)
    if (body !== undefined) headers.set('content-length', String(Buffer.byteLength(body)))
    if (secrets.length > 0)
      headers.set(SIGNATURE_HEADER.toLowerCase(), signatureOf(body ?? '', secrets, clock.now()))
    return { url: new URL(url), method, headers, body }
  }
}

function resultOf({ status, header, body }: ReceivedAnswer): WebhookResult {
  const isReadable =
    READABLE.test(header('content-type')) && ['', 'identity'].includes(header('content-encoding'))
  if (!isReadable || body.length === 0) return { status }

  const kept = body.subarray(0, KEPT_CHARACTERS * MOST_BYTES_OF_CHARACTER)
  // A character that is cut in the middle is left out: there might be more to come.
  const text = new TextDecoder().decode(kept, { stream: true })
  return { status, body: text.slice(0, KEPT_CHARACTERS).toWellFormed() }
}

/** A secret that is there and `undefined` was meant to be one: a variable that is not set, say. */
function secretsOf(options: WebhookJobOptions): readonly string[] {
  return 'secret' in options ? checkSecrets([options.secret].flat(), 'a webhook job') : []
}

function headersOf(given: Readonly<Record<string, string>> = {}): [string, string][] {
  const headers = Object.entries(given)
  for (const [name, value] of headers) {
    const fault = faultOfHeader(name, value)
    if (fault !== undefined) throw new ConfigError(`the header "${name}" of a webhook job ${fault}`)
  }
  return headers
}
