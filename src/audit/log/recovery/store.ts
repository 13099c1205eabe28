import { sql } from 'kysely'
import type { Queries } from '../../../persistence/database.ts'

/** The head after a break: numbers go on at `size`, and records are taken again. */
export async function moveHead(db: Queries, size: number): Promise<void> {
  await db.updateTable('audit_head').set({ size, stopped: false }).where('id', '=', 1).execute()
}

/** Ends the broken log with what the database has of it, whatever it said of its end before. */
export async function endLog(db: Queries, name: string, end: { readonly size: number; readonly now: Date }): Promise<void> {
  await db.updateTable('audit_log').set({ closed_at: end.now, size: end.size }).where('name', '=', name).execute()
}

export async function resolveFaults(db: Queries, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length > 0) await db.updateTable('audit_fault').set({ resolved_at: now }).where('id', 'in', ids).where('resolved_at', 'is', null).execute()
}

/** The largest number that any entry has, written by us or not; -1 when there is none. */
export async function largestNumber(db: Queries): Promise<number> {
  const row = await db.selectFrom('audit_entry').select('index').orderBy('index', 'desc').limit(1).executeTakeFirst()
  return row?.index ?? -1
}

/** No agreement gets a number again that one of its records has. */
export async function raiseCounters(db: Queries): Promise<void> {
  await sql`
    insert into audit_sequence (agreement_id, next)
    select agreement_id, max(seq) + 1 from audit_entry where agreement_id is not null and seq is not null group by agreement_id
    on conflict (agreement_id) do update set next = greatest(audit_sequence.next, excluded.next)`.execute(db)
}
