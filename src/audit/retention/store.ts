import { sql } from 'kysely'
import type { Queries } from '../../persistence/database.ts'
import { tileColumns } from '../log/store.ts'

/** A log as far as pruning it goes. */
export interface PrunedLog {
  readonly name: string
  readonly origin: string
  readonly vkey: string
  readonly start: number
  readonly size: number | null
  readonly sealed: number
  readonly checkpoint: string | null
  readonly closedAt: Date | null
  readonly prunedAt: Date | null
}

/** The log, locked until the transaction ends. */
export async function lockLog(db: Queries, name: string): Promise<PrunedLog | undefined> {
  const row = await db.selectFrom('audit_log').select(['name', 'origin', 'vkey', 'start', 'size', 'sealed', 'checkpoint', 'closed_at', 'pruned_at']).where('name', '=', name).forUpdate().executeTakeFirst()
  if (row === undefined) return undefined
  const { closed_at, pruned_at, ...log } = row
  return { ...log, closedAt: closed_at, prunedAt: pruned_at }
}

/** Closed logs that still have their entries and whose final checkpoint is kept, oldest first. */
export async function findClosed(db: Queries): Promise<{ name: string; closedAt: Date }[]> {
  const rows = await db.selectFrom('audit_log').select(['name', 'closed_at']).where('pruned_at', 'is', null).whereRef('sealed', '>=', 'size').where('checkpoint', 'is not', null).orderBy('start').execute()
  return rows.flatMap(({ name, closed_at }) => (closed_at === null ? [] : [{ name, closedAt: closed_at }]))
}

/** When the last entry was written that is not newer than `until`. */
export async function lastTimeUntil(db: Queries, until: Date): Promise<Date | undefined> {
  const row = await db.selectFrom('audit_entry').select('time').where('time', '<=', until).orderBy('index', 'desc').limit(1).executeTakeFirst()
  return row?.time
}

/** Logs that were marked as pruned and still have entries: the removal was cut off. */
export async function findUnfinished(db: Queries): Promise<{ name: string; start: number; size: number }[]> {
  const query = sql<{ name: string; start: number; size: number }>`
    select name, start, size from audit_log as log
    where pruned_at is not null and (
      exists (select 1 from audit_entry where index >= log.start and index < log.start + log.size)
      or exists (select 1 from audit_opening where index >= log.start and index < log.start + log.size))
    order by start`.compile(db)
  return (await db.executeQuery(query)).rows
}

export async function markPruned(db: Queries, name: string, at: Date): Promise<void> {
  await db.updateTable('audit_log').set({ pruned_at: at }).where('name', '=', name).execute()
}

/** How many agreements that have not ended have records among these. */
export async function countRunningAgreements(db: Queries, range: { readonly from: number; readonly until: number }, now: Date): Promise<number> {
  const query = sql<{ count: number }>`
    select count(*)::integer as count from agreement
    where finalized_at is not null and (ends_at is null or ends_at >= ${now})
      and exists (select 1 from audit_entry where agreement_id = agreement.id and index >= ${range.from}::bigint and index < ${range.until}::bigint)`.compile(db)
  return (await db.executeQuery(query)).rows[0]?.count ?? 0
}

/** Which records of which agreements are among these, by their numbers among those of their agreement; with those that they say were removed before. */
export async function agreementsIn(db: Queries, range: { readonly from: number; readonly until: number }): Promise<{ agreement: string; partner: string | null; firstSeq: number; lastSeq: number; count: number }[]> {
  const query = sql<{ agreement: string; partner: string | null; firstSeq: number; lastSeq: number; count: number }>`
    select agreement_id as agreement, max(partner) as partner,
      least(min(seq), min((rest::json ->> 'firstSeq')::bigint) filter (where type = 'agreement.pruned')) as "firstSeq", max(seq) as "lastSeq", count(*)::integer as count
    from audit_entry where index >= ${range.from}::bigint and index < ${range.until}::bigint and agreement_id is not null and seq is not null
    group by agreement_id order by agreement_id`.compile(db)
  return (await db.executeQuery(query)).rows
}

/** Removes entries and what was kept beside them. */
export async function removeEntries(db: Queries, range: { readonly from: number; readonly until: number }): Promise<void> {
  await db.deleteFrom('audit_opening').where('index', '>=', range.from).where('index', '<', range.until).execute()
  await db.deleteFrom('receipt').where('record_index', '>=', range.from).where('record_index', '<', range.until).execute()
  await db.deleteFrom('audit_entry').where('index', '>=', range.from).where('index', '<', range.until).execute()
}

/** Keeps the hashes of the last leaves of a log, which fill no tile: without its entries they follow from nothing else. */
export async function keepLastTile(db: Queries, log: string, tile: { readonly index: number; readonly hashes: Buffer }): Promise<void> {
  await db
    .insertInto('audit_tile')
    .values({ log, level: 0, index: tile.index, ...tileColumns(tile.hashes) })
    .onConflict((conflict) => conflict.columns(['log', 'level', 'index']).doUpdateSet(tileColumns(tile.hashes)))
    .execute()
}

export async function removeTiles(db: Queries, log: string): Promise<void> {
  await db.deleteFrom('audit_tile').where('log', '=', log).execute()
}
