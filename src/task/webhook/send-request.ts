import type { LookupAddress } from 'node:dns'
import { request as requestPlain, type IncomingMessage } from 'node:http'
import { request as requestSecure, type RequestOptions } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { AllowList } from '../../webhook/allow-list.ts'

/** A request, ready to be sent. */
export interface OutgoingRequest {
  readonly url: URL
  readonly method: string
  /** By names in small letters. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string | undefined
}

/** How it is sent. */
export interface Sending {
  readonly allow: AllowList
  /** All addresses that a name leads to. */
  readonly lookup: (hostname: string) => Promise<readonly LookupAddress[]>
  /** Certificates that vouch for receivers, in place of those that Node knows. */
  readonly ca: string | undefined
  /** How much of an answer's body is read. */
  readonly maxResponseBytes: number
}

export interface ReceivedAnswer {
  readonly status: number
  /** The value of a header, by its name in small letters; empty where it is absent. */
  readonly header: (name: string) => string
  /** The beginning of the body, or all of it. */
  readonly body: Buffer
}

/** Nothing may be sent there. */
export class ForbiddenError extends Error {}

/**
 * Sends a request, and reads the answer as far as it counts. Redirects are not followed.
 *
 * The connection goes to addresses that the list has passed: the name is looked up once, within the making of the
 * connection, so no second look can lead anywhere else. Each request has a connection of its own: one that others left
 * open might lead where this list would not.
 *
 * @throws {ForbiddenError} when the list refuses the host or one of its addresses
 * @throws what the connection throws, or `AbortError` when the signal is aborted before there is a status
 */
export async function sendRequest(
  { url, method, headers, body }: OutgoingRequest,
  { allow, lookup, ca, maxResponseBytes }: Sending,
  signal: AbortSignal,
): Promise<ReceivedAnswer> {
  // Of a host that is an address no name is looked up.
  refuseIf(allow.faultOfUrl(url))
  const options: RequestOptions = { method, signal, agent: false, lookup: checkedLookup(url, allow, lookup) }
  if (ca !== undefined) options.ca = ca

  const request = url.protocol === 'https:' ? requestSecure(url, options) : requestPlain(url, options)
  request.setHeaders(new Map(headers))
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  // It stays for as long as the request does: what breaks off later must not be unheard either.
  request.on('response', resolve).on('error', reject).end(body)

  const response = await promise
  const header = (name: string) => String(response.headers[name] ?? '')
  return { status: response.statusCode!, header, body: await beginningOf(response, maxResponseBytes) }
}

function checkedLookup(url: URL, allow: AllowList, lookup: Sending['lookup']): LookupFunction {
  return (hostname, { all = false }, answer) => {
    const checked = lookup(hostname).then((addresses) => {
      refuseIf(
        allow.faultOfAddresses(
          url,
          addresses.map(({ address }) => address),
        ),
      )
      return addresses
    })
    checked.then(
      (addresses) =>
        all ? answer(null, [...addresses]) : answer(null, addresses[0]!.address, addresses[0]!.family),
      (error: NodeJS.ErrnoException) => answer(error, ''),
    )
  }
}

function refuseIf(fault: string | undefined): void {
  if (fault !== undefined) throw new ForbiddenError(fault)
}

/** The status has said what counts: a body that is too long or too slow, or breaks off, is cut there. */
async function beginningOf(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      // To leave the loop is to close the connection.
      if (length >= maxBytes) break
    }
  } catch {
    // What has come so far is what there is.
  }
  return Buffer.concat(chunks).subarray(0, maxBytes)
}
