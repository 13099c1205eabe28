import { sql } from 'kysely'
import type { Selectable } from 'kysely'
import type { Position } from '../persistence/cursor.ts'
import type { Queries } from '../persistence/database.ts'
import type { NegotiationTable, Role } from '../persistence/schema.ts'
import type { MessageOffer } from '../policy/odrl.ts'
import type { Negotiation } from './negotiation.ts'
import { isNegotiationState } from './state-machine.ts'
import type { NegotiationState } from './state-machine.ts'

const columns = [
  'id',
  'role',
  'counterparty',
  'counterparty_pid',
  'counterparty_address',
  'state',
  'dataset_id',
  'offer_id',
  'offer',
  'offered_by',
  'decision',
  'reason',
  'error',
  'agreement_id',
  'deadline_at',
  'version',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof NegotiationTable)[]

/** Writes a new negotiation. Gives false, and writes nothing, when the counterparty's process id is known already. */
export async function insertNegotiation(db: Queries, negotiation: Negotiation): Promise<boolean> {
  const row = await db
    .insertInto('negotiation')
    .values({ id: negotiation.id, role: negotiation.role, counterparty: negotiation.counterparty, created_at: negotiation.createdAt, ...changing(negotiation) })
    .onConflict((conflict) => conflict.columns(['counterparty', 'counterparty_pid', 'role']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function updateNegotiation(db: Queries, negotiation: Negotiation): Promise<void> {
  await db.updateTable('negotiation').set(changing(negotiation)).where('id', '=', negotiation.id).execute()
}

/** Keeps the counterparty's process id, unless one is known. */
export async function learnCounterpartyPid(db: Queries, id: string, pid: string): Promise<void> {
  await db.updateTable('negotiation').set({ counterparty_pid: pid }).where('id', '=', id).where('counterparty_pid', 'is', null).execute()
}

export async function findNegotiation(db: Queries, id: string): Promise<Negotiation | undefined> {
  const row = await db.selectFrom('negotiation').select(columns).where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** The negotiation, held for this transaction: others wait. */
export async function lockNegotiation(db: Queries, id: string): Promise<Negotiation | undefined> {
  const row = await db.selectFrom('negotiation').select(columns).where('id', '=', id).forUpdate().executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

export async function findByCounterpartyPid(db: Queries, counterparty: string, pid: string, role: Role): Promise<Negotiation | undefined> {
  const row = await db
    .selectFrom('negotiation')
    .select(columns)
    .where('counterparty', '=', counterparty)
    .where('counterparty_pid', '=', pid)
    .where('role', '=', role)
    .executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** Until this transaction is over, others that agree with the partner about the dataset wait. */
export async function holdDataset(db: Queries, counterparty: string, dataset: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${JSON.stringify(['agree', counterparty, dataset])}, 0))`.execute(db)
}

/** What we agreed, as provider, with the partner about the dataset, whether it ended or not: the newest agreement under each wording. */
export async function findAgreed(db: Queries, counterparty: string, dataset: string): Promise<{ agreementId: string | null; offer: MessageOffer }[]> {
  const rows = await db
    .selectFrom('negotiation')
    .distinctOn('offer')
    .select(['agreement_id', 'offer'])
    .where('role', '=', 'provider')
    .where('counterparty', '=', counterparty)
    .where('dataset_id', '=', dataset)
    .where('agreement_id', 'is not', null)
    .where('state', '<>', 'TERMINATED')
    .orderBy('offer')
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map((row) => ({ agreementId: row.agreement_id, offer: JSON.parse(row.offer) }))
}

/** Which negotiations, newest first. */
export interface NegotiationQuery {
  readonly after?: Position
  readonly limit: number
  readonly state?: NegotiationState
  readonly role?: Role
  readonly counterparty?: string
}

export async function selectNegotiations(db: Queries, query: NegotiationQuery): Promise<Negotiation[]> {
  let select = db.selectFrom('negotiation').select(columns).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(query.limit)
  const { after } = query
  if (after !== undefined) select = select.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.createdAt, after.id)))
  if (query.state !== undefined) select = select.where('state', '=', query.state)
  if (query.role !== undefined) select = select.where('role', '=', query.role)
  if (query.counterparty !== undefined) select = select.where('counterparty', '=', query.counterparty)
  return (await select.execute()).map(fromRow)
}

/** Negotiations whose deadline is over, held for this transaction; those that another replica holds are left out. */
export async function lockOverdue(db: Queries, now: Date, limit: number): Promise<Negotiation[]> {
  const rows = await db
    .selectFrom('negotiation')
    .select(columns)
    .where(sql<boolean>`state not in ('FINALIZED', 'TERMINATED')`)
    .where('deadline_at', '<=', now)
    .orderBy('deadline_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map(fromRow)
}

function changing(negotiation: Negotiation) {
  return {
    counterparty_pid: negotiation.counterpartyPid,
    counterparty_address: negotiation.counterpartyAddress,
    state: negotiation.state,
    dataset_id: negotiation.datasetId,
    offer_id: negotiation.offerId,
    offer: JSON.stringify(negotiation.offer),
    offered_by: negotiation.offeredBy,
    decision: negotiation.decision,
    reason: negotiation.reason,
    error: negotiation.error,
    agreement_id: negotiation.agreementId,
    deadline_at: negotiation.deadlineAt,
    version: negotiation.version,
    updated_at: negotiation.updatedAt,
  }
}

function fromRow(row: Selectable<NegotiationTable>): Negotiation {
  if (!isNegotiationState(row.state)) throw new Error(`The negotiation ${row.id} is in the unknown state ${row.state}`)
  const offer: MessageOffer = JSON.parse(row.offer)
  return {
    id: row.id,
    role: row.role,
    counterparty: row.counterparty,
    counterpartyPid: row.counterparty_pid,
    counterpartyAddress: row.counterparty_address,
    state: row.state,
    datasetId: row.dataset_id,
    offerId: row.offer_id,
    offer,
    offeredBy: row.offered_by,
    decision: row.decision,
    reason: row.reason,
    error: row.error,
    agreementId: row.agreement_id,
    deadlineAt: row.deadline_at,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
