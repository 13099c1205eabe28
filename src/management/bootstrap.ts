import { isProblem } from '../errors.ts'
import type { ManagementDeps } from './deps.ts'
import { settleRevocations } from './revocations.ts'
import { insertToken } from './store.ts'
import { markOldTokens } from './token-marks.ts'
import { tokenHash } from './tokens.ts'

/** Makes `token`, which `init` wrote into a file, the first operator token; does nothing when it is known. A revoked one stays revoked. Tokens from before marks get theirs first, unless the file `marked` is there. */
export async function ensureOperatorToken(deps: Pick<ManagementDeps, 'database' | 'audit' | 'clock' | 'newId' | 'tokenMark' | 'revocations'>, token: string, marked: string): Promise<void> {
  await markOldTokens(deps, marked)
  await settleRevocations(deps)
  const row = { id: deps.newId(), name: 'operator', role: 'operator', purposes: null, createdAt: deps.clock(), expiresAt: null, revokedAt: null, sha256: tokenHash(token) } as const
  if (await deps.revocations.has(row.sha256)) return
  const stored = { ...row, mark: deps.tokenMark(row) }
  try {
    await deps.database.transaction(async (tx) => {
      const isNew = await insertToken(tx.db, stored)
      if (isNew) await deps.audit.append(tx, { type: 'token.created', token: row.id, name: row.name, role: row.role, actor: 'init' })
    })
  } catch (error) {
    // The database was lost or emptied: the log must be brought back to work, for which somebody must be let in.
    if (!isProblem(error) || error.code !== 'log-stopped') throw error
    await insertToken(deps.database.db, stored)
  }
}
