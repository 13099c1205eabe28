import type { Queries } from '../../persistence/database.ts'

/** A receipt of a provider beside our own record of its answer. */
export interface StoredReceipt {
  readonly record: number
  readonly partner: string
  readonly origin: string
  readonly receipt: string
  readonly verified: boolean
}

/** The receipts for answers under an agreement, by our records of them, from `after` on. */
export async function findReceipts(db: Queries, asked: { readonly agreement: string; readonly after: number; readonly limit: number }): Promise<StoredReceipt[]> {
  return db
    .selectFrom('receipt')
    .select(['record_index as record', 'partner', 'origin', 'receipt', 'verified'])
    .where('agreement_id', '=', asked.agreement)
    .where('record_index', '>', asked.after)
    .orderBy('record_index')
    .limit(asked.limit)
    .execute()
}

/** The key that a partner's log was first seen with; undefined when we do not witness it. */
export async function findPartnerLogKey(db: Queries, origin: string): Promise<{ readonly vkey: string; readonly partner: string; readonly firstSeenAt: Date } | undefined> {
  const row = await db.selectFrom('witnessed_log').select(['vkey', 'partner', 'first_seen_at as firstSeenAt']).where('origin', '=', origin).executeTakeFirst()
  return row === undefined || row.partner === null ? undefined : { ...row, partner: row.partner }
}
