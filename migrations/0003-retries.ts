import { sql } from 'kysely'
import type { Kysely } from 'kysely'

// A request under an idempotency key is released again a few times only.
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table debited_request add column retries integer not null default 0`.execute(db)
}
