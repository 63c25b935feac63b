import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { Carillon, defineJob, type CarillonOptions } from '../../src/index.ts'
import { buildApi, ENDPOINTS, type Api, type ApiParts } from '../../src/http/api.ts'
import type { Grant } from '../../src/http/access/grant.ts'
import type { Endpoint } from '../../src/http/endpoint.ts'
import { z } from 'zod'

const SILENT = { info: () => {}, warn: () => {}, error: () => {} }
export const ALL: Grant = { scope: 'admin', namespace: null, groups: null, jobs: null, actor: 'tester' }

/** A job whose payload has a schema, and one without. */
const JOBS = [
  defineJob('note', { payload: z.object({ user: z.number().optional() }).nullable(), handle: () => {} }),
  defineJob('secret', { handle: () => {} }),
]

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into it
  readonly body: any
}

interface Call {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: string
}

/** An API over a database of its own; each of its answers is held against the document. */
export class HttpWorld implements AsyncDisposable {
  readonly cron: Carillon
  readonly api: Api
  /** By the token that stands for them. */
  readonly grants = new Map<string, Grant>([['all', ALL]])
  readonly #checks = new Map<string, ValidateFunction>()
  readonly #ajv = new Ajv2020({ strict: false })

  private constructor(cron: Carillon, parts: Partial<ApiParts>) {
    this.cron = cron
    this.api = buildApi({
      carillon: cron,
      logger: SILENT,
      authenticate: (request) => {
        const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? ''
        return this.grants.get(token)
      },
      ...parts,
    })
    addFormats.default(this.#ajv)
    this.#ajv.addSchema({ $id: 'document', ...this.api.document })
  }

  static async open(
    options: Partial<CarillonOptions> = {},
    parts: Partial<ApiParts> = {},
  ): Promise<HttpWorld> {
    const cron = await Carillon.open({ database: 'sqlite::memory:', jobs: JOBS, logger: SILENT, ...options })
    return new HttpWorld(cron, parts)
  }

  async call(
    method: string,
    path: string,
    { body, headers = {}, token = 'all' }: Call = {},
  ): Promise<Answer> {
    const isRaw = typeof body === 'string'
    const request = new Request(`http://localhost/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
    })
    const response = await this.api.fetch(request, { remoteAddress: '192.0.2.1' })
    const isText = response.headers.get('content-type')?.startsWith('text/plain') === true
    const isStream = response.headers.get('content-type') === 'text/event-stream'
    const text = isStream ? await beginningOf(response) : await response.text()
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: text === '' ? undefined : isText || isStream ? text : JSON.parse(text),
    }
    this.#hold(method, new URL(request.url).pathname.slice('/api/v1'.length), answer)
    return answer
  }

  /** @throws {Error} when the document does not know such an answer */
  #hold(method: string, path: string, { status, headers, body, text }: Answer): void {
    const of = endpointAt(method, path)
    const type = headers.get('content-type')?.split(';')[0]
    const isProblem = status >= 400
    const wanted = of?.definition.answerType ?? 'application/json'
    const isExpected = isProblem
      ? type === 'application/problem+json'
      : of === undefined || (status === 204 ? text === '' : type === wanted)
    if (!isExpected) throw new Error(`${method} ${path} answered ${status} as ${type}: ${text}`)
    if (of === undefined || status === 204) {
      if (isProblem) this.#check('#/components/schemas/Problem', body)
      return
    }
    if (isProblem) return this.#check('#/components/schemas/Problem', body)
    const { definition } = of
    const { answerType = 'application/json' } = definition
    if (status !== (definition.status ?? 200)) throw new Error(`${method} ${path} answered ${status}`)
    const place = `/api/v1${definition.path}`.replaceAll('~', '~0').replaceAll('/', '~1')
    const schema = `#/paths/${place}/${definition.method}/responses/${status}/content/${answerType.replace('/', '~1')}/schema`
    this.#check(schema, body)
  }

  #check(schema: string, body: unknown): void {
    let check = this.#checks.get(schema)
    if (check === undefined) {
      check = this.#ajv.compile({
        $ref: `document${encodeURI(schema).replaceAll('{', '%7B').replaceAll('}', '%7D')}`,
      })
      this.#checks.set(schema, check)
    }
    if (check(body)) return
    throw new Error(
      `the answer is not as the document has it: ${this.#ajv.errorsText(check.errors)}\n${JSON.stringify(body)}`,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cron.close()
  }
}

/** The endpoint that a request is for. */
function endpointAt(method: string, path: string): Endpoint | undefined {
  const given = path.split('/')
  return ENDPOINTS.find(({ definition }) => {
    const parts = definition.path.split('/')
    return (
      definition.method.toUpperCase() === method &&
      parts.length === given.length &&
      parts.every((part, i) => part.startsWith('{') || part === given[i])
    )
  })
}

/** What a stream that does not end says first, without the instant at which it does. */
async function beginningOf(response: Response): Promise<string> {
  const reader = response.body!.getReader()
  const { value } = await reader.read()
  await reader.cancel()
  return new TextDecoder().decode(value).replace(/"at":"[^"]*"/, '')
}
