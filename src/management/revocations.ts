import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing, replaceFile } from '../audit/log/kept-file.ts'
import { isProblem } from '../errors.ts'
import type { ManagementDeps } from './deps.ts'
import { markRevoked, selectHashes } from './store.ts'

/** Which tokens were revoked, as it is kept outside the database: one from a backup does not know, and who writes in it could take a revocation back. */
export interface Revocations {
  /** Whether the token with this SHA-256 was revoked, by whichever replica. */
  has(sha256: string): Promise<boolean>
  keep(sha256: string): Promise<void>
  /** The SHA-256 of all of them. */
  list(): Promise<ReadonlySet<string>>
}

/** A file for each revoked token, named after its SHA-256, in a folder that replicas share. */
export function createRevocations(directory: string): Revocations {
  const has = async (sha256: string) => (await unlessMissing(stat(join(directory, sha256)))) !== undefined
  return {
    has,
    keep: async (sha256) => {
      if (await has(sha256)) return
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await replaceFile(join(directory, sha256), '')
    },
    list: async () => new Set((await unlessMissing(readdir(directory)))?.filter((name) => /^[0-9a-f]{64}$/.test(name))),
  }
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

type SettleDeps = Pick<ManagementDeps, 'database' | 'audit' | 'clock' | 'revocations'>

/** At the start: what either the database or the folder does not know of is put right, and the record says which tokens the database had as valid again. */
export async function settleRevocations({ database, audit, clock, revocations }: SettleDeps): Promise<void> {
  const [tokens, kept] = await Promise.all([selectHashes(database.db), revocations.list()])
  const unkept = tokens.filter(({ sha256, revokedAt }) => revokedAt !== null && !kept.has(sha256))
  // Who revokes in the database alone takes rights away for as long as that database is used, not for ever.
  const onRecord = unkept.length === 0 ? new Set<unknown>() : await revokedOnRecord(audit)
  for (const { id, sha256 } of unkept) if (onRecord.has(id)) await revocations.keep(sha256)
  for (const { id, name, sha256, revokedAt } of tokens) if (revokedAt === null && kept.has(sha256)) await revokeAgain({ database, audit, clock }, { id, name })
}

async function revokeAgain({ database, audit, clock }: Omit<SettleDeps, 'revocations'>, { id, name }: { readonly id: string; readonly name: string }): Promise<void> {
  try {
    await database.transaction(async (tx) => {
      await markRevoked(tx.db, id, clock())
      await audit.append(tx, { type: 'token.revoked', token: id, name, actor: 'start' })
    })
  } catch (error) {
    // It is refused in any case, and a log that is stopped must be brought back to work.
    if (!isProblem(error) || error.code !== 'log-stopped') throw error
  }
}

const pageSize = 1000

/** The ids of the tokens whose revocation is on record. */
async function revokedOnRecord(audit: SettleDeps['audit']): Promise<ReadonlySet<unknown>> {
  const ids = new Set<unknown>()
  for (let after = -1; ; ) {
    const page = await audit.entries({ type: 'token.revoked', after, limit: pageSize })
    for (const { token } of page) ids.add(token)
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return ids
    after = last.index
  }
}
