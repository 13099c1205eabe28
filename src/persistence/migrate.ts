import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from '../../migrations/list.ts'

/**
 * Brings the schema up to date. Kysely's migrator takes an advisory lock on PostgreSQL, so replicas may start at once;
 * the embedded database has one process only.
 */
export async function migrate<T>(db: Kysely<T>, kind: 'pglite' | 'postgresql'): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = kind === 'postgresql' ? await oneAtATime(db, () => migrator.migrateToLatest()) : await migrator.migrateToLatest()
  if (error !== undefined) throw new Error('The database schema could not be brought up to date', { cause: error })
}

const lockNumber = 0x636f6e63

// The migrator creates its own tables before it takes its lock; two replicas starting on an empty database would collide there.
async function oneAtATime<T, R>(db: Kysely<T>, work: () => Promise<R>): Promise<R> {
  return db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${sql.lit(lockNumber)})`.execute(connection)
    try {
      return await work()
    } finally {
      await sql`select pg_advisory_unlock(${sql.lit(lockNumber)})`.execute(connection)
    }
  })
}
