import type { ManagementDeps } from './deps.ts'
import { insertToken } from './store.ts'
import { tokenHash } from './tokens.ts'

/** Makes `token`, which `init` wrote into a file, the first operator token; does nothing when it is known. A revoked one stays revoked. */
export async function ensureOperatorToken(deps: Pick<ManagementDeps, 'database' | 'audit' | 'clock' | 'newId'>, token: string): Promise<void> {
  const row = { id: deps.newId(), name: 'operator', role: 'operator', purposes: null, createdAt: deps.clock(), expiresAt: null, revokedAt: null } as const
  await deps.database.transaction(async (tx) => {
    const isNew = await insertToken(tx.db, { ...row, sha256: tokenHash(token) })
    if (isNew) await deps.audit.append(tx, { type: 'token.created', token: row.id, name: row.name, role: row.role, actor: 'init' })
  })
}
