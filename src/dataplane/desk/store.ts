import { sql } from 'kysely'
import type { CompiledQuery } from 'kysely'
import type { Queries } from '../../persistence/database.ts'

// Each statement takes its rows as one JSON value, so that it is the same statement for every number of them, and touches them in the
// order of their keys, so that two replicas never wait for each other.

export interface CounterKey {
  readonly agreement: string
  readonly counter: string
  readonly starts: string
}

/** Notes statements as spent. Gives those that were not spent before. */
export async function spendStatements(db: Queries, statements: readonly { readonly id: string; readonly expiresAt: Date }[]): Promise<Set<string>> {
  if (statements.length === 0) return new Set()
  const { rows } = await sql<{ id: string }>`
    insert into spent_statement (id, expires_at)
    select item.id, item."expiresAt" from jsonb_to_recordset(${JSON.stringify(statements)}::jsonb) as item (id text, "expiresAt" timestamptz) order by item.id
    on conflict (id) do nothing returning id`.execute(db)
  return new Set(rows.map(({ id }) => id))
}

/** Takes back that statements were spent. */
export async function restoreStatements(db: Queries, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await db.deleteFrom('spent_statement').where('id', 'in', ids).execute()
}

export interface KeyedRequest {
  readonly agreement: string
  readonly key: string
  readonly request: string
}

/** Notes requests under their idempotency keys. Gives those that were not noted before. */
export async function claimRequests(db: Queries, requests: readonly KeyedRequest[], now: Date): Promise<KeyedRequest[]> {
  if (requests.length === 0) return []
  const { rows } = await sql<KeyedRequest>`
    insert into debited_request (agreement_id, key, request_sha256, created_at)
    select item.agreement, item.key, item.request, ${now} from jsonb_to_recordset(${JSON.stringify(requests)}::jsonb) as item (agreement text, key text, request text) order by item.agreement, item.key
    on conflict (agreement_id, key) do nothing returning agreement_id as agreement, key, request_sha256 as request`.execute(db)
  return rows
}

/** What is noted under idempotency keys, held for this transaction: others with the same key wait. */
export async function readRequests(db: Queries, requests: readonly KeyedRequest[]): Promise<(KeyedRequest & { readonly retries: number })[]> {
  if (requests.length === 0) return []
  const { rows } = await sql<KeyedRequest & { retries: number }>`
    select noted.agreement_id as agreement, noted.key, noted.request_sha256 as request, noted.retries
    from debited_request as noted join jsonb_to_recordset(${JSON.stringify(requests)}::jsonb) as item (agreement text, key text) on noted.agreement_id = item.agreement and noted.key = item.key
    order by noted.agreement_id, noted.key for update of noted`.execute(db)
  return rows
}

export async function noteRetries(db: Queries, { agreement, key }: KeyedRequest, retries: number): Promise<void> {
  await db.updateTable('debited_request').set({ retries }).where('agreement_id', '=', agreement).where('key', '=', key).execute()
}

export async function noteRequest(db: Queries, { agreement, key, request }: KeyedRequest): Promise<void> {
  await db.updateTable('debited_request').set({ request_sha256: request }).where('agreement_id', '=', agreement).where('key', '=', key).execute()
}

export async function forgetRequest(db: Queries, { agreement, key }: KeyedRequest): Promise<void> {
  await db.deleteFrom('debited_request').where('agreement_id', '=', agreement).where('key', '=', key).execute()
}

/** Locks counters and reads them; what was never counted starts at nothing. */
export async function lockCounters(db: Queries, keys: readonly CounterKey[], now: Date): Promise<(CounterKey & { readonly amount: number })[]> {
  if (keys.length === 0) return []
  const wanted = sql`jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as item (agreement text, counter text, starts text)`
  const started = sql`
    insert into quota_counter (agreement_id, counter, starts, amount, updated_at)
    select item.agreement, item.counter, item.starts, 0, ${now} from ${wanted} order by item.agreement, item.counter, item.starts
    on conflict (agreement_id, counter, starts) do nothing`.execute(db)
  // Goes out behind it without waiting for its answer.
  const locked = sql<CounterKey & { amount: number }>`
    select used.agreement_id as agreement, used.counter, used.starts, used.amount
    from quota_counter as used join ${wanted} on used.agreement_id = item.agreement and used.counter = item.counter and used.starts = item.starts
    order by used.agreement_id, used.counter, used.starts for update of used`.execute(db)
  const [, { rows }] = await Promise.all([started, locked])
  return rows
}

/** The statement that writes what counters have come to. */
export function writeCounters(db: Queries, counters: readonly (CounterKey & { readonly amount: number })[], now: Date): CompiledQuery {
  return sql`
    update quota_counter as used set amount = item.amount, updated_at = ${now}
    from jsonb_to_recordset(${JSON.stringify(counters)}::jsonb) as item (agreement text, counter text, starts text, amount bigint)
    where used.agreement_id = item.agreement and used.counter = item.counter and used.starts = item.starts`.compile(db)
}

/** Removes what no longer counts: statements that are over, requests noted before `requestsBefore`, windows not used since `windowsBefore`. */
export async function sweepDesk(db: Queries, now: Date, before: { readonly requests: Date; readonly windows: Date }): Promise<void> {
  await db.deleteFrom('spent_statement').where('expires_at', '<', now).execute()
  await db.deleteFrom('debited_request').where('created_at', '<', before.requests).execute()
  await db.deleteFrom('quota_counter').where('starts', '<>', '').where('updated_at', '<', before.windows).execute()
}
