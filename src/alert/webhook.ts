import type { Clock } from '../clock/clock.ts'
import { durationMs, type Duration } from '../clock/duration.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { waitUntil } from '../clock/wait.ts'
import { ConfigError, DriverError } from '../errors.ts'
import { didYouMean } from '../suggestion.ts'
import { faultOfAddress } from '../webhook/address.ts'
import { causeText, refusalText, retryAfterMs, verdictOn } from '../webhook/answer.ts'
import { checkSecrets, SIGNATURE_HEADER, signatureOf } from '../webhook/signature.ts'
import { ALERT_KINDS, type Alert, type AlertHook, type AlertKind } from './alert.ts'

export interface WebhookOptions {
  /** Sent with each request: a token, say. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Signs each request, in the header `Carillon-Signature`. */
  readonly secret?: string | undefined
  /** Only alerts of these kinds; all by default. */
  readonly kinds?: readonly AlertKind[] | undefined
  /** How long an answer may take; `10s` by default, `20s` at most. */
  readonly timeout?: Duration | undefined
  /** What is sent as JSON, for services that want it in their own shape; the alert itself by default. */
  readonly body?: ((alert: Alert) => unknown) | undefined
  /** What time it is, for tests. */
  readonly clock?: Clock | undefined
}

/** How an attempt ended that did not succeed. */
interface Refusal {
  readonly why: string
  readonly isFinal: boolean
  /** When the server wants to be asked again, from now. */
  readonly retryAfterMs: number
  readonly cause?: unknown
}

const MOST_ATTEMPTS = 5
/** Each further wait is twice as long. */
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 15_000
const LONGEST_TIMEOUT_MS = 20_000

/**
 * A hook that sends alerts as JSON by POST. What fails for now (no connection, no answer, 408, 425, 429, 5xx) is tried five
 * times in all, with growing waits; any other answer but 2xx is final. Redirects are not followed.
 *
 * ```ts
 * alerts: webhook('https://ops.example.com/carillon', { secret: process.env.WEBHOOK_SECRET, kinds: ['run-absent'] })
 * ```
 *
 * @throws {ConfigError | InvalidInputError} when the address or an option is not valid
 * @see docs/guides/alerts.md for how the signature is checked
 */
export function webhook(url: string | URL, options: WebhookOptions = {}): AlertHook {
  const address = addressOf(url)
  const { kinds, secret, body = (alert) => alert, clock = new SystemClock() } = options
  const headers = headersOf(options.headers)
  checkKinds(kinds)
  if (secret !== undefined) checkSecrets([secret], 'a webhook')
  const timeoutMs = durationMs(options.timeout ?? '10s', 'timeout')
  if (timeoutMs === 0 || timeoutMs > LONGEST_TIMEOUT_MS)
    throw new ConfigError('the timeout of a webhook is longer than 0, and 20s at most')

  const post = new Post(address, { headers, secret, clock, timeoutMs })
  return async (alert, { signal }) => {
    if (kinds !== undefined && !kinds.includes(alert.kind)) return
    await post.deliver(JSON.stringify(body(alert)), signal)
  }
}

interface PostOptions {
  readonly headers: Headers
  readonly secret: string | undefined
  readonly clock: Clock
  readonly timeoutMs: number
}

/** Requests to one address. What it says of that is the origin alone: paths of webhooks are often secret. */
class Post {
  readonly #address: URL
  readonly #options: PostOptions

  constructor(address: URL, options: PostOptions) {
    this.#address = address
    this.#options = options
  }

  /** @throws {DriverError} when it was not taken */
  async deliver(body: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    for (let attempt = 1; ; attempt++) {
      const refusal = await this.#attempt(body, signal)
      if (refusal === undefined) return
      const { why, isFinal, retryAfterMs, cause } = refusal
      if (isFinal || attempt >= MOST_ATTEMPTS || signal.aborted) {
        const tries = attempt === 1 ? '' : ` ${attempt} times`
        const message = `the webhook at ${this.#address.origin} ${why}${tries}`
        throw new DriverError(message, { retryable: !isFinal, cause })
      }
      const waitMs = Math.max(FIRST_WAIT_MS * 2 ** (attempt - 1), retryAfterMs)
      await waitUntil(clock, clock.now() + Math.min(waitMs, LONGEST_WAIT_MS), signal)
    }
  }

  /** @returns why it was not taken */
  async #attempt(body: string, signal: AbortSignal): Promise<Refusal | undefined> {
    const { clock, timeoutMs } = this.#options
    const late = new AbortController()
    const alarm = clock.alarmAt(clock.now() + timeoutMs, () => late.abort())
    try {
      const response = await fetch(this.#address, {
        method: 'POST',
        headers: this.#headers(body),
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, late.signal]),
      })
      await response.body?.cancel()
      return refusalOf(response)
    } catch (cause) {
      const why = late.signal.aborted
        ? `did not answer within ${timeoutMs} ms`
        : `could not be reached${causeText(cause)}`
      return { why, isFinal: false, retryAfterMs: 0, cause }
    } finally {
      alarm.cancel()
    }
  }

  #headers(body: string): Headers {
    const { headers, secret, clock } = this.#options
    const all = new Headers(headers)
    if (secret === undefined) return all
    all.set(SIGNATURE_HEADER, signatureOf(body, [secret], clock.now()))
    return all
  }
}

function refusalOf({ status, headers }: Response): Refusal | undefined {
  const verdict = verdictOn(status)
  if (verdict === 'taken') return undefined
  const isFinal = verdict === 'never'
  return { why: refusalText(status), isFinal, retryAfterMs: retryAfterMs(headers.get('retry-after') ?? '') }
}

function addressOf(url: string | URL): URL {
  const fault = faultOfAddress(String(url))
  if (fault !== undefined) throw new ConfigError(`the address of a webhook ${fault}`)
  return new URL(url)
}

function headersOf(given: Readonly<Record<string, string>> = {}): Headers {
  try {
    const headers = new Headers({ 'content-type': 'application/json', 'user-agent': 'carillon' })
    for (const [name, value] of Object.entries(given)) headers.set(name, value)
    return headers
  } catch (cause) {
    throw new ConfigError('the headers of a webhook are not such as HTTP knows', { cause })
  }
}

function checkKinds(kinds: readonly string[] | undefined): void {
  const known: readonly string[] = ALERT_KINDS
  const unknown = kinds?.find((kind) => !known.includes(kind))
  if (unknown === undefined) return
  throw new ConfigError(
    `the kind of alert "${unknown}" is none of ${known.join(', ')}${didYouMean(unknown, known)}`,
  )
}
