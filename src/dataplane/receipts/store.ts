import { sql } from 'kysely'
import type { Opening } from '../../tlog/commitment.ts'
import type { Queries } from '../../persistence/database.ts'

/** What opens the committed fields of a record; nothing where nothing is committed, or all of it was erased. */
export async function findOpenings(db: Queries, record: number): Promise<Readonly<Record<string, Opening>>> {
  const row = await db.selectFrom('audit_opening').select('fields').where('index', '=', record).executeTakeFirst()
  return row?.fields ?? {}
}

/** A provider's receipt for what it answered, as we keep it beside our own record. */
export interface KeptReceipt {
  /** Our record of the question or of the delivery. */
  readonly record: number
  readonly agreement: string
  readonly partner: string
  /** Of the partner's log; empty when the receipt cannot be read. */
  readonly origin: string
  readonly leafIndex: number
  /** The tlog-proof; as it came when it proves nothing. */
  readonly receipt: string
  readonly verified: boolean
  readonly problem: string | null
  readonly providerRecord: number | null
  /** Whether it is for a refusal: those of the same kind may share a record. */
  readonly refusal: boolean
  readonly receivedAt: Date
}

/** Keeps receipts. Gives the records of those that were kept: a verified one whose leaf was given for another answer before is not. */
export async function insertReceipts(db: Queries, receipts: readonly KeptReceipt[]): Promise<Set<number>> {
  const rows = await db
    .insertInto('receipt')
    .values(
      receipts.map((kept) => ({
        record_index: kept.record,
        agreement_id: kept.agreement,
        partner: kept.partner,
        origin: kept.origin,
        leaf_index: kept.leafIndex,
        receipt: kept.receipt,
        verified: kept.verified,
        problem: kept.problem,
        provider_record: kept.providerRecord,
        refusal: kept.refusal,
        received_at: kept.receivedAt,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning('record_index')
    .execute()
  return new Set(rows.map((row) => row.record_index))
}

export async function findReceipt(db: Queries, record: number): Promise<KeptReceipt | undefined> {
  const row = await db
    .selectFrom('receipt')
    .select(['record_index', 'agreement_id', 'partner', 'origin', 'leaf_index', 'receipt', 'verified', 'problem', 'provider_record', 'refusal', 'received_at'])
    .where('record_index', '=', record)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    record: row.record_index,
    agreement: row.agreement_id,
    partner: row.partner,
    origin: row.origin,
    leafIndex: row.leaf_index,
    receipt: row.receipt,
    verified: row.verified,
    problem: row.problem,
    providerRecord: row.provider_record,
    refusal: row.refusal,
    receivedAt: row.received_at,
  }
}

/** Whether a verified receipt for that leaf came with another answer. */
export async function isGiven(db: Queries, { origin, leafIndex }: Pick<KeptReceipt, 'origin' | 'leafIndex'>): Promise<boolean> {
  const row = await db
    .selectFrom('receipt')
    .select('record_index')
    .where('origin', '=', origin)
    .where('leaf_index', '=', leafIndex)
    .where(sql<boolean>`verified and not refusal`)
    .executeTakeFirst()
  return row !== undefined
}

/** Where the log of `origin` begins in its owner's record, as an earlier receipt told; undefined when there was none. */
export async function findLogStart(db: Queries, origin: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('receipt')
    .select(['leaf_index', 'provider_record'])
    .where('origin', '=', origin)
    .where(sql<boolean>`verified and not refusal`)
    .where('provider_record', 'is not', null)
    .orderBy('leaf_index')
    .limit(1)
    .executeTakeFirst()
  return row === undefined || row.provider_record === null ? undefined : row.provider_record - row.leaf_index
}
