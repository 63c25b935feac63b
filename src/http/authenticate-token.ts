import type { TokenGate } from './access/token-gate.ts'
import type { Authenticate } from './authenticate.ts'
import { ProblemError } from './problem.ts'

/** Lets in who presents a token in the header `Authorization`; one in the address is not looked at, since logs have it. */
export function authenticateByToken(gate: Pick<TokenGate, 'admit'>): Authenticate {
  return async (request, { address }) => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
    if (token === undefined) return undefined
    const admission = await gate.admit(token, address)
    switch (admission.kind) {
      case 'granted':
        return admission.grant
      case 'refused':
        return undefined
      case 'locked-out': {
        const headers = { 'retry-after': String(admission.waitSeconds) }
        throw new ProblemError('TOO_MANY_REQUESTS', 'there were too many wrong tokens: wait, then go on', {
          headers,
        })
      }
    }
  }
}
