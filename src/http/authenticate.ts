import { BlockList, isIP } from 'node:net'
import type { Grant } from './access/grant.ts'
import { ProblemError } from './problem.ts'

/** Who sent a request, as far as that is known before its token is read. */
export interface Caller {
  /** The address that the connection came from; `undefined` where the server does not say. */
  readonly address: string | undefined
}

/**
 * Says who sent a request, and what they may do; nothing when that is not known. What it throws is an answer when it is a
 * `ProblemError`, and a failure of the server otherwise.
 */
export type Authenticate = (
  request: Request,
  caller: Caller,
) => Grant | undefined | Promise<Grant | undefined>

const EVERYTHING: Grant = { scope: 'admin', namespace: null, groups: null, jobs: null, actor: 'local' }

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Lets everything pass that comes from this machine, and nothing else. A page in a browser on this machine is not this
 * machine: a request that a foreign page sends, or one for a foreign name that was made to point here, is refused.
 */
export const authenticateLocal: Authenticate = (request, { address }) => {
  if (address === undefined || !isLoopback(address)) throw refused('only this machine may ask')
  const host = URL.parse(request.url)?.hostname ?? ''
  const name = host.replace(/^\[|\]$/g, '')
  if (name !== 'localhost' && !isLoopback(name)) throw refused('ask for localhost, or 127.0.0.1')
  const origin = request.headers.get('origin')
  if (origin !== null && origin !== new URL(request.url).origin) throw refused('pages of others may not ask')
  return EVERYTHING
}

function isLoopback(address: string): boolean {
  const kind = isIP(address)
  return kind !== 0 && LOOPBACK.check(address, kind === 4 ? 'ipv4' : 'ipv6')
}

function refused(remedy: string): ProblemError {
  return new ProblemError('FORBIDDEN', `there are no tokens here, so ${remedy}`)
}
