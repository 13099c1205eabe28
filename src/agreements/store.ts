import type { Queries } from '../persistence/database.ts'
import type { Role } from '../persistence/schema.ts'
import type { OdrlAgreement } from '../policy/odrl.ts'

/** A contract both sides hold. It counts once `finalizedAt` is set. */
export interface Agreement {
  readonly id: string
  readonly role: Role
  readonly negotiationId: string
  readonly counterparty: string
  readonly assigner: string
  readonly assignee: string
  readonly datasetId: string
  readonly messageSha256: string
  readonly agreement: OdrlAgreement
  readonly signedAt: string
  readonly createdAt: Date
  readonly finalizedAt: Date | null
  /** The last moment at which it can permit anything; null: its terms set no end. */
  readonly endsAt: Date | null
}

/** Whether nothing can be permitted under an agreement any more. */
export function hasEnded(agreement: Pick<Agreement, 'endsAt'>, now: Date): boolean {
  return agreement.endsAt !== null && agreement.endsAt < now
}

/** An agreement as it is written first, with the message that carried it, byte for byte. */
export type NewAgreement = Omit<Agreement, 'finalizedAt' | 'endsAt'> & { readonly message: string; readonly finalizedAt?: Date; readonly endsAt?: Date | null }

/** Writes an agreement. Gives false, and writes nothing, when the id is taken. */
export async function insertAgreement(db: Queries, agreement: NewAgreement): Promise<boolean> {
  const row = await db
    .insertInto('agreement')
    .values({
      id: agreement.id,
      role: agreement.role,
      negotiation_id: agreement.negotiationId,
      counterparty: agreement.counterparty,
      assigner: agreement.assigner,
      assignee: agreement.assignee,
      dataset_id: agreement.datasetId,
      message: agreement.message,
      message_sha256: agreement.messageSha256,
      agreement: JSON.stringify(agreement.agreement),
      signed_at: agreement.signedAt,
      created_at: agreement.createdAt,
      finalized_at: agreement.finalizedAt ?? null,
      ends_at: agreement.endsAt ?? null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function finalizeAgreement(db: Queries, id: string, at: Date): Promise<void> {
  await db.updateTable('agreement').set({ finalized_at: at }).where('id', '=', id).execute()
}

const columns = [
  'id',
  'role',
  'negotiation_id',
  'counterparty',
  'assigner',
  'assignee',
  'dataset_id',
  'message_sha256',
  'agreement',
  'signed_at',
  'created_at',
  'finalized_at',
  'ends_at',
] as const

export async function findAgreement(db: Queries, id: string): Promise<Agreement | undefined> {
  const row = await db.selectFrom('agreement').select(columns).where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** The agreement; it cannot be ended before this transaction is over. */
export async function holdAgreement(db: Queries, id: string): Promise<Agreement | undefined> {
  const row = await db.selectFrom('agreement').select(columns).where('id', '=', id).forShare().executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** The agreement, held for this transaction: others wait. */
export async function lockAgreement(db: Queries, id: string): Promise<Agreement | undefined> {
  const row = await db.selectFrom('agreement').select(columns).where('id', '=', id).forUpdate().executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

export async function endAgreement(db: Queries, id: string, endsAt: Date): Promise<void> {
  await db.updateTable('agreement').set({ ends_at: endsAt }).where('id', '=', id).execute()
}

/** When the next agreement ends that has not ended yet. */
export async function findNextEnd(db: Queries, now: Date): Promise<Date | undefined> {
  const row = await db.selectFrom('agreement').select('ends_at').where('ends_at', '>=', now).orderBy('ends_at').limit(1).executeTakeFirst()
  return row?.ends_at ?? undefined
}

/** The ContractAgreementMessage exactly as it was exchanged. */
export async function findMessage(db: Queries, id: string): Promise<string | undefined> {
  const row = await db.selectFrom('agreement').select('message').where('id', '=', id).executeTakeFirst()
  return row?.message
}

/** Agreements, newest first, cut by the creation time and id of the last one seen. */
export async function selectAgreements(
  db: Queries,
  query: { after?: { createdAt: Date; id: string }; limit: number; role?: Role; counterparty?: string; dataset?: string },
): Promise<Agreement[]> {
  let select = db.selectFrom('agreement').select(columns).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(query.limit)
  const { after } = query
  if (after !== undefined) {
    select = select.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.createdAt, after.id)))
  }
  if (query.role !== undefined) select = select.where('role', '=', query.role)
  if (query.counterparty !== undefined) select = select.where('counterparty', '=', query.counterparty)
  if (query.dataset !== undefined) select = select.where('dataset_id', '=', query.dataset)
  return (await select.execute()).map(fromRow)
}

interface Row {
  id: string
  role: Role
  negotiation_id: string
  counterparty: string
  assigner: string
  assignee: string
  dataset_id: string
  message_sha256: string
  agreement: OdrlAgreement
  signed_at: string
  created_at: Date
  finalized_at: Date | null
  ends_at: Date | null
}

function fromRow(row: Row): Agreement {
  return {
    id: row.id,
    role: row.role,
    negotiationId: row.negotiation_id,
    counterparty: row.counterparty,
    assigner: row.assigner,
    assignee: row.assignee,
    datasetId: row.dataset_id,
    messageSha256: row.message_sha256,
    agreement: row.agreement,
    signedAt: row.signed_at,
    createdAt: row.created_at,
    finalizedAt: row.finalized_at,
    endsAt: row.ends_at,
  }
}
