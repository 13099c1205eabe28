import { sql } from 'kysely'
import type { JsonValue } from '../../policy/odrl.ts'
import type { Queries } from '../../persistence/database.ts'
import { storable } from '../../persistence/storable-text.ts'

/** A release whose end is not recorded, and what the record of its end would say: an erasure looks there for what will be recorded once more. */
export interface UnfinishedRelease {
  readonly index: number
  readonly record: Readonly<Record<string, JsonValue>>
}

/** Notes releases of `process`; those that are noted already stay as they are. */
export async function noteReleases(db: Queries, releases: readonly UnfinishedRelease[], lease: { readonly process: string; readonly until: Date }): Promise<void> {
  const rows = releases.map(({ index, record }) => ({ record_index: index, process: lease.process, record: JSON.stringify(storable(record)), lease_until: lease.until }))
  await db.insertInto('running_release').values(rows).onConflict((conflict) => conflict.column('record_index').doNothing()).execute()
}

export async function forgetReleases(db: Queries, indexes: readonly number[]): Promise<void> {
  await db.deleteFrom('running_release').where('record_index', 'in', indexes).execute()
}

/** Which of the releases are noted. */
export async function findNoted(db: Queries, indexes: readonly number[]): Promise<Set<number>> {
  if (indexes.length === 0) return new Set()
  const rows = await db.selectFrom('running_release').select('record_index').where('record_index', 'in', indexes).execute()
  return new Set(rows.map((row) => row.record_index))
}

/** Renews what `process` holds and notes it as one that releases; what it has not ended and not noted comes behind `mark`, which is the end of the record unless told. Gives how many entries the record has. */
export async function renewLease(db: Queries, { process, until, mark }: { readonly process: string; readonly until: Date; readonly mark: number | undefined }): Promise<number> {
  const { rows } = await sql<{ size: number }>`
    with head as (select size from audit_head where id = 1),
    renewed as (update running_release set lease_until = ${until} where process = ${process}),
    noted as (
      insert into release_process (process, mark, lease_until)
      select ${process}, least(head.size, ${mark ?? null}::bigint), ${until}::timestamptz from head
      on conflict (process) do update set mark = excluded.mark, lease_until = excluded.lease_until)
    select size from head`.execute(db)
  const [head] = rows
  if (head === undefined) throw new Error('The head of the record is missing')
  return head.size
}

export async function forgetProcess(db: Queries, process: string): Promise<void> {
  await db.deleteFrom('release_process').where('process', '=', process).execute()
}

/** Releases of processes that no longer renew their leases. */
export async function findLapsed(db: Queries, now: Date, limit: number): Promise<number[]> {
  const rows = await db.selectFrom('running_release').select('record_index').where('lease_until', '<', now).orderBy('record_index').limit(limit).execute()
  return rows.map((row) => row.record_index)
}

/** Takes lapsed releases: whoever gets them records their end in the same transaction. */
export async function takeLapsed(db: Queries, indexes: readonly number[], now: Date): Promise<number[]> {
  const rows = await db.deleteFrom('running_release').where('record_index', 'in', indexes).where('lease_until', '<', now).returning('record_index').execute()
  return rows.map((row) => row.record_index)
}

/** Processes that no longer renew their leases. */
export async function findLapsedProcesses(db: Queries, now: Date): Promise<{ process: string; mark: number }[]> {
  return db.selectFrom('release_process').select(['process', 'mark']).where('lease_until', '<', now).orderBy('mark').execute()
}

/** Takes a lapsed process; false when another has taken it. */
export async function takeProcess(db: Queries, process: string, now: Date): Promise<boolean> {
  const rows = await db.deleteFrom('release_process').where('process', '=', process).where('lease_until', '<', now).returning('process').execute()
  return rows.length > 0
}
