import { sql } from 'kysely'
import type { Queries } from '../../../persistence/database.ts'
import type { JsonValue } from '../../../policy/odrl.ts'
import type { AuditRecord } from '../../entry.ts'
import { openRecord } from '../../personal/commit.ts'
import type { AuditRow } from '../../store.ts'
import type { EntryName } from './findings.ts'

/** The last entry before the number `before`. */
export async function readLastEntry(db: Queries, before: number): Promise<{ index: number; time: Date } | undefined> {
  return db.selectFrom('audit_entry').select(['index', 'time']).where('index', '<', before).orderBy('index', 'desc').limit(1).executeTakeFirst()
}

/** What entries are called whose numbers are from `from`, or the least there is, to before `to`, or the end, in ascending order, at most `limit`. */
export async function readNames(db: Queries, { from, to }: { readonly from?: number; readonly to?: number }, limit: number): Promise<EntryName[]> {
  let select = db.selectFrom('audit_entry').select(['index', 'type', 'time']).orderBy('index').limit(limit)
  if (from !== undefined) select = select.where('index', '>=', from)
  if (to !== undefined) select = select.where('index', '<', to)
  return (await select.execute()).map(({ index, type, time }) => ({ index, type, time: time.toISOString() }))
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

/** Values and salts of the entries from `first` to `last`, as JSON and by their numbers. */
export async function readOpenings(db: Queries, first: number, last: number): Promise<Map<number, string>> {
  const rows = await db.selectFrom('audit_opening').select(['index', sql<string>`fields::text`.as('fields')]).where('index', '>=', first).where('index', '<=', last).execute()
  return new Map(rows.map(({ index, fields }) => [index, fields]))
}

/** Says of entries that came back from the journal that the values of their erasable fields did not: those are in the database alone. */
export async function markLost(db: Queries, indexes: readonly number[]): Promise<void> {
  await db.executeQuery(sql`insert into audit_opening (index, fields) select value::bigint, '{}'::json from jsonb_array_elements_text(${JSON.stringify(indexes)}::jsonb) on conflict (index) do nothing`.compile(db))
}

/** What was erased on record: the numbers of entries, as ranges, and the fields that they lost. */
export interface Erased {
  readonly ranges: readonly (readonly [number, number])[]
  readonly fields: ReadonlySet<string>
}

/** All erasures on record. */
export async function readErasures(db: Queries): Promise<Erased[]> {
  const rows = await db.selectFrom('audit_entry').leftJoin('audit_opening', 'audit_opening.index', 'audit_entry.index').select(['rest', 'fields']).where('type', '=', 'audit.erased').execute()
  return rows.map(({ rest, fields }) => {
    const record: AuditRecord = { type: 'audit.erased', ...textFields(rest) }
    const { records, fields: names } = openRecord(record, fields ?? {})
    return { ranges: texts(records).map(rangeOf), fields: new Set(texts(names)) }
  })
}

function textFields(rest: string): Readonly<Record<string, JsonValue>> {
  const fields: Readonly<Record<string, JsonValue>> = JSON.parse(rest)
  return fields
}

const texts = (value: JsonValue | undefined): readonly string[] => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [])

function rangeOf(text: string): readonly [number, number] {
  const [from = '', to = from] = text.split('-')
  return [Number(from), Number(to)]
}

/** The first entry with this number among those of its agreement. */
export async function findNumbered(db: Queries, agreement: string, seq: number): Promise<number | undefined> {
  const row = await db.selectFrom('audit_entry').select('index').where('agreement_id', '=', agreement).where('seq', '=', seq).orderBy('index').limit(1).executeTakeFirst()
  return row?.index
}

/** The next number of each agreement, as it was when there were `size` entries. */
export async function readCounters(db: Queries, size: number): Promise<Map<string, number>> {
  const query = sql<{ agreement: string; next: number }>`
    select counted.agreement_id as agreement, counted.next - (select count(*) from audit_entry as later where later.index >= ${size}::bigint and later.agreement_id = counted.agreement_id) as next
    from audit_sequence as counted`.compile(db)
  const { rows } = await db.executeQuery(query)
  return new Map(rows.map(({ agreement, next }) => [agreement, next]))
}

/** Checkpoints of a log that were kept because witnesses were asked about them, with what they signed. */
export async function readCheckpoints(db: Queries, origin: string): Promise<{ size: number; note: string; lines: { witness: string; line: string }[] }[]> {
  const notes = await db.selectFrom('audit_checkpoint').select(['size', 'note']).where('origin', '=', origin).orderBy('size').execute()
  const lines = await db.selectFrom('audit_cosignature').select(['size', 'witness', 'line']).where('origin', '=', origin).orderBy('size').orderBy('witness').execute()
  const bySize = Map.groupBy(lines, ({ size }) => size)
  return notes.map((row) => ({ ...row, lines: bySize.get(row.size) ?? [] }))
}

/** The keys of the witnesses that we know, by their names. */
export async function readWitnessKeys(db: Queries): Promise<Map<string, string>> {
  const rows = await db.selectFrom('audit_witness').select(['name', 'vkey']).execute()
  return new Map(rows.map(({ name, vkey }) => [name, vkey]))
}

const columns = ['index', 'rest', 'time', 'type', 'agreement_id as agreement', 'transfer_id as transfer', 'partner', 'dataset_id as dataset', 'seq', 'role', 'purpose', 'decision'] as const

/** Entries from the number `from` to before `to`, as they are stored. */
export async function readRows(db: Queries, from: number, to: number): Promise<AuditRow[]> {
  return db.selectFrom('audit_entry').select(columns).where('index', '>=', from).where('index', '<', to).orderBy('index').execute()
}

/** Entries of some types before the number `before`, oldest first. */
export async function readOfTypes(db: Queries, types: readonly string[], before: number): Promise<AuditRow[]> {
  return db.selectFrom('audit_entry').select(columns).where('type', 'in', types).where('index', '<', before).orderBy('index').execute()
}
