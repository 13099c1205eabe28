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
}

/** An agreement as it is written first, with the message that carried it, byte for byte. */
export type NewAgreement = Omit<Agreement, 'finalizedAt'> & { readonly message: string; readonly finalizedAt?: Date }

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
] as const

export async function findAgreement(db: Queries, id: string): Promise<Agreement | undefined> {
  const row = await db.selectFrom('agreement').select(columns).where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
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
  }
}
