import { sql } from 'kysely'
import type { CompiledQuery } from 'kysely'
import type { Queries } from '../persistence/database.ts'
import { entryText } from './entry.ts'
import type { PendingEntry, StoredEntry } from './entry.ts'
import type { Openings } from './personal/commit.ts'

/** A row of the record. */
export interface AuditRow extends StoredEntry {
  readonly index: number
}

/** An entry as it was hashed. */
export interface EntryText {
  readonly index: number
  readonly type: string
  readonly entry: string
}

/** An entry that is to be written, with what may be erased of it. */
export interface NewEntry {
  readonly entry: PendingEntry
  readonly openings: Openings
  readonly mark: string
}

/** What the statement below gives: the number of the first entry, and of each agreement the number that its next record gets. */
export interface Sequenced {
  readonly first: number
  readonly next: Readonly<Record<string, number>> | null
}

/** What the sequencing statement fails with while the log is stopped. */
const stoppedMark = 'log-stopped'

/** Whether `error` says that the log is stopped. */
export function isStopped(error: unknown): boolean {
  return Error.isError(error) && error.message.includes(`"${stoppedMark}"`)
}

/**
 * The statement that numbers and writes `entries` in their order. Its lock on the head's one row is held until the transaction ends,
 * so numbers follow the order of commits, and a transaction that is rolled back leaves no gap. One statement, because every writer
 * of the connector waits for that lock; the numbers of agreements are read from the row of the head, hence under its lock. While the
 * log is stopped the statement fails, which rolls the transaction back: the commit may be on its way behind it.
 */
export function insertEntries(db: Queries, entries: readonly NewEntry[]): CompiledQuery<Sequenced> {
  const [first] = entries
  return (first !== undefined && entries.length === 1 ? insertOne(first) : insertMany(entries)).compile(db)
}

/** Adds to the head; fails while the log is stopped. */
function moveHead(count: number) {
  return sql`
    head as (
      update audit_head set size = size + ${count}::bigint + cast(case when stopped then ${sql.lit(stoppedMark)} else '0' end as bigint)
      where id = 1 returning size - ${count}::bigint as first)`
}

/** A statement that the database needs not take apart: a caller alone waits for each part of it. */
function insertOne({ entry, openings, mark }: NewEntry) {
  const { time, type, agreement, transfer, partner, dataset, role, purpose, decision, rest } = entry
  const numbered = sql`,
    numbered as (
      insert into audit_sequence (agreement_id, next) select ${agreement}::text, 1 from head
      on conflict (agreement_id) do update set next = audit_sequence.next + 1
      returning next)`
  const opened = sql`, opened as (insert into audit_opening (index, fields) select first, ${JSON.stringify(openings)}::jsonb from head)`
  const [seq, next] = agreement === null ? [sql`null`, sql`null`] : [sql`(select next - 1 from numbered)`, sql`(select jsonb_build_object(${agreement}::text, next) from numbered)`]
  return sql<Sequenced>`
    with ${moveHead(1)} ${agreement === null ? sql`` : numbered} ${Object.keys(openings).length === 0 ? sql`` : opened},
    written as (
      insert into audit_entry (index, rest, time, type, agreement_id, transfer_id, partner, dataset_id, role, purpose, decision, seq, mark)
      select first, ${rest}, ${time}::timestamptz, ${type}, ${agreement}::text, ${transfer}::text, ${partner}::text, ${dataset}::text,
        ${role}::text, ${purpose}::text, ${decision}::text, ${seq}::bigint, ${mark}
      from head)
    select first, ${next}::jsonb as next from head`
}

function insertMany(entries: readonly NewEntry[]) {
  const counts = new Map<string, number>()
  // Backwards: `back` is how far an entry is before the next number of its agreement.
  const items = entries.toReversed().map(({ entry, openings, mark }, place) => {
    const { time, type, agreement, transfer, partner, dataset, role, purpose, decision, rest } = entry
    const back = agreement === null ? null : (counts.get(agreement) ?? 0) + 1
    if (agreement !== null && back !== null) counts.set(agreement, back)
    const fields = Object.keys(openings).length === 0 ? null : openings
    return { place: entries.length - 1 - place, back, time, type, agreement, transfer, partner, dataset, role, purpose, decision, rest, mark, fields }
  })
  const head = sql`
    with ${moveHead(entries.length)},
    item as (
      select * from jsonb_to_recordset(${JSON.stringify(items)}::jsonb) as item
        (place integer, back integer, time timestamptz, type text, agreement text, transfer text, partner text, dataset text,
         role text, purpose text, decision text, rest text, mark text, fields jsonb)),
    numbered as (
      insert into audit_sequence (agreement_id, next)
      select item.agreement, count(*) from head, item where item.agreement is not null group by item.agreement
      on conflict (agreement_id) do update set next = audit_sequence.next + excluded.next
      returning agreement_id, next),
    written as (
      insert into audit_entry (index, rest, time, type, agreement_id, transfer_id, partner, dataset_id, role, purpose, decision, seq, mark)
      select head.first + item.place, item.rest, item.time, item.type, item.agreement, item.transfer, item.partner, item.dataset,
        item.role, item.purpose, item.decision,
        numbered.next - item.back, item.mark
      from head cross join item left join numbered on numbered.agreement_id = item.agreement)`
  const opened = sql`,
    opened as (
      insert into audit_opening (index, fields)
      select head.first + item.place, item.fields from head, item where item.fields is not null)`
  const result = sql`select first, (select jsonb_object_agg(agreement_id, next) from numbered) as next from head`
  return items.some(({ fields }) => fields !== null) ? sql<Sequenced>`${head} ${opened} ${result}` : sql<Sequenced>`${head} ${result}`
}

export async function readSize(db: Queries): Promise<number> {
  const head = await db.selectFrom('audit_head').select('size').where('id', '=', 1).executeTakeFirstOrThrow()
  return head.size
}

const columns = ['index', 'rest', 'time', 'type', 'agreement_id as agreement', 'transfer_id as transfer', 'partner', 'dataset_id as dataset', 'seq', 'role', 'purpose', 'decision'] as const

/** Entries with larger numbers than `after`, in ascending order. */
export async function readEntries(db: Queries, query: { readonly after?: number; readonly limit: number; readonly agreement?: string; readonly partner?: string }): Promise<AuditRow[]> {
  let select = db.selectFrom('audit_entry').select(columns).orderBy('index').limit(query.limit)
  if (query.after !== undefined) select = select.where('index', '>', query.after)
  if (query.agreement !== undefined) select = select.where('agreement_id', '=', query.agreement)
  if (query.partner !== undefined) select = select.where('partner', '=', query.partner)
  return select.execute()
}

/** Entries as they were hashed, with numbers from `from` to before `to`, in ascending order, at most `limit`. */
export async function readTexts(db: Queries, range: { readonly from: number; readonly to: number; readonly limit: number }): Promise<EntryText[]> {
  const rows = await db.selectFrom('audit_entry').select(columns).where('index', '>=', range.from).where('index', '<', range.to).orderBy('index').limit(range.limit).execute()
  return rows.map((row) => ({ index: row.index, type: row.type, entry: entryText(row) }))
}

/** An entry that nobody has sealed yet, with what shows that a process of this connector wrote it. */
export interface WrittenEntry extends EntryText {
  readonly time: Date
  readonly mark: string | null
  /** What is marked: the text without the number among the records of its agreement. */
  readonly marked: string
}

/** As `readTexts`, for entries that are to be sealed. */
export async function readWritten(db: Queries, range: { readonly from: number; readonly to: number; readonly limit: number }): Promise<WrittenEntry[]> {
  const rows = await db.selectFrom('audit_entry').select([...columns, 'mark']).where('index', '>=', range.from).where('index', '<', range.to).orderBy('index').limit(range.limit).execute()
  return rows.map((row) => ({ index: row.index, type: row.type, time: row.time, mark: row.mark, entry: entryText(row), marked: entryText({ ...row, seq: null }) }))
}

/** Writes entries that have their numbers, and puts the counters behind them. */
export async function restoreEntries(db: Queries, entries: readonly AuditRow[]): Promise<void> {
  const rowsAtOnce = 500
  for (let from = 0; from < entries.length; from += rowsAtOnce) {
    const rows = entries.slice(from, from + rowsAtOnce).map(({ agreement, transfer, dataset, ...row }) => ({ ...row, agreement_id: agreement, transfer_id: transfer, dataset_id: dataset }))
    await db.insertInto('audit_entry').values(rows).execute()
  }
  const next = new Map<string, number>()
  for (const { agreement, seq } of entries) if (agreement !== null && seq !== null) next.set(agreement, Math.max(seq + 1, next.get(agreement) ?? 0))
  for (const [agreement, number] of next) {
    await sql`
      insert into audit_sequence (agreement_id, next) values (${agreement}, ${number})
      on conflict (agreement_id) do update set next = greatest(audit_sequence.next, excluded.next)`.execute(db)
  }
  const last = entries.at(-1)
  if (last !== undefined) await db.updateTable('audit_head').set({ size: last.index + 1 }).where('id', '=', 1).where('size', '<=', last.index).execute()
}
