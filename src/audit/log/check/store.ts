import { sql } from 'kysely'
import type { Queries } from '../../../persistence/database.ts'

/** The last entry before the number `before`. */
export async function readLastEntry(db: Queries, before: number): Promise<{ index: number; time: Date } | undefined> {
  return db.selectFrom('audit_entry').select(['index', 'time']).where('index', '<', before).orderBy('index', 'desc').limit(1).executeTakeFirst()
}

/** Entries from the number `from` on, as far as words about them go. */
export async function readNames(db: Queries, from: number, limit: number): Promise<{ index: number; type: string; time: Date }[]> {
  return db.selectFrom('audit_entry').select(['index', 'type', 'time']).where('index', '>=', from).orderBy('index').limit(limit).execute()
}

/** The numbers of the entries from `from` to before `to`. */
export async function readNumbers(db: Queries, from: number, to: number): Promise<number[]> {
  const rows = await db.selectFrom('audit_entry').select('index').where('index', '>=', from).where('index', '<', to).orderBy('index').execute()
  return rows.map(({ index }) => index)
}

/** Stored tiles that a tree of `size` leaves does not have yet, at most ten. */
export async function readTilesBeyond(db: Queries, log: string, size: number): Promise<{ level: number; index: number }[]> {
  return db
    .selectFrom('audit_tile')
    .select(['level', 'index'])
    .where('log', '=', log)
    .where(sql<boolean>`(index + 1)::numeric * power(256::numeric, (level + 1)::numeric) > ${size}::bigint`)
    .orderBy('level')
    .orderBy('index')
    .limit(10)
    .execute()
}
