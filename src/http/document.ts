import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Env } from './context.ts'

/** What the API can do, as OpenAPI 3.1 has it. */
export type OpenApiDocument = ReturnType<OpenAPIHono<Env>['getOpenAPI31Document']>

const INFO = {
  title: 'Carillon',
  version: '1',
  description:
    'Schedules that users manage: create, read, understand and change them. Errors are problems (RFC 9457) with a stable `code`.',
}

/** The document of all endpoints of an app. */
export function documentOf(app: OpenAPIHono<Env>): OpenApiDocument {
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'a token of `carillon token create`, or one that `signToken` made',
  })
  return app.getOpenAPI31Document({ openapi: '3.1.0', info: INFO })
}
