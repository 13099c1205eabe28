import { sql } from 'kysely'
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import { ProblemError } from '../../errors.ts'
import type { Queries } from '../../persistence/database.ts'
import type { Schema } from '../../persistence/schema.ts'
import type { StoredEntry } from '../entry.ts'
import type { Openings } from '../personal/commit.ts'

/** Which entries: all conditions hold together. */
export interface AuditFilter {
  readonly agreement?: string
  readonly transfer?: string
  readonly partner?: string
  readonly dataset?: string
  readonly type?: string
  /** Of whoever asked: in records of our own questions, the role and the purpose that were stated. */
  readonly role?: string
  readonly purpose?: string
  /** How a question was answered, by us or by a partner. */
  readonly decision?: 'permit' | 'deny'
  readonly since?: Date
  readonly until?: Date
  /** Only entries with a smaller number. */
  readonly before?: number
  /** Only entries with a larger number. */
  readonly after?: number
}

/** A page of them. */
export interface AuditQuery extends AuditFilter {
  readonly limit: number
  /** The newest first. */
  readonly descending?: boolean
}

/** An entry that was found, with what is not erased of its committed fields. */
export interface FoundEntry extends StoredEntry {
  readonly index: number
  readonly openings: Openings | null
}

type EntryExpressions = ExpressionBuilder<Schema, 'audit_entry'>

const columns = [
  'audit_entry.index',
  'audit_entry.rest',
  'audit_entry.time',
  'audit_entry.type',
  'audit_entry.agreement_id as agreement',
  'audit_entry.transfer_id as transfer',
  'audit_entry.partner',
  'audit_entry.dataset_id as dataset',
  'audit_entry.seq',
  'audit_entry.role',
  'audit_entry.purpose',
  'audit_entry.decision',
] as const

/**
 * The entries of a page, in its order: one query, which an index answers for each of the filters. Times ascend nearly with the numbers,
 * so that those of a time stand together, but for what clocks that went back and replicas that differ put elsewhere: the entries
 * beside them are searched as well, by what the index of times says of their blocks.
 */
export async function findEntries(db: Queries, query: AuditQuery): Promise<FoundEntry[]> {
  const { since, until, limit } = query
  if (since === undefined && until === undefined) return pageQuery(db, query).execute()
  const places = await findPlaces(db, query)
  const found: FoundEntry[] = []
  for (const part of partsOf(query, places)) {
    const wanted = { ...query, ...part.range, limit: limit - found.length }
    if (wanted.limit > 0) found.push(...(await (part.isOutside ? findOutside(db, wanted) : pageQuery(db, wanted).execute())))
  }
  return found
}

/** Where the times of a query begin and end if times ascend with the numbers; undefined where it has no such bound. */
interface Places {
  readonly from: number | undefined
  readonly to: number | undefined
}

interface Part {
  readonly isOutside: boolean
  /** As in {@link AuditFilter}, both exclusive. */
  readonly range: { readonly after?: number; readonly before?: number }
}

/** The parts that the numbers of a query fall into, which have nothing in common, in its order. */
function partsOf({ after = -1, before = Infinity, descending }: AuditQuery, { from = 0, to = Infinity }: Places): Part[] {
  const [start, end] = [from, Math.max(from, to)]
  const parts = [
    { isOutside: true, after, before: Math.min(before, start) },
    { isOutside: false, after: Math.max(after, start - 1), before: Math.min(before, end) },
    { isOutside: true, after: Math.max(after, end - 1), before },
  ]
  const filled = parts.filter((part) => part.before - part.after > 1)
  return (descending === true ? filled.toReversed() : filled).map(({ isOutside, ...range }) => ({ isOutside, range: { ...(range.after < 0 ? {} : { after: range.after }), ...(range.before === Infinity ? {} : { before: range.before }) } }))
}

/** The first entries that are not before `since` and `until`, by halving the numbers between the first and the last entry. */
export async function findPlaces(db: Queries, { since, until }: Pick<AuditFilter, 'since' | 'until'>): Promise<Places> {
  const placeOf = (time: Date | undefined) => (time === undefined ? sql`null` : sql`(
    with recursive probe (low, high) as (
      select coalesce(min(index), 0), coalesce(max(index), -1) + 1 from audit_entry
      union all
      select case when later then low else at + 1 end, case when later then middle else high end
      from (
        select low, high, middle, entry.index as at, coalesce(entry.index >= high or entry.time >= ${time}::timestamptz, true) as later
        from (select low, high, (low + high) / 2 as middle from probe where low < high) as half
        left join lateral (select index, time from audit_entry where index >= middle order by index limit 1) as entry on true) as looked)
    select high from probe order by high - low limit 1)`)
  const { rows } = await sql<{ from: number | null; to: number | null }>`select ${placeOf(since)}::bigint as "from", ${placeOf(until)}::bigint as "to"`.execute(db)
  return { from: rows[0]?.from ?? undefined, to: rows[0]?.to ?? undefined }
}

/** As {@link pageQuery}, of entries that are out of order: mostly there are none. */
async function findOutside(db: Queries, query: AuditQuery): Promise<FoundEntry[]> {
  const numbers = await db.transaction().execute(async (trx) => {
    await blocksOnly.execute(trx)
    return outsideQuery(trx, query).execute()
  })
  if (numbers.length === 0) return []
  return selectEntries(db, query)
    .where('audit_entry.index', 'in', numbers.map(({ index }) => index))
    .execute()
}

/** The database takes times and numbers for independent of each other, and expects to find very many: by the index of blocks it reads a few. */
export const blocksOnly = sql`
  select set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true), set_config('enable_indexonlyscan', 'off', true),
    set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)`

/** The numbers of what matches: all are found before they are put in order. */
export function outsideQuery(db: Queries, query: AuditQuery) {
  const outside = db
    .selectFrom('audit_entry')
    .select('audit_entry.index')
    .where((entry) => entry.and(conditions(entry, query)))
    // Read apart, so that it is not gone through in the order of numbers.
    .offset(0)
  return db
    .selectFrom(outside.as('outside'))
    .select('outside.index')
    .orderBy('outside.index', query.descending === true ? 'desc' : 'asc')
    .limit(query.limit)
}

/** The query itself, whose plan can be asked for. */
export function pageQuery(db: Queries, query: AuditQuery) {
  return selectEntries(db, query)
    .where((entry) => entry.and(conditions(entry, query)))
    .limit(query.limit)
}

function selectEntries(db: Queries, { descending }: AuditQuery) {
  return db
    .selectFrom('audit_entry')
    .leftJoin('audit_opening', 'audit_opening.index', 'audit_entry.index')
    .select([...columns, 'audit_opening.fields as openings'])
    .orderBy('audit_entry.index', descending === true ? 'desc' : 'asc')
}

/** How many entries there are; counts no further than `most`. */
export async function countEntries(db: Queries, filter: AuditFilter, most: number): Promise<number> {
  const found = db
    .selectFrom('audit_entry')
    .select('audit_entry.index')
    .where((entry) => entry.and(conditions(entry, filter)))
    .limit(most)
  const row = await db
    .selectFrom(found.as('found'))
    .select(({ fn }) => fn.countAll<string | number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Lengths of time that statistics are told by. */
export type StatisticsPeriod = 'day' | 'week' | 'month'

/** What was recorded in one period, of one type and, where something was refused, with one code. */
export interface StatisticsRow {
  /** The first day of the period, by the time zone. */
  readonly start: string
  readonly type: string
  readonly role: string | null
  readonly code: string | null
  readonly records: number
  /** Requests: a record may count several that were alike. */
  readonly requests: number
  readonly rows: number
  readonly bytes: number
}

// Entries that a chart counts: questions, answers, and how they ended.
const counted = ['data.permitted', 'data.denied', 'data.released', 'data.aborted', 'data.delivered', 'data.requested', 'data.received', 'data.refused'] as const

/** Sums over the entries about data, by period: one query, whose entries an index finds. */
export async function sumEntries(db: Queries, input: { readonly filter: AuditFilter; readonly by: StatisticsPeriod; readonly timeZone: string }): Promise<StatisticsRow[]> {
  const { filter, by, timeZone } = input
  const entries = db
    .selectFrom('audit_entry')
    .select(['audit_entry.time', 'audit_entry.type', 'audit_entry.role', sql<string | null>`case when audit_entry.type not in ('data.permitted', 'data.requested') then ${readable} end`.as('rest')])
    .where((entry) => entry.and([...conditions(entry, filter), entry('audit_entry.type', 'in', counted)]))
    // Read apart, so that the text is parsed once for all sums; what is permitted or asked counts as one, and its outcome tells of rows and bytes.
    .offset(0)
  const query = sql<StatisticsRow>`
    select to_char(date_trunc(${by}, time at time zone ${timeZone}), 'YYYY-MM-DD') as start, type, role, rest->>'code' as code, count(*)::float8 as records,
      sum(coalesce(${amount('count')}, 1))::float8 as requests, sum(coalesce(${amount('rows')}, 0))::float8 as rows, sum(coalesce(${amount('bytes')}, 0))::float8 as bytes
    from (${entries}) as entry group by 1, 2, 3, 4 order by 1, 2, 3, 4`
  try {
    return (await query.execute(db)).rows
  } catch (error) {
    if (isUnknownZone(error)) throw new ProblemError('bad-request', `/query/timeZone: the database knows no time zone ${timeZone}. Name one such as Europe/Madrid.`)
    throw error
  }
}

// jsonb refuses U+0000 and lone surrogates, which are escaped in the text: such an entry must not end the query of all others.
const readable = sql<string>`case when strpos(audit_entry.rest, ${sql.lit('\\u0000')}) = 0 and strpos(audit_entry.rest, ${sql.lit('\\ud')}) = 0 then audit_entry.rest::jsonb end`

// What is no number, as in an entry that somebody changed, counts as nothing.
function amount(field: 'count' | 'rows' | 'bytes') {
  return sql`case when jsonb_typeof(rest->${sql.lit(field)}) = 'number' then (rest->>${sql.lit(field)})::numeric end`
}

// SQLSTATE 22023, invalid parameter value.
function isUnknownZone(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && error.code === '22023' && error.message.includes('time zone')
}

function conditions(entry: EntryExpressions, filter: AuditFilter): Expression<SqlBool>[] {
  const { agreement, transfer, partner, dataset, type, since, until, before, after } = filter
  return [
    ...(agreement === undefined ? [] : [entry('audit_entry.agreement_id', '=', agreement)]),
    ...(transfer === undefined ? [] : [entry('audit_entry.transfer_id', '=', transfer)]),
    ...(partner === undefined ? [] : [entry('audit_entry.partner', '=', partner)]),
    ...(dataset === undefined ? [] : [entry('audit_entry.dataset_id', '=', dataset)]),
    ...(type === undefined ? [] : [entry('audit_entry.type', '=', type)]),
    ...(since === undefined ? [] : [entry('audit_entry.time', '>=', since)]),
    ...(until === undefined ? [] : [entry('audit_entry.time', '<', until)]),
    ...(before === undefined ? [] : [entry('audit_entry.index', '<', before)]),
    ...(after === undefined ? [] : [entry('audit_entry.index', '>', after)]),
    ...statedIs(entry, 'role', filter.role),
    ...statedIs(entry, 'purpose', filter.purpose),
    ...decidedIs(entry, filter.decision),
  ]
}

/** Our own questions have what was stated inside the entry, and their role is `consumer`: an index finds both kinds. */
function statedIs(entry: EntryExpressions, field: 'role' | 'purpose', value: string | undefined): Expression<SqlBool>[] {
  if (value === undefined) return []
  const column = `audit_entry.${field}` as const
  const stated = sql<string>`${readable} #>> ${sql.lit(`{stated,${field}}`)}`
  return [entry.or([entry(column, '=', value), entry.and([entry('audit_entry.role', '=', 'consumer'), entry(stated, '=', value)])])]
}

function decidedIs(entry: EntryExpressions, decision: 'permit' | 'deny' | undefined): Expression<SqlBool>[] {
  if (decision === undefined) return []
  return [entry.or([entry('audit_entry.decision', '=', decision), entry('audit_entry.type', '=', decision === 'deny' ? 'data.refused' : 'data.received')])]
}
