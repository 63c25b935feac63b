import type { components, operations } from './document.gen.ts'
import type { ApiEvent } from './event.ts'
import type { OPERATIONS } from './operations.gen.ts'

/** The shapes that the document names: `Schema<'Schedule'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

/** The name of an operation, which is that of its method. */
export type OperationId = keyof typeof OPERATIONS

/** How a request is sent, besides what is in it. */
export interface RequestOptions {
  /** Ends the request, its retries and the waits between them; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** How long one attempt may take, in place of the client's. */
  readonly timeoutMs?: number | undefined
  /** How many times it is sent again, in place of the client's; what would be done twice is never. */
  readonly retries?: number | undefined
  /** Sent along, such as `traceparent`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What a request for an operation is made of. */
export type RequestOf<Id extends OperationId> = RequestOptions &
  Part<'path', PartOf<Id, 'path'>> &
  Part<'query', PartOf<Id, 'query'>> &
  Part<'body', BodyOf<Id>> &
  Conditions<HeaderOf<Id>>

/** What an operation answers: `undefined` for one that answers nothing, and a stream its events. */
export type AnswerOf<Id extends OperationId> = {
  [Status in keyof operations[Id]['responses']]: Status extends number
    ? ContentOf<operations[Id]['responses'][Status]>
    : never
}[keyof operations[Id]['responses']]

/** Sends a request. The request may be left out where it needs nothing. */
export type MethodOf<Id extends OperationId> = (
  ...request: Optional<RequestOf<Id>>
) => (typeof OPERATIONS)[Id] extends { isStream: true } ? AsyncIterable<ApiEvent> : Promise<AnswerOf<Id>>

/** Reads page after page, item by item. */
export type PagesOf<Id extends OperationId> = (
  ...request: Optional<RequestOf<Id>>
) => AsyncIterable<AnswerOf<Id> extends { items: readonly (infer Item)[] } ? Item : never>

type PartOf<Id extends OperationId, Name extends 'path' | 'query' | 'header'> = Exclude<
  operations[Id]['parameters'][Name],
  undefined
>

type BodyOf<Id extends OperationId> = operations[Id] extends {
  requestBody: { content: { 'application/json': infer Body } }
}
  ? Body
  : never

type ContentOf<Response> = Response extends { content: { 'application/json': infer Content } }
  ? Content
  : Response extends { content: { 'text/plain': infer Text } }
    ? Text
    : undefined

/** The names of the headers that an operation reads. */
type HeaderOf<Id extends OperationId> =
  PartOf<Id, 'header'> extends infer Headers ? ([Headers] extends [never] ? never : keyof Headers) : never

/** A part may be left out where nothing in it is needed. */
type Part<Name extends string, Value> = [Value] extends [never]
  ? unknown
  : object extends Value
    ? { readonly [K in Name]?: Value }
    : { readonly [K in Name]: Value }

/** What the headers of an operation stand for. */
type Conditions<Header> = ('if-match' extends Header
  ? {
      /** The revision that is to be changed; 0 where there is to be none yet. Otherwise nothing is changed. */
      readonly revision?: number | undefined
    }
  : unknown) &
  ('idempotency-key' extends Header
    ? {
        /** The name under which this is done once; one is made when it is left out. */
        readonly idempotencyKey?: string | undefined
      }
    : unknown)

type Optional<Request> = object extends Request ? [request?: Request] : [request: Request]
