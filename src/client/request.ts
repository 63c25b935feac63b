import { OPERATIONS } from './operations.gen.ts'
import type { OperationId, RequestOptions } from './operation.ts'

/** A request of any operation. */
export interface AnyRequest extends RequestOptions {
  readonly path?: Readonly<Record<string, unknown>> | undefined
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  readonly body?: unknown
  readonly revision?: number | undefined
  readonly idempotencyKey?: string | undefined
}

/** A request as it is sent, each time alike. The token is not in it. */
export interface WrittenRequest {
  /** For messages: the operation alone, without what was filled in. */
  readonly name: string
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: string | undefined
  /** Whether it is the same to be sent twice: it only reads, or is done once under its key. */
  readonly mayRepeat: boolean
}

/**
 * Writes a request down.
 *
 * @param base where the API is mounted, without a slash at the end
 * @throws {TypeError} when a part of the path is missing, or cannot stand in one
 */
export function writeRequest(base: string, id: OperationId, request: AnyRequest): WrittenRequest {
  const { method, path, ...kind } = OPERATIONS[id]
  const headers = new Headers(request.headers)
  headers.set('accept', 'isStream' in kind ? 'text/event-stream' : 'application/json')
  if ('isOnce' in kind) headers.set('idempotency-key', request.idempotencyKey ?? crypto.randomUUID())
  if (request.revision === 0) headers.set('if-none-match', '*')
  else if (request.revision !== undefined) headers.set('if-match', `"${request.revision}"`)

  let body: string | undefined
  if ('hasBody' in kind) {
    headers.set('content-type', 'application/json')
    body = JSON.stringify(request.body ?? {})
  }
  const url = `${base}${pathOf(id, path, request.path)}${queryOf(request.query)}`
  const mayRepeat = method === 'GET' || 'isOnce' in kind
  return { name: id, url, method, headers, body, mayRepeat }
}

function pathOf(id: OperationId, template: string, parts: AnyRequest['path']): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const part = parts?.[name]
    // Dots would be taken for steps up and down the path, also when they are encoded.
    if (typeof part !== 'string' || part === '' || part === '.' || part === '..')
      throw new TypeError(`${id} needs path.${name}: a text that is neither empty nor . or ..`)
    return encodeURIComponent(part)
  })
}

function queryOf(query: AnyRequest['query'] = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return search.size === 0 ? '' : `?${search.toString()}`
}
