import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { access, writeFile } from 'node:fs/promises'
import { isProblem } from '../errors.ts'
import type { ManagementDeps } from './deps.ts'
import { markToken, selectUnmarked } from './store.ts'
import type { StoredToken } from './store.ts'

/** What a token may do, as far as nobody but us may change it. Its name may be erased, and who revokes it takes rights away. */
type Marked = Pick<StoredToken, 'id' | 'sha256' | 'role' | 'purposes' | 'expiresAt'>

/** What the row of a token is marked with when it is written: whoever can only write in the database cannot make it, and so neither a token nor another role. */
export type TokenMark = (token: Marked) => string

/** Marks with a key derived from `secret`, which is outside of the database. */
export function createTokenMark(secret: Buffer): TokenMark {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'concordat marks of tokens', 32))
  return ({ id, sha256, role, purposes, expiresAt }) => createHmac('sha256', key).update(JSON.stringify([id, sha256, role, purposes, expiresAt?.toISOString() ?? null])).digest('base64url')
}

/** Whether the row of a token is as we wrote it. */
export function isOurs(tokenMark: TokenMark, token: StoredToken): boolean {
  const [found, expected] = [Buffer.from(token.mark ?? ''), Buffer.from(tokenMark(token))]
  return found.length === expected.length && timingSafeEqual(found, expected)
}

/**
 * Marks the tokens that are older than marks, as they are: nothing vouches for them, so the record says which they were, with their
 * roles. Once only: the file `done` stays beside the database, and from then on a token without a mark is refused.
 */
export async function markOldTokens({ database, audit, tokenMark }: Pick<ManagementDeps, 'database' | 'audit' | 'tokenMark'>, done: string): Promise<void> {
  if (await exists(done)) return
  const tokens = await selectUnmarked(database.db)
  for (const token of tokens) await markToken(database.db, token.id, tokenMark(token))
  if (tokens.length > 0) {
    await audit.record({ type: 'token.marked', tokens: tokens.map(({ id, role }) => ({ token: id, role })) }).catch((error: unknown) => {
      // A log that is stopped must be brought back to work, for which somebody must be let in.
      if (!isProblem(error) || error.code !== 'log-stopped') throw error
    })
  }
  await writeFile(done, '', { mode: 0o600 })
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (Error.isError(error) && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
