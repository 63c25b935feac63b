import { ConfigError } from '../../errors.ts'
import type { TaskHook } from './task.ts'

/** How long a ping may take. */
const PING_MS = 10_000

/**
 * A hook that GETs an address.
 *
 * @throws {ConfigError} when it is not an address of http or https
 */
export function ping(url: string): TaskHook {
  const address = URL.parse(url)
  if (address === null || !['http:', 'https:'].includes(address.protocol))
    throw new ConfigError(`${JSON.stringify(url)} cannot be pinged: it is no http or https address`)
  if (address.username !== '' || address.password !== '')
    throw new ConfigError('a ping cannot carry a user or a password in its address')
  return async () => {
    const response = await fetch(address, { signal: AbortSignal.timeout(PING_MS) })
    await response.body?.cancel()
    if (!response.ok) throw new Error(`${address.origin} answered a ping with status ${response.status}`)
  }
}
