import type { Queries } from '../persistence/database.ts'
import type { Role } from '../persistence/schema.ts'

export interface AccessToken {
  readonly transferId: string
  readonly partner: string
  readonly expiresAt: Date
}

export async function insertAccessToken(db: Queries, token: AccessToken & { tokenSha256: string; createdAt: Date }): Promise<void> {
  await db
    .insertInto('access_token')
    .values({ token_sha256: token.tokenSha256, transfer_id: token.transferId, partner: token.partner, created_at: token.createdAt, expires_at: token.expiresAt })
    .execute()
}

export async function findAccessToken(db: Queries, tokenSha256: string): Promise<AccessToken | undefined> {
  const row = await db.selectFrom('access_token').select(['transfer_id', 'partner', 'expires_at']).where('token_sha256', '=', tokenSha256).executeTakeFirst()
  return row === undefined ? undefined : { transferId: row.transfer_id, partner: row.partner, expiresAt: row.expires_at }
}

/** Which of the tokens still exist and are not over. */
export async function findValidTokens(db: Queries, tokens: readonly string[], now: Date): Promise<Set<string>> {
  const rows = await db.selectFrom('access_token').select('token_sha256').where('token_sha256', 'in', tokens).where('expires_at', '>', now).execute()
  return new Set(rows.map((row) => row.token_sha256))
}

export async function deleteTransferTokens(db: Queries, transferId: string): Promise<void> {
  await db.deleteFrom('access_token').where('transfer_id', '=', transferId).execute()
}

export async function deletePartnerTokens(db: Queries, partner: string): Promise<void> {
  await db.deleteFrom('access_token').where('partner', '=', partner).execute()
}

/** What was delivered, by us or to us. */
export interface Delivery {
  readonly transferId: string
  readonly role: Role
  readonly fileName: string
  readonly bytes: number
  readonly sha256: string
  readonly path: string | null
  readonly receipt: unknown
  readonly completedAt: Date
}

/** Writes a delivery, in place of an earlier one of the same name. */
export async function putDelivery(db: Queries, delivery: Delivery): Promise<void> {
  const content = { bytes: delivery.bytes, sha256: delivery.sha256, path: delivery.path, receipt: JSON.stringify(delivery.receipt), completed_at: delivery.completedAt }
  await db
    .insertInto('delivery')
    .values({ transfer_id: delivery.transferId, role: delivery.role, file_name: delivery.fileName, ...content })
    .onConflict((conflict) => conflict.columns(['transfer_id', 'role', 'file_name']).doUpdateSet(content))
    .execute()
}

/** A transfer's deliveries, in the order they came. */
export async function listDeliveries(db: Queries, transferId: string): Promise<Delivery[]> {
  const rows = await db
    .selectFrom('delivery')
    .select(['transfer_id', 'role', 'file_name', 'bytes', 'sha256', 'path', 'receipt', 'completed_at'])
    .where('transfer_id', '=', transferId)
    .orderBy('completed_at')
    .execute()
  return rows.map((row) => ({ transferId: row.transfer_id, role: row.role, fileName: row.file_name, bytes: row.bytes, sha256: row.sha256, path: row.path, receipt: row.receipt, completedAt: row.completed_at }))
}
