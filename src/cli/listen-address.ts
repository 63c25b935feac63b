import { ConfigError } from '../errors.ts'

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/**
 * Reads `8080` or `0.0.0.0:8080`. Without a host, only this machine can ask.
 *
 * @param option names it in the error, as `--http`
 * @throws {ConfigError} when it is neither
 */
export function parseListenAddress(option: string, text: string): ListenAddress {
  const match = /^(?:(?<host>[\w.-]+|\[[\da-fA-F:]+\]):)?(?<port>\d{1,5})$/.exec(text)
  const port = Number(match?.groups?.['port'])
  if (match === null || port > 65_535)
    throw new ConfigError(`${option} ${text}: give a port, or a host and a port as in 0.0.0.0:8080`)
  return { host: match.groups?.['host']?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port }
}
