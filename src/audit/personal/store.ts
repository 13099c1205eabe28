import { sql } from 'kysely'
import type { Queries } from '../../persistence/database.ts'
import type { Openings } from './commit.ts'

/** A record with what is left of its openings. */
export interface OpenedRow {
  readonly index: number
  readonly type: string
  readonly fields: Openings
}

const idsOf = (indexes: readonly number[]) => sql`select value::bigint from jsonb_array_elements_text(${JSON.stringify(indexes)}::jsonb)`

/** Numbers from `from` up to and without `until` of the records that have `value` in one of `fields`, in order. */
export async function findOpened(db: Queries, range: { readonly from: number; readonly until: number }, wanted: { readonly fields: readonly string[]; readonly value: string }): Promise<number[]> {
  const query = sql<{ index: number }>`
    select index from audit_opening
    where index >= ${range.from}::bigint and index < ${range.until}::bigint
      and exists (
        select 1 from json_each(fields) as field
        where field.key in (select jsonb_array_elements_text(${JSON.stringify(wanted.fields)}::jsonb)) and (field.value -> 'value')::jsonb = ${JSON.stringify(wanted.value)}::jsonb)
    order by index`.compile(db)
  return (await db.executeQuery(query)).rows.map(({ index }) => index)
}

/** What is left of the openings of these records, in order, locked until the transaction ends. */
export async function lockOpenings(db: Queries, indexes: readonly number[]): Promise<OpenedRow[]> {
  const query = sql<OpenedRow>`
    select opening.index, entry.type, opening.fields
    from audit_opening as opening join audit_entry as entry on entry.index = opening.index
    where opening.index in (${idsOf(indexes)}) order by opening.index for update of opening`.compile(db)
  return (await db.executeQuery(query)).rows
}

/** Removes values and salts of `fields`; what is left without any is removed as a whole. */
export async function removeOpenings(db: Queries, indexes: readonly number[], fields: readonly string[]): Promise<void> {
  const names = sql`array(select jsonb_array_elements_text(${JSON.stringify(fields)}::jsonb))`
  await db.executeQuery(sql`update audit_opening set fields = (fields::jsonb - ${names})::json where index in (${idsOf(indexes)})`.compile(db))
  await db.executeQuery(sql`delete from audit_opening where index in (${idsOf(indexes)}) and fields::jsonb = '{}'::jsonb`.compile(db))
}

/** How many releases are running whose end would be recorded with `value`. */
export async function countRunning(db: Queries, value: string): Promise<number> {
  const { rows } = await db.executeQuery(sql<{ count: number }>`select count(*)::integer as count from running_release where position(${JSON.stringify(value)} in record::text) > 0`.compile(db))
  return rows[0]?.count ?? 0
}

/** How many records there are. */
export async function readEnd(db: Queries): Promise<number> {
  const head = await db.selectFrom('audit_head').select('size').where('id', '=', 1).executeTakeFirstOrThrow()
  return head.size
}
