import { sql } from 'kysely'
import type { Queries } from '../../persistence/database.ts'

/** What the database's clock shows, in milliseconds since 1970. */
export async function readDatabaseClock(db: Queries): Promise<number> {
  const { rows } = await db.executeQuery(sql<{ ms: number }>`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`.compile(db))
  return rows[0]?.ms ?? Number.NaN
}

/** The time of the newest record; undefined when there is none. */
export async function readLastTime(db: Queries): Promise<Date | undefined> {
  const row = await db.selectFrom('audit_entry').select('time').orderBy('index', 'desc').limit(1).executeTakeFirst()
  return row?.time
}
