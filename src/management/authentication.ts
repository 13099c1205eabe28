import type { Database } from '../persistence/database.ts'
import { ProblemError } from '../errors.ts'
import type { Logins } from './logins.ts'
import type { Caller } from './operation.ts'
import type { Revocations } from './revocations.ts'
import { findValidToken } from './store.ts'
import { isOurs } from './token-marks.ts'
import type { TokenMark } from './token-marks.ts'
import { tokenHash } from './tokens.ts'

/** Finds out whose token a request carries. */
export type Authenticate = (request: { authorization: string | undefined; address: string }) => Promise<Caller>

const windowMs = 60_000
const failuresAllowed = 30
const addressesKept = 1000

/**
 * Bearer tokens (RFC 6750) by their SHA-256. After 30 wrong tokens in a minute an address is told to wait; a valid token is always
 * let in, so that nobody on the same host can lock the operator out.
 */
export function createAuthenticate(deps: { database: Database; clock: () => Date; logins: Logins; tokenMark: TokenMark; revocations: Pick<Revocations, 'has'> }): Authenticate {
  const failures = new Map<string, { since: number; count: number }>()

  function fail(address: string): ProblemError {
    const now = deps.clock().getTime()
    const known = failures.get(address)
    const entry = known === undefined || now - known.since > windowMs ? { since: now, count: 1 } : { ...known, count: known.count + 1 }
    failures.delete(address)
    failures.set(address, entry)
    const [oldest] = failures.keys()
    if (failures.size > addressesKept && oldest !== undefined) failures.delete(oldest)
    const problem = entry.count > failuresAllowed ? new ProblemError('too-many-requests', 'Too many wrong tokens came from this address. Wait a minute.') : unauthenticated()
    deps.logins.refused({ caller: address, code: problem.code })
    return problem
  }

  return async ({ authorization, address }) => {
    const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i.exec(authorization ?? '') ?? []
    if (token === undefined) throw unauthenticated()
    const sha256 = tokenHash(token)
    const [row, isRevoked] = await Promise.all([findValidToken(deps.database.db, sha256, deps.clock()), deps.revocations.has(sha256)])
    if (row === undefined) throw fail(address)
    if (isRevoked || !isOurs(deps.tokenMark, row)) {
      deps.logins.forged({ token: row.id, role: row.role, caller: address })
      throw fail(address)
    }
    deps.logins.accepted({ token: row.id, role: row.role, actor: row.name, caller: address })
    return { tokenId: row.id, name: row.name, role: row.role, purposes: row.purposes }
  }
}

function unauthenticated(): ProblemError {
  return new ProblemError('unauthenticated', 'Send a valid token of this API: Authorization: Bearer <token>. "concordat token create" makes one.')
}
