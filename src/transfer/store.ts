import { sql } from 'kysely'
import type { Selectable } from 'kysely'
import type { Position } from '../persistence/cursor.ts'
import type { Queries } from '../persistence/database.ts'
import type { Role, TransferTable } from '../persistence/schema.ts'
import { isTransferState } from './state-machine.ts'
import type { TransferState } from './state-machine.ts'
import type { Transfer } from './transfer.ts'

const columns = [
  'id',
  'role',
  'counterparty',
  'counterparty_pid',
  'counterparty_address',
  'state',
  'agreement_id',
  'dataset_id',
  'format',
  'data_address',
  'suspended_by',
  'reason',
  'error',
  'version',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof TransferTable)[]

/** Writes a new transfer. Gives false, and writes nothing, when the counterparty's process id is known already. */
export async function insertTransfer(db: Queries, transfer: Transfer): Promise<boolean> {
  const row = await db
    .insertInto('transfer')
    .values({ id: transfer.id, role: transfer.role, counterparty: transfer.counterparty, created_at: transfer.createdAt, ...changing(transfer) })
    .onConflict((conflict) => conflict.columns(['counterparty', 'counterparty_pid', 'role']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function updateTransfer(db: Queries, transfer: Transfer): Promise<void> {
  await db.updateTable('transfer').set(changing(transfer)).where('id', '=', transfer.id).execute()
}

/** Keeps the counterparty's process id, unless one is known. */
export async function learnCounterpartyPid(db: Queries, id: string, pid: string): Promise<void> {
  await db.updateTable('transfer').set({ counterparty_pid: pid }).where('id', '=', id).where('counterparty_pid', 'is', null).execute()
}

export async function findTransfer(db: Queries, id: string): Promise<Transfer | undefined> {
  const row = await db.selectFrom('transfer').select(columns).where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** The transfer, held for this transaction: others wait. */
export async function lockTransfer(db: Queries, id: string): Promise<Transfer | undefined> {
  const row = await db.selectFrom('transfer').select(columns).where('id', '=', id).forUpdate().executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

export async function findByCounterpartyPid(db: Queries, counterparty: string, pid: string, role: Role): Promise<Transfer | undefined> {
  const row = await db
    .selectFrom('transfer')
    .select(columns)
    .where('counterparty', '=', counterparty)
    .where('counterparty_pid', '=', pid)
    .where('role', '=', role)
    .executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

const running = sql<boolean>`state in ('REQUESTED', 'STARTED', 'SUSPENDED')`

/** Transfers that have not ended although their agreement has, held for this transaction; those that another replica holds are left out. */
export async function lockOutlived(db: Queries, now: Date, limit: number): Promise<Transfer[]> {
  const rows = await db
    .selectFrom('transfer')
    .select(columns)
    .where(running)
    .where('agreement_id', 'in', (eb) => eb.selectFrom('agreement').select('agreement.id').where('agreement.ends_at', '<', now))
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map(fromRow)
}

/** Transfers of an agreement that have not ended, held for this transaction. */
export async function lockRunning(db: Queries, agreementId: string): Promise<Transfer[]> {
  const rows = await db.selectFrom('transfer').select(columns).where(running).where('agreement_id', '=', agreementId).orderBy('id').forUpdate().execute()
  return rows.map(fromRow)
}

/** Which transfers, newest first. */
export interface TransferQuery {
  readonly after?: Position
  readonly limit: number
  readonly state?: TransferState
  readonly role?: Role
  readonly counterparty?: string
  readonly agreement?: string
}

export async function selectTransfers(db: Queries, query: TransferQuery): Promise<Transfer[]> {
  let select = db.selectFrom('transfer').select(columns).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(query.limit)
  const { after } = query
  if (after !== undefined) select = select.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.createdAt, after.id)))
  if (query.state !== undefined) select = select.where('state', '=', query.state)
  if (query.role !== undefined) select = select.where('role', '=', query.role)
  if (query.counterparty !== undefined) select = select.where('counterparty', '=', query.counterparty)
  if (query.agreement !== undefined) select = select.where('agreement_id', '=', query.agreement)
  return (await select.execute()).map(fromRow)
}

function changing(transfer: Transfer) {
  return {
    counterparty_pid: transfer.counterpartyPid,
    counterparty_address: transfer.counterpartyAddress,
    state: transfer.state,
    agreement_id: transfer.agreementId,
    dataset_id: transfer.datasetId,
    format: transfer.format,
    data_address: transfer.dataAddress,
    suspended_by: transfer.suspendedBy,
    reason: transfer.reason,
    error: transfer.error,
    version: transfer.version,
    updated_at: transfer.updatedAt,
  }
}

function fromRow(row: Selectable<TransferTable>): Transfer {
  if (!isTransferState(row.state)) throw new Error(`The transfer ${row.id} is in the unknown state ${row.state}`)
  return {
    id: row.id,
    role: row.role,
    counterparty: row.counterparty,
    counterpartyPid: row.counterparty_pid,
    counterpartyAddress: row.counterparty_address,
    state: row.state,
    agreementId: row.agreement_id,
    datasetId: row.dataset_id,
    format: row.format,
    dataAddress: row.data_address,
    suspendedBy: row.suspended_by,
    reason: row.reason,
    error: row.error,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
