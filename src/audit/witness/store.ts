import { sql } from 'kysely'
import type { Queries } from '../../persistence/database.ts'

/** A partner's log, as far as we cosigned it. */
export interface WitnessedLog {
  readonly origin: string
  readonly partner: string
  /** The key that it was first seen with. */
  readonly vkey: string
  readonly size: number
  /** Base64. */
  readonly root: string
  /** The checkpoint with our cosignature; null before the first. */
  readonly checkpoint: string | null
}

const witnessedColumns = ['origin', 'partner', 'vkey', 'size', 'root', 'checkpoint'] as const

/** A partner's log by its origin. */
export async function findWitnessed(db: Queries, origin: string): Promise<WitnessedLog | undefined> {
  return db.selectFrom('witnessed_log').select(witnessedColumns).where('origin', '=', origin).executeTakeFirst()
}

/** The same, locked until the transaction ends. */
export async function lockWitnessed(db: Queries, origin: string): Promise<WitnessedLog | undefined> {
  return db.selectFrom('witnessed_log').select(witnessedColumns).where('origin', '=', origin).forUpdate().executeTakeFirst()
}

/** A partner's log by the SHA-256 of its origin, in hex. */
export async function findWitnessedByHash(db: Queries, originSha256: string): Promise<WitnessedLog | undefined> {
  return db.selectFrom('witnessed_log').select(witnessedColumns).where('origin_sha256', '=', originSha256).executeTakeFirst()
}

export async function countWitnessed(db: Queries, partner: string): Promise<number> {
  const row = await db.selectFrom('witnessed_log').select((eb) => eb.fn.countAll<number>().as('count')).where('partner', '=', partner).executeTakeFirstOrThrow()
  return row.count
}

/** Writes a log that is seen for the first time. False when another request was faster. */
export async function insertWitnessed(db: Queries, log: { origin: string; originSha256: string; partner: string; vkey: string; root: string }, now: Date): Promise<boolean> {
  const inserted = await db
    .insertInto('witnessed_log')
    .values({ origin: log.origin, origin_sha256: log.originSha256, partner: log.partner, vkey: log.vkey, size: 0, root: log.root, checkpoint: null, first_seen_at: now, updated_at: now })
    .onConflict((conflict) => conflict.column('origin').doNothing())
    .returning('origin')
    .executeTakeFirst()
  return inserted !== undefined
}

export async function updateWitnessed(db: Queries, origin: string, seen: { vkey: string; size: number; root: string; checkpoint: string }, now: Date): Promise<void> {
  await db.updateTable('witnessed_log').set({ vkey: seen.vkey, size: seen.size, root: seen.root, checkpoint: seen.checkpoint, updated_at: now }).where('origin', '=', origin).execute()
}

/** A checkpoint of ours with what witnesses signed under it. */
export interface CosignedCheckpoint {
  readonly origin: string
  readonly size: number
  readonly note: string
  readonly madeAt: Date
  readonly lines: readonly string[]
}

/** Keeps a checkpoint that witnesses are asked about. */
export async function insertCheckpoint(db: Queries, checkpoint: { origin: string; size: number; note: string }, now: Date): Promise<void> {
  await db
    .insertInto('audit_checkpoint')
    .values({ origin: checkpoint.origin, size: checkpoint.size, note: checkpoint.note, made_at: now })
    .onConflict((conflict) => conflict.columns(['origin', 'size']).doNothing())
    .execute()
}

/** The newest checkpoint of a log that a witness has cosigned, of at most `most` entries, with all its cosignatures. */
export async function newestCosigned(db: Queries, origin: string, most: number): Promise<CosignedCheckpoint | undefined> {
  const rows = await db
    .selectFrom('audit_checkpoint')
    .innerJoin('audit_cosignature', (join) => join.onRef('audit_cosignature.origin', '=', 'audit_checkpoint.origin').onRef('audit_cosignature.size', '=', 'audit_checkpoint.size'))
    .select(['audit_checkpoint.origin', 'audit_checkpoint.size', 'audit_checkpoint.note', 'audit_checkpoint.made_at as madeAt', 'audit_cosignature.line'])
    .where('audit_checkpoint.origin', '=', origin)
    .where('audit_checkpoint.size', '=', (eb) =>
      eb
        .selectFrom('audit_cosignature as newest')
        .innerJoin('audit_checkpoint as kept', (join) => join.onRef('kept.origin', '=', 'newest.origin').onRef('kept.size', '=', 'newest.size'))
        .select((eb2) => eb2.fn.max('newest.size').as('size'))
        .where('newest.origin', '=', origin)
        .where('newest.size', '<=', most),
    )
    .orderBy('audit_cosignature.witness')
    .execute()
  const [first] = rows
  return first === undefined ? undefined : { origin: first.origin, size: first.size, note: first.note, madeAt: first.madeAt, lines: rows.map(({ line }) => line) }
}

export async function putCosignature(db: Queries, cosignature: { origin: string; size: number; witness: string; line: string }, now: Date): Promise<void> {
  const { origin, size, witness, line } = cosignature
  await db
    .insertInto('audit_cosignature')
    .values({ origin, size, witness, line, received_at: now })
    .onConflict((conflict) => conflict.columns(['origin', 'size', 'witness']).doUpdateSet({ line, received_at: now }))
    .execute()
}

/** The largest size of a log that a witness has cosigned, as far as we know; undefined when it has not. */
export async function cosignedSize(db: Queries, origin: string, witness: string): Promise<number | undefined> {
  const row = await db.selectFrom('audit_cosignature').select('size').where('origin', '=', origin).where('witness', '=', witness).orderBy('size', 'desc').limit(1).executeTakeFirst()
  return row?.size
}

/** The largest sizes that witnesses have cosigned of logs, by origin and witness with a space between. */
export async function cosignedSizes(db: Queries, origins: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('audit_cosignature')
    .innerJoin('audit_checkpoint', (join) => join.onRef('audit_checkpoint.origin', '=', 'audit_cosignature.origin').onRef('audit_checkpoint.size', '=', 'audit_cosignature.size'))
    .select(['audit_cosignature.origin', 'witness'])
    .select((eb) => eb.fn.max('audit_cosignature.size').as('size'))
    .where('audit_cosignature.origin', 'in', origins)
    .groupBy(['audit_cosignature.origin', 'witness'])
    .execute()
  return new Map(rows.map(({ origin, witness, size }) => [`${origin} ${witness}`, size]))
}

/**
 * Removes checkpoints that nobody needs: kept are the newest of each log, the newest that each witness cosigned, and one an hour for a
 * day, one a day before that.
 */
export async function pruneCheckpoints(db: Queries, now: Date): Promise<void> {
  const dayAgo = new Date(now.getTime() - 86_400_000)
  const hourAgo = new Date(now.getTime() - 3_600_000)
  await sql`
    with placed as (
      select origin, size, made_at,
        row_number() over (partition by origin order by size desc) as newest,
        row_number() over (partition by origin, case when made_at < ${dayAgo} then date_trunc('day', made_at) else date_trunc('hour', made_at) end order by size desc) as place
      from audit_checkpoint),
    gone as (
      delete from audit_checkpoint as a using placed as p
      where a.origin = p.origin and a.size = p.size and p.newest > 1 and p.place > 1 and p.made_at < ${hourAgo}
        and not exists (select 1 from (select witness, max(size) as size from audit_cosignature where origin = p.origin group by witness) as last where last.size = p.size)
      returning a.origin, a.size)
    delete from audit_cosignature as c using gone where c.origin = gone.origin and c.size = gone.size`.execute(db)
}

/** Who cosigns our log, and how far it has. */
export interface WitnessRow {
  readonly name: string
  readonly vkey: string
  readonly url: string
  /** Participant id; null: a witness from the settings. */
  readonly partner: string | null
  readonly origin: string | null
  readonly size: number | null
  readonly seenAt: Date | null
  readonly failingSince: Date | null
  readonly failure: string | null
  readonly alarmedAt: Date | null
}

const witnessColumns = ['name', 'vkey', 'url', 'partner', 'origin', 'size', 'seen_at as seenAt', 'failing_since as failingSince', 'failure', 'alarmed_at as alarmedAt'] as const

export async function listWitnesses(db: Queries): Promise<WitnessRow[]> {
  return db.selectFrom('audit_witness').select(witnessColumns).orderBy('name').execute()
}

/** Writes who is a witness now. True when its name or its key is new. */
export async function putWitness(db: Queries, witness: { name: string; vkey: string; url: string; partner: string | null }): Promise<boolean> {
  const { name, vkey, url, partner } = witness
  const before = await db.selectFrom('audit_witness').select(['vkey', 'url', 'partner']).where('name', '=', name).executeTakeFirst()
  if (before !== undefined && before.vkey === vkey && before.url === url && before.partner === partner) return false
  await db
    .insertInto('audit_witness')
    .values({ name, vkey, url, partner, origin: null, size: null })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ vkey, url, partner }))
    .execute()
  return before?.vkey !== vkey
}

export async function removeWitnesses(db: Queries, names: readonly string[]): Promise<void> {
  if (names.length > 0) await db.deleteFrom('audit_witness').where('name', 'in', names).execute()
}

/** Takes a witness for this process to ask, unless another is asking. */
export async function claimWitness(db: Queries, name: string, now: Date, until: Date): Promise<boolean> {
  const claimed = await db
    .updateTable('audit_witness')
    .set({ busy_until: until })
    .where('name', '=', name)
    .where((eb) => eb.or([eb('busy_until', 'is', null), eb('busy_until', '<', now)]))
    .returning('name')
    .executeTakeFirst()
  return claimed !== undefined
}

/** Gives it back. */
export async function releaseWitness(db: Queries, name: string): Promise<void> {
  await db.updateTable('audit_witness').set({ busy_until: null }).where('name', '=', name).execute()
}

/** It cosigned; true when an alarm is over with it. */
export async function noteCosigned(db: Queries, name: string, seen: { origin: string; size: number }, now: Date): Promise<boolean> {
  const before = await db.selectFrom('audit_witness').select('alarmed_at').where('name', '=', name).executeTakeFirst()
  await db.updateTable('audit_witness').set({ origin: seen.origin, size: seen.size, seen_at: now, failing_since: null, failure: null, alarmed_at: null }).where('name', '=', name).execute()
  return before !== undefined && before.alarmed_at !== null
}

/** It did not. */
export async function noteFailure(db: Queries, name: string, failure: string, now: Date): Promise<void> {
  await db.updateTable('audit_witness').set((eb) => ({ failure, failing_since: eb.fn.coalesce('failing_since', eb.val(now)) })).where('name', '=', name).execute()
}

/** Marks that the alarm is raised; false when it is already. */
export async function noteAlarm(db: Queries, name: string, now: Date): Promise<boolean> {
  const raised = await db.updateTable('audit_witness').set({ alarmed_at: now }).where('name', '=', name).where('alarmed_at', 'is', null).returning('name').executeTakeFirst()
  return raised !== undefined
}
