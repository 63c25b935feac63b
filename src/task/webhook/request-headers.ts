import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { OccurrenceInfo } from '../job.ts'

/** What says how a request is sent is not for the payload to say, nor is what says whom it comes from. */
const OWN = [
  'connection',
  'content-length',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
const OWN_PREFIX = 'carillon-'

/** What is wrong with a header of a request, as in `is set by Carillon`; `undefined` if nothing. */
export function faultOfHeader(name: string, value: string): string | undefined {
  const lower = name.toLowerCase()
  if (OWN.includes(lower) || lower.startsWith(OWN_PREFIX)) return 'is set by Carillon'
  try {
    validateHeaderName(name)
  } catch {
    return 'is no name of a header'
  }
  try {
    validateHeaderValue(name, value)
  } catch {
    return 'has a value that HTTP cannot carry: a line break, say'
  }
  return undefined
}

/** What tells the receiver which run a request is of. */
export function occurrenceHeaders({
  id,
  key,
  namespace,
  nominalAt,
  attempt,
}: OccurrenceInfo): [string, string][] {
  return [
    ['idempotency-key', id],
    ['carillon-occurrence', id],
    ['carillon-schedule', inAscii(key)],
    ['carillon-namespace', inAscii(namespace)],
    ['carillon-nominal-at', nominalAt.toISOString()],
    ['carillon-attempt', String(attempt)],
  ]
}

/** Percent-encodes what is no visible character of ASCII, and `%`, so that `decodeURIComponent` gives the text back. */
function inAscii(text: string): string {
  return text.replaceAll(/[^\x21-\x24\x26-\x7e]+/g, encodeURIComponent)
}
