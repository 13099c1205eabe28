import { createHash, randomBytes } from 'node:crypto'
import type { Transaction } from '../persistence/database.ts'
import type { DataPlaneDeps, ReleasedTransfer } from './release.ts'
import type { RunningDownloads } from './running-downloads.ts'
import { createShortCache } from './short-cache.ts'
import type { AccessToken } from './store.ts'
import { deletePartnerTokens, deleteTransferTokens, findAccessToken, insertAccessToken } from './store.ts'

/** What a token opens: to fetch under our transfer as provider, or to deliver under our transfer as consumer. */
export type TokenPurpose = 'data' | 'inbox'

/** Access tokens: 256 random bits, of which only the SHA-256 is kept. */
export interface AccessTokens {
  issue(tx: Transaction, token: AccessToken, purpose: TokenPurpose): Promise<string>
  revokeTransfer(tx: Transaction, transferId: string): Promise<void>
  revokePartner(tx: Transaction, partner: string): Promise<void>
  /** The valid token of an `Authorization` header, or undefined. */
  find(authorization: string | undefined, purpose: TokenPurpose): Promise<FoundToken | undefined>
  /** The transfer as it is, at most a second old. */
  released(transferId: string): Promise<ReleasedTransfer | undefined>
}

export interface FoundToken extends AccessToken {
  readonly sha256: string
}

/** Look-ups are kept for a second at most, so that many small requests cost one query; revocation here empties them at once. */
export function createAccessTokens(deps: Pick<DataPlaneDeps, 'database' | 'clock' | 'released'>, running: RunningDownloads): AccessTokens {
  const tokens = createShortCache<AccessToken>((sha256) => findAccessToken(deps.database.db, sha256))
  const transfers = createShortCache<ReleasedTransfer>(deps.released)

  function afterCommit(tx: Transaction, cut: () => void): void {
    tx.afterCommit(() => {
      tokens.clear()
      transfers.clear()
      cut()
    })
  }

  return {
    async issue(tx, token, purpose) {
      const secret = randomBytes(32).toString('base64url')
      await insertAccessToken(tx.db, { ...token, tokenSha256: hashOf(secret, purpose), createdAt: deps.clock() })
      afterCommit(tx, () => undefined)
      return secret
    },
    async revokeTransfer(tx, transferId) {
      await deleteTransferTokens(tx.db, transferId)
      afterCommit(tx, () => running.cut((download) => download.transferId === transferId))
    },
    async revokePartner(tx, partner) {
      await deletePartnerTokens(tx.db, partner)
      afterCommit(tx, () => running.cut((download) => download.partner === partner))
    },
    async find(authorization, purpose) {
      const secret = tokenIn(authorization)
      if (secret === undefined) return undefined
      const sha256 = hashOf(secret, purpose)
      const token = await tokens.get(sha256)
      return token === undefined || token.expiresAt <= deps.clock() ? undefined : { ...token, sha256 }
    },
    released: (transferId) => transfers.get(transferId),
  }
}

// The purpose is hashed with the token, so that the token for fetching does not open the inbox, nor the other way round.
function hashOf(secret: string, purpose: TokenPurpose): string {
  return createHash('sha256').update(`${purpose} ${secret}`).digest('hex')
}

// RFC 6750 §2.1; EDC's dashboard sends the token alone.
function tokenIn(authorization: string | undefined): string | undefined {
  return /^(?:Bearer +)?([A-Za-z0-9_-]{43})$/i.exec(authorization ?? '')?.[1]
}
