import { sql } from 'kysely'
import type { CompiledQuery } from 'kysely'
import type { Queries } from '../persistence/database.ts'

/** A message owed to somebody. */
export interface OutboxMessage {
  readonly id: string
  readonly kind: 'dsp' | 'push'
  /** Messages of one process are delivered in their order. */
  readonly processId: string
  /** The message's name: `ContractRequestMessage`. */
  readonly name: string
  readonly recipient: string
  readonly url: string
  readonly body: string
}

/** A message that is being delivered, with how often that was tried before. */
export interface DueMessage extends OutboxMessage {
  readonly attempts: number
}

/** A message that waits or was refused, for people. */
export interface OutboxItem {
  readonly id: string
  readonly kind: 'dsp' | 'push'
  readonly processId: string
  readonly name: string
  readonly recipient: string
  readonly url: string
  readonly status: 'pending' | 'refused'
  readonly attempts: number
  readonly nextAttemptAt: Date
  readonly lastError: string | null
  readonly createdAt: Date
  readonly seq: number
}

/**
 * The statement that writes a message. It is leased to its writer when nothing of the same process waits before it, so that it can
 * be sent without being looked up again. Gives whether it is.
 */
export function insertMessage(db: Queries, message: OutboxMessage, times: { now: Date; leaseUntil: Date }): CompiledQuery<{ leased: boolean }> {
  return sql<{ leased: boolean }>`
    insert into outbox (id, kind, process_id, name, recipient, url, body, status, attempts, next_attempt_at, lease_until, created_at)
    select ${message.id}, ${message.kind}, ${message.processId}, ${message.name}, ${message.recipient}, ${message.url}, ${message.body},
      'pending', 0, ${times.now}::timestamptz,
      case when exists (select 1 from outbox where process_id = ${message.processId} and status = 'pending') then null
        else ${times.leaseUntil}::timestamptz end,
      ${times.now}::timestamptz
    returning lease_until is not null as leased`.compile(db)
}

/** Takes up to `limit` messages that are due, that nobody holds, and that are the first of their process. */
export async function claimDue(db: Queries, times: { now: Date; leaseUntil: Date }, limit: number): Promise<DueMessage[]> {
  const { rows } = await sql<DueMessage>`
    update outbox set lease_until = ${times.leaseUntil}::timestamptz
    where id in (
      select o.id from outbox o
      where o.status = 'pending' and o.next_attempt_at <= ${times.now}::timestamptz
        and (o.lease_until is null or o.lease_until <= ${times.now}::timestamptz)
        and not exists (select 1 from outbox e where e.process_id = o.process_id and e.seq < o.seq and e.status = 'pending')
      order by o.seq limit ${limit} for update skip locked)
    returning id, kind, process_id as "processId", name, recipient, url, body, attempts`.execute(db)
  return rows
}

/** Deletes delivered messages. Gives whether more of their processes wait. */
export async function deleteDelivered(db: Queries, ids: readonly string[]): Promise<boolean> {
  // Every part of the statement sees the table as it was before, so what is deleted is left out by name.
  const { rows } = await sql<{ more: boolean }>`
    with gone as (delete from outbox where id = any(${ids}::text[]) returning process_id)
    select exists (select 1 from outbox o where o.process_id in (select process_id from gone) and o.status = 'pending' and o.id <> all(${ids}::text[])) as more`.execute(db)
  return rows[0]?.more === true
}

export async function postpone(db: Queries, message: { id: string; attempts: number; nextAttemptAt: Date; lastError: string }): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ attempts: message.attempts, next_attempt_at: message.nextAttemptAt, last_error: message.lastError, lease_until: null })
    .where('id', '=', message.id)
    .execute()
}

export async function markRefused(db: Queries, message: { id: string; attempts: number; lastError: string }): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ status: 'refused', attempts: message.attempts, last_error: message.lastError, lease_until: null })
    .where('id', '=', message.id)
    .execute()
}

export async function extendLeases(db: Queries, ids: readonly string[], leaseUntil: Date): Promise<void> {
  await db.updateTable('outbox').set({ lease_until: leaseUntil }).where('id', 'in', ids).execute()
}

/** Gives up leases: of the messages named, or of all. */
export async function releaseLeases(db: Queries, ids?: readonly string[]): Promise<void> {
  const update = db.updateTable('outbox').set({ lease_until: null })
  await (ids === undefined ? update.where('lease_until', 'is not', null) : update.where('id', 'in', ids)).execute()
}

/** Drops what a process still owes, or only one kind of it. */
export async function deletePending(db: Queries, processId: string, kind?: 'dsp' | 'push'): Promise<void> {
  const pending = db.deleteFrom('outbox').where('process_id', '=', processId).where('status', '=', 'pending')
  await (kind === undefined ? pending : pending.where('kind', '=', kind)).execute()
}

/** Whether a process still owes a message of this kind. */
export async function hasPending(db: Queries, processId: string, kind: 'dsp' | 'push'): Promise<boolean> {
  const row = await db.selectFrom('outbox').select('id').where('process_id', '=', processId).where('status', '=', 'pending').where('kind', '=', kind).limit(1).executeTakeFirst()
  return row !== undefined
}

/** When the next message that nobody holds, and that is the first of its process, is due; undefined when none waits. */
export async function nextDue(db: Queries, now: Date): Promise<Date | undefined> {
  const { rows } = await sql<{ at: Date }>`
    select o.next_attempt_at as at from outbox o
    where o.status = 'pending' and (o.lease_until is null or o.lease_until <= ${now}::timestamptz)
      and not exists (select 1 from outbox e where e.process_id = o.process_id and e.seq < o.seq and e.status = 'pending')
    order by o.next_attempt_at limit 1`.execute(db)
  return rows[0]?.at
}

export async function listMessages(db: Queries, query: { after?: number; limit: number; status?: 'pending' | 'refused' }): Promise<OutboxItem[]> {
  let select = db
    .selectFrom('outbox')
    .select(['id', 'kind', 'process_id as processId', 'name', 'recipient', 'url', 'status', 'attempts'])
    .select(['next_attempt_at as nextAttemptAt', 'last_error as lastError', 'created_at as createdAt', 'seq'])
    .orderBy('seq')
    .limit(query.limit)
  if (query.after !== undefined) select = select.where('seq', '>', query.after)
  if (query.status !== undefined) select = select.where('status', '=', query.status)
  return select.execute()
}

/** Makes a message due now, whatever became of it before. Gives whether there is such a message. */
export async function makeDue(db: Queries, id: string, now: Date): Promise<boolean> {
  const row = await db
    .updateTable('outbox')
    .set({ status: 'pending', next_attempt_at: now })
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** How many messages wait and how many were refused. */
export async function countMessages(db: Queries): Promise<{ pending: number; refused: number }> {
  const rows = await db
    .selectFrom('outbox')
    .select(['status', (eb) => eb.fn.countAll<number>().as('count')])
    .groupBy('status')
    .execute()
  const count = (status: 'pending' | 'refused') => rows.find((row) => row.status === status)?.count ?? 0
  return { pending: count('pending'), refused: count('refused') }
}
