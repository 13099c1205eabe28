import { CompiledQuery, sql } from 'kysely'
import type { Database, Queries } from '../persistence/database.ts'
import { integerArray, textArray } from '../persistence/text-array.ts'
import { entryText } from './entry.ts'
import type { PendingEntry, StoredEntry } from './entry.ts'

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
  /** Its openings, as JSON; null when it has none. */
  readonly fields: string | null
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
export function insertEntries(kind: Database['kind'], entries: readonly NewEntry[]): CompiledQuery<Sequenced> {
  const [first] = entries
  return first !== undefined && entries.length === 1 ? insertOne(first) : insertMany(kind, entries)
}

// The texts never change, so that a session takes each apart once.

/** Adds to the head; fails while the log is stopped. */
const moveHead = `
  with head as (
    update audit_head set size = size + $1::bigint + cast(case when stopped then '${stoppedMark}' else '0' end as bigint)
    where id = 1 returning size - $1::bigint as first)`
const entryColumns = 'index, rest, time, type, agreement_id, transfer_id, partner, dataset_id, role, purpose, decision, mark, seq'

/** A statement of values: a caller alone waits for each part of it. */
function insertOne({ entry, fields, mark }: NewEntry): CompiledQuery<Sequenced> {
  const { time, type, agreement, transfer, partner, dataset, role, purpose, decision, rest } = entry
  const statement = (agreement === null ? oneAlone : oneOfAgreement)[fields === null ? 'plain' : 'opened']
  return CompiledQuery.raw(statement, [1, rest, time.toISOString(), type, agreement, transfer, partner, dataset, role, purpose, decision, mark, ...(fields === null ? [] : [fields])])
}

const oneOfAgreement = oneOf({
  numbered: `,
  numbered as (
    insert into audit_sequence (agreement_id, next) select $5::text, 1 from head
    on conflict (agreement_id) do update set next = audit_sequence.next + 1
    returning next)`,
  seq: '(select next - 1 from numbered)',
  next: '(select jsonb_build_object($5::text, next) from numbered)',
})
const oneAlone = oneOf({ numbered: '', seq: 'null::bigint', next: 'null::jsonb' })

function oneOf({ numbered, seq, next }: { readonly numbered: string; readonly seq: string; readonly next: string }): { readonly plain: string; readonly opened: string } {
  const statement = (opened: string) => `${moveHead}${numbered}${opened},
  written as (
    insert into audit_entry (${entryColumns})
    select first, $2, $3::timestamptz, $4, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, $11::text, $12, ${seq}
    from head)
  select first, ${next} as next from head`
  return {
    plain: statement(''),
    opened: statement(`,
  opened as (insert into audit_opening (index, fields) select first, $13::json from head)`),
  }
}

// `back` is how far an entry is before the next number of its agreement.
const many = `${moveHead},
  numbered as (
    insert into audit_sequence (agreement_id, next)
    select counted.agreement, counted.count from head, unnest($2::text[], $3::integer[]) as counted (agreement, count)
    on conflict (agreement_id) do update set next = audit_sequence.next + excluded.next
    returning agreement_id, next),
  written as (
    insert into audit_entry (${entryColumns})
    select head.first + item.place - 1, item.rest, item.time::timestamptz, item.type, item.agreement, item.transfer, item.partner, item.dataset,
      item.role, item.purpose, item.decision, item.mark, numbered.next - item.back
    from head cross join unnest($4::integer[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
      with ordinality as item (back, rest, time, type, agreement, transfer, partner, dataset, role, purpose, decision, mark, place)
    left join numbered on numbered.agreement_id = item.agreement),
  opened as (
    insert into audit_opening (index, fields)
    select head.first + item.place, item.fields::json from head, unnest($16::integer[], $17::text[]) as item (place, fields))
  select first, (select jsonb_object_agg(agreement_id, next) from numbered) as next from head`

/** Columns go as arrays: taking one JSON text apart into rows would cost the database more than all the rest. */
function insertMany(kind: Database['kind'], entries: readonly NewEntry[]): CompiledQuery<Sequenced> {
  const counts = new Map<string, number>()
  const back = entries
    .toReversed()
    .map(({ entry: { agreement } }) => {
      const before = (agreement === null ? 0 : (counts.get(agreement) ?? 0)) + 1
      if (agreement !== null) counts.set(agreement, before)
      return before
    })
    .toReversed()
  const opened = entries.flatMap(({ fields }, place) => (fields === null ? [] : [{ place, fields }]))
  const texts = (of: (entry: PendingEntry) => string | null) => textArray(kind, entries.map(({ entry }) => of(entry)))
  return CompiledQuery.raw(many, [
    entries.length,
    textArray(kind, [...counts.keys()]),
    integerArray([...counts.values()]),
    integerArray(back),
    texts(({ rest }) => rest),
    texts(({ time }) => time.toISOString()),
    texts(({ type }) => type),
    texts(({ agreement }) => agreement),
    texts(({ transfer }) => transfer),
    texts(({ partner }) => partner),
    texts(({ dataset }) => dataset),
    texts(({ role }) => role),
    texts(({ purpose }) => purpose),
    texts(({ decision }) => decision),
    textArray(kind, entries.map(({ mark }) => mark)),
    integerArray(opened.map(({ place }) => place)),
    textArray(kind, opened.map(({ fields }) => fields)),
  ])
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

/** Numbers below `before` of entries with the time and the mark of one of `entries`. Times are as good as in order, so that few are looked at. */
export async function findMarked({ db, kind }: Pick<Database, 'db' | 'kind'>, { before, entries }: { readonly before: number; readonly entries: readonly WrittenEntry[] }): Promise<{ index: number; mark: string | null }[]> {
  const times = entries.map(({ time }) => time.getTime())
  return db
    .selectFrom('audit_entry')
    .select(['index', 'mark'])
    .where('index', '<', before)
    .where('time', '>=', new Date(Math.min(...times)))
    .where('time', '<=', new Date(Math.max(...times)))
    .where('mark', '=', sql<string>`any(${textArray(kind, entries.map(({ mark }) => mark))}::text[])`)
    .execute()
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
