import { createHash, randomBytes } from 'node:crypto'
import { ProblemError } from '../errors.ts'
import { cutPage, decodeCursor } from '../persistence/cursor.ts'
import type { ManagementDeps } from './deps.ts'
import type { BodyOf, Handlers, Schemas } from './operation.ts'
import { pageOf, pageWith } from './page.ts'
import { readPurpose } from './purpose.ts'
import { isManagementRole } from './roles.ts'
import { insertToken, lockOperatorTokens, lockToken, markRevoked, selectTokens } from './store.ts'
import type { TokenRow } from './store.ts'
import { isOurs } from './token-marks.ts'

/** What is stored of a token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** A new token: 256 random bits, with a prefix by which scanners for leaked secrets know it. */
export function newToken(): string {
  return `concordat_${randomBytes(32).toString('base64url')}`
}

type TokenHandlers = Pick<Handlers, 'listTokens' | 'createToken' | 'revokeToken'>

export function tokenHandlers(deps: Pick<ManagementDeps, 'database' | 'audit' | 'clock' | 'newId' | 'tokenMark' | 'revocations'>): TokenHandlers {
  return {
    listTokens: async ({ query }) => {
      const { limit, after } = pageOf(query)
      const rows = await selectTokens(deps.database.db, { limit: limit + 1, ...(after === undefined ? {} : { after: decodeCursor(after) }) })
      return { status: 200, body: pageWith(cutPage(rows, limit), show) }
    },
    createToken: async ({ body, caller }) => {
      const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt)
      const token = newToken()
      const row = { id: deps.newId(), name: body.name, role: body.role, purposes: purposesOf(body), createdAt: deps.clock(), expiresAt, revokedAt: null }
      if (expiresAt !== null && expiresAt <= row.createdAt) throw new ProblemError('bad-request', '/body/expiresAt: must be in the future.')
      await deps.database.transaction(async (tx) => {
        const stored = { ...row, sha256: tokenHash(token) }
        await insertToken(tx.db, { ...stored, mark: deps.tokenMark(stored) })
        await deps.audit.append(tx, { type: 'token.created', token: row.id, name: row.name, role: row.role, ...(row.purposes === null ? {} : { purposes: row.purposes }), actor: caller.name })
      })
      return { status: 201, headers: { Location: `/tokens/${encodeURIComponent(row.id)}`, 'Cache-Control': 'no-store' }, body: { ...show(row), token } }
    },
    revokeToken: async ({ path, caller }) => {
      const kept = await deps.revocations.list()
      const sha256 = await deps.database.transaction(async (tx) => {
        // Whoever can write in the database must not make the last one look as if it were not.
        const operators = (await lockOperatorTokens(tx.db, deps.clock())).filter((each) => isOurs(deps.tokenMark, each) && !kept.has(each.sha256))
        const token = await lockToken(tx.db, path.tokenId)
        if (token === undefined) throw new ProblemError('not-found', `There is no token ${path.tokenId}. "concordat token list" shows the tokens.`)
        if (token.revokedAt !== null) return token.sha256
        if (operators.length === 1 && operators[0]?.id === token.id) {
          throw new ProblemError('conflict', 'This is the last operator token; without it nobody could manage the connector. Create another one first.')
        }
        await markRevoked(tx.db, token.id, deps.clock())
        await deps.audit.append(tx, { type: 'token.revoked', token: token.id, name: token.name, actor: caller.name })
        return token.sha256
      })
      // What is cut off here is done at the next start, or when it is revoked again.
      await deps.revocations.keep(sha256)
      return { status: 204 }
    },
  }
}

function purposesOf({ role, purposes }: BodyOf<'createToken'>): string[] | null {
  if (purposes === undefined) return null
  if (isManagementRole(role)) throw new ProblemError('bad-request', `/body/purposes: are for users of the gateway; the role ${role} is one of this API. Name another role, such as analyst.`)
  return [...new Set(purposes.map((text, place) => readPurpose(text, `/body/purposes/${place}`)))]
}

function show(row: TokenRow): Schemas['Token'] {
  return { id: row.id, name: row.name, role: row.role, purposes: row.purposes, createdAt: row.createdAt.toISOString(), expiresAt: row.expiresAt?.toISOString() ?? null, revokedAt: row.revokedAt?.toISOString() ?? null }
}
