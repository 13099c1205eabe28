import { sql } from 'kysely'
import type { CompiledQuery } from 'kysely'
import type { Queries } from '../persistence/database.ts'

/** A row of the record. */
export interface AuditRow {
  readonly index: number
  readonly entry: string
}

/** Columns that are searched, beside the entry itself. */
export interface AuditKeys {
  readonly time: Date
  readonly type: string
  readonly agreement: string | null
  readonly transfer: string | null
  readonly partner: string | null
  readonly dataset: string | null
}

/** Which entries: all conditions hold together. */
export interface AuditQuery {
  /** Only entries with a larger index. */
  readonly after?: number
  readonly limit: number
  readonly agreement?: string
  readonly transfer?: string
  readonly partner?: string
  readonly dataset?: string
  readonly type?: string
  readonly since?: Date
  readonly until?: Date
}

/**
 * The statement that numbers and writes `rows` in their order, and gives the number of the first. Its lock on the head's one row is
 * held until the transaction ends, so numbers follow the order of commits, and a transaction that is rolled back leaves no gap. One
 * statement, because every writer of the connector waits for that lock.
 */
export function insertEntries(db: Queries, rows: readonly (AuditKeys & { readonly entry: string })[]): CompiledQuery<{ first: number }> {
  const items = JSON.stringify(rows.map((row, place) => ({ ...row, place })))
  return sql<{ first: number }>`
    with head as (update audit_head set size = size + ${rows.length} where id = 1 returning size - ${rows.length} as first),
    written as (
      insert into audit_entry (index, entry, time, type, agreement_id, transfer_id, partner, dataset_id)
      select head.first + item.place, item.entry, item.time, item.type, item.agreement, item.transfer, item.partner, item.dataset
      from head, jsonb_to_recordset(${items}::jsonb) as item
        (place integer, entry text, time timestamptz, type text, agreement text, transfer text, partner text, dataset text))
    select first from head`.compile(db)
}

export async function readSize(db: Queries): Promise<number> {
  const head = await db.selectFrom('audit_head').select('size').where('id', '=', 1).executeTakeFirstOrThrow()
  return head.size
}

export async function readEntries(db: Queries, query: AuditQuery): Promise<AuditRow[]> {
  let select = db.selectFrom('audit_entry').select(['index', 'entry']).orderBy('index').limit(query.limit)
  if (query.after !== undefined) select = select.where('index', '>', query.after)
  if (query.agreement !== undefined) select = select.where('agreement_id', '=', query.agreement)
  if (query.transfer !== undefined) select = select.where('transfer_id', '=', query.transfer)
  if (query.partner !== undefined) select = select.where('partner', '=', query.partner)
  if (query.dataset !== undefined) select = select.where('dataset_id', '=', query.dataset)
  if (query.type !== undefined) select = select.where('type', '=', query.type)
  if (query.since !== undefined) select = select.where('time', '>=', query.since)
  if (query.until !== undefined) select = select.where('time', '<', query.until)
  return select.execute()
}
