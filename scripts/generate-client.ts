/**
 * Writes the types and the table of operations of `carillon/client`, from the OpenAPI document.
 *
 *     node scripts/generate-client.ts
 */
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { buildApi } from '../src/http/api.ts'
import type { OpenApiDocument } from '../src/http/document.ts'

const root = join(import.meta.dirname, '..')
const BASE_PATH = '/api/v1'
const TYPES = 'src/client/document.gen.ts'
const TABLE = 'src/client/operations.gen.ts'
const NOTE =
  '// Made by `npm run generate:client` of the OpenAPI document: change that, and make it anew.\n\n'

/** What of an operation of the document is read here. */
interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}

if (import.meta.main)
  for (const [file, text] of Object.entries(await generateClient())) writeFileSync(join(root, file), text)

/** What the files are to contain, by their path. */
export async function generateClient(): Promise<Record<string, string>> {
  const { document } = buildApi({
    carillon: undefined as never,
    authenticate: () => undefined,
    basePath: BASE_PATH,
  })
  return {
    [TYPES]: await formatted(TYPES, await typesOf(document)),
    [TABLE]: await formatted(TABLE, tableOf(document)),
  }
}

/** The shapes of what is sent and answered, by operation. */
async function typesOf(document: OpenApiDocument): Promise<string> {
  // It prints by the API of TypeScript 5, which TypeScript 7 does not have.
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier === 'typescript' ? 'typescript-5' : specifier, context),
  })
  try {
    const { default: openapiTypescript, astToString } = await import('openapi-typescript')
    const nodes = await openapiTypescript(JSON.parse(JSON.stringify(document)), { defaultNonNullable: false })
    const wanted = nodes.filter(
      (node) => 'name' in node && ['components', 'operations'].includes((node.name as { text: string }).text),
    )
    return astToString(wanted)
  } finally {
    hooks.deregister()
  }
}

/** How each operation is sent. */
function tableOf(document: OpenApiDocument): string {
  const rows = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => {
      const reads = (place: string, name: string) =>
        (operation.parameters ?? []).some((one) => one.in === place && one.name === name)
      const isStream = Object.values(operation.responses).some(
        ({ content = {} }) => 'text/event-stream' in content,
      )
      const row = {
        method: method.toUpperCase(),
        path: path.slice(BASE_PATH.length),
        ...(operation.requestBody !== undefined && { hasBody: true }),
        ...(reads('header', 'idempotency-key') && { isOnce: true }),
        ...(reads('query', 'cursor') && { isPage: true }),
        ...(isStream && { isStream }),
      }
      return `/** ${operation.summary}. */\n${operation.operationId}: ${JSON.stringify(row)},`
    }),
  )
  return `/** How each operation of the document is sent; paths begin where the API is mounted. */
export const OPERATIONS = {
${rows.join('\n')}
} as const
`
}

async function formatted(file: string, text: string): Promise<string> {
  const options = await resolveConfig(join(root, file))
  return format(NOTE + text, { ...options, parser: 'typescript' })
}
