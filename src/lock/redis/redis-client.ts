import { createHash } from 'node:crypto'
import { ConfigError } from '../../errors.ts'

/** What of a client of `ioredis` is called. */
export interface IoredisClient {
  defineCommand(...args: never[]): unknown
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
  evalsha(digest: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** What of a client of `redis` (node-redis) is called. */
export interface NodeRedisClient {
  sendCommand(...args: never[]): unknown
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  evalSha(digest: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** A client of either library, with the connection that the application has. */
export type RedisClient = IoredisClient | NodeRedisClient

/** Runs a script on the server. */
export type RunScript = (
  script: string,
  keys: readonly string[],
  values: readonly string[],
) => Promise<unknown>

/** @throws {ConfigError} when it is a client of neither library */
export function scriptRunner(client: RedisClient): RunScript {
  // Both have sendCommand; only ioredis defines commands.
  if (isFunctionOf(client, 'eval') && isFunctionOf(client, 'defineCommand')) {
    const ioredis = client as IoredisClient
    return byDigest(
      (digest, keys, values) => ioredis.evalsha(digest, keys.length, ...keys, ...values),
      (script, keys, values) => ioredis.eval(script, keys.length, ...keys, ...values),
    )
  }
  if (isFunctionOf(client, 'eval') && isFunctionOf(client, 'sendCommand')) {
    const nodeRedis = client as NodeRedisClient
    return byDigest(
      (digest, keys, values) => nodeRedis.evalSha(digest, { keys: [...keys], arguments: [...values] }),
      (script, keys, values) => nodeRedis.eval(script, { keys: [...keys], arguments: [...values] }),
    )
  }
  throw new ConfigError(
    'the Redis client is none of "ioredis" or "redis": give `new Redis(…)` or `createClient(…)`',
  )
}

/** Names a script by its digest, and sends the text only where the server does not know it (any more). */
function byDigest(known: RunScript, whole: RunScript): RunScript {
  const digests = new Map<string, string>()
  const digestOf = (script: string) => {
    let digest = digests.get(script)
    if (digest === undefined) {
      digest = createHash('sha1').update(script).digest('hex')
      digests.set(script, digest)
    }
    return digest
  }
  return (script, keys, values) =>
    known(digestOf(script), keys, values).catch((error: unknown) => {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return whole(script, keys, values)
    })
}

function isFunctionOf(client: unknown, name: string): boolean {
  return client !== null && typeof client === 'object' && typeof Reflect.get(client, name) === 'function'
}
