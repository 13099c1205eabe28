import { sql } from 'kysely'
import type { ColumnMask, RowScope } from '../../../policy/restriction.ts'
import { unrestricted } from '../../../policy/restriction.ts'
import type { Statement } from '../../query/engine.ts'
import type { CheckedCondition } from '../../query/query.ts'
import { conditionSql } from './condition.ts'
import type { Permitted, SqlTable } from './permitted.ts'
import { permittedRows, tableSql } from './permitted.ts'
import type { Sql } from './statement.ts'
import { allOf, compileStatement, list } from './statement.ts'
import type { WithheldGroups } from './withheld.ts'
import { groupKey, isReleased } from './withheld.ts'

/** Groups of the rows that a permission lets in and a filter leaves. */
export interface Grouping {
  readonly view: { readonly rows: readonly RowScope[]; readonly masks: readonly ColumnMask[] }
  readonly filter: CheckedCondition | null
  readonly columns: readonly string[]
}

/** Groups of which some came out. */
export interface ReleasedGrouping extends Grouping {
  readonly released: Pick<WithheldGroups, 'form' | 'keys'>
}

/** Groups of which those come out that every one of `left` lets out. */
export interface CandidateGrouping extends Grouping {
  readonly left: readonly Pick<WithheldGroups, 'form' | 'keys'>[]
}

/** What a set of rows has to have, that its total may be known. */
export type PieceTest =
  | { readonly kind: 'units'; readonly units: readonly { readonly column: string; readonly counts: 'distinct' | 'sum' | 'max'; readonly atLeast: number }[] }
  | { readonly kind: 'share'; readonly measure: string; readonly unit: string; readonly atMost: number }

export interface PiecesInput {
  readonly hashKey: string
  /** Groups that came out before. */
  readonly earlier: readonly ReleasedGrouping[]
  readonly candidate: CandidateGrouping
  /** Only rows that have a value here, those that a measure is made of; null: all. */
  readonly measure: string | null
  readonly test: PieceTest
}

/**
 * Cuts the rows into pieces that have the same place in everything that came out before and in the candidate groups; rows in nothing
 * that comes out are no piece. Gives, as `cell`, the groups of which a piece does not pass, and null where a piece that the candidates
 * leave over of what came out before does not.
 */
export function failingStatement(table: SqlTable, input: PiecesInput): Statement {
  const plan = planOf(table, input)
  return compileStatement(sql`with ${list(cutSql(table, plan, input))} select distinct cell from pieces where bad and (cell is not null or ${plan.covered})`)
}

/** For each piece that is left over and does not pass, the smallest group beside it, as `cell`. */
export function besideStatement(table: SqlTable, input: PiecesInput): Statement {
  const plan = planOf(table, input)
  const left = sql`(bad and covered and cell is null)`
  return compileStatement(sql`with ${list([
    ...cutSql(table, plan, input),
    sql`named as (select cell, bad, size, ${plan.covered} as covered, ${atomSql(plan)} as atom from pieces where cell is not null or ${plan.covered})`,
    sql`weighed as (select *, sum(size) over (partition by cell) as weight from named)`,
    sql`ranked as (select *, bool_or(${left}) over (partition by atom) as left_over, row_number() over (partition by atom order by case when cell is null then 1 else 0 end, weight, cell) as place from weighed)`,
  ])} select distinct cell from ranked where cell is not null and left_over and place = 1`)
}

// Up to `pieces`, one row for each piece.
function cutSql(table: SqlTable, plan: Plan, input: PiecesInput): Sql[] {
  return [
    seenSql(table, plan, input),
    keyedSql(plan),
    sql`masked as materialized (select ${list([sql`keyed.*`, cellSql(plan), ...masksSql(plan)])} from keyed${sql.join(plan.groups.map((group) => exceptionsSql(group)), sql``)})`,
    sql`placed as (select ${list([sql`masked.*`, ...valuesSql(plan)])} from masked)`,
    ...piecesSql(input.test, [...plan.signature, sql`cell`]),
  ]
}

/** One row: `total` groups, and how many of them are `released`. */
export function groupCountStatement(table: SqlTable, hashKey: string, candidate: CandidateGrouping): Statement {
  const { rows, released } = candidateRows(table, hashKey, candidate)
  return compileStatement(sql`${rows} select count(distinct key) as total, count(distinct case when ${released} then key end) as released from candidates`)
}

/** The keys of the groups that come out, or of those that do not, as `key`. */
export function groupKeysStatement(table: SqlTable, hashKey: string, candidate: CandidateGrouping & { readonly out: boolean }): Statement {
  const { rows, released } = candidateRows(table, hashKey, candidate)
  return compileStatement(sql`${rows} select distinct key from candidates where ${candidate.out ? released : sql`not (${released})`}`)
}

/** One row: how many permitted rows have no value in each of the columns, as `n0`, `n1` and so on. */
export function missingStatement(table: SqlTable, view: Grouping['view'], columns: readonly string[]): Statement {
  const permitted = permittedRows(table, { ...unrestricted, rows: view.rows }, '')
  const counts = columns.map((column, index) => sql`count(*) - count(${permitted.raw(column)}) as ${sql.id(`n${index}`)}`)
  return compileStatement(sql`select ${list(counts)} from ${tableSql(table)} where ${permitted.filter}`)
}

/** The keys of the groups in which no row has a value of one of the columns, as `key`. */
export function emptyGroupsStatement(table: SqlTable, hashKey: string, candidate: CandidateGrouping & { readonly measures: readonly string[] }): Statement {
  const { rows } = candidateRows(table, hashKey, candidate, candidate.measures)
  const none = candidate.measures.map((_column, index) => sql`count(${sql.id(`u${index}`)}) = 0`)
  return compileStatement(sql`${rows} select key from candidates group by key having ${sql.join(none, sql` or `)}`)
}

function candidateRows(table: SqlTable, hashKey: string, { view, filter, columns, left }: CandidateGrouping, measures: readonly string[] = []): { rows: Sql; released: Sql } {
  const permitted = permittedRows(table, { ...unrestricted, ...view }, hashKey)
  const used = [...columns, ...(filter === null ? [] : columnsIn(filter))]
  const where = filter === null ? sql`` : sql` where ${conditionSql(permitted, filter)}`
  const values = measures.map((name, index) => sql`, ${permitted.unit(name)} as ${sql.id(`u${index}`)}`)
  const key = groupKey(columns.map((name) => permitted.ref(name)))
  const rows = sql`with ${permitted.cte({ columns: used, units: measures })}, candidates as materialized (select ${key} as key${sql.join(values, sql``)} from permitted${where})`
  return { rows, released: allOf(left.flatMap((part) => isReleased(sql<string>`key`, part) ?? [])) }
}

function columnsIn(condition: CheckedCondition): string[] {
  return 'parts' in condition ? condition.parts.flatMap(columnsIn) : [condition.column.name]
}

/** A permission's view of the rows; its columns in `seen` have the view's number in their names. */
interface ViewPlan {
  readonly permitted: Permitted
  /** Tells a column of this view from those of others. */
  readonly place: (name: string) => string
  readonly used: Set<string>
  readonly inside: Sql
}

/** Groupings of the same view by the same columns: one key for all, and a bit for each. */
interface GroupPlan {
  readonly id: number
  readonly view: ViewPlan
  readonly columns: readonly string[]
  readonly members: ReleasedGrouping[]
}

interface Plan {
  readonly views: readonly ViewPlan[]
  readonly own: { readonly view: ViewPlan; readonly candidate: CandidateGrouping }
  readonly groups: readonly GroupPlan[]
  /** Columns of `placed` that tell where a row is in what came out before. */
  readonly signature: readonly Sql[]
  /** Whether it is in anything. */
  readonly covered: Sql
}

// Bits of a bigint that are used: the sign is left alone.
const bits = 60

function planOf(table: SqlTable, { hashKey, earlier, candidate }: PiecesInput): Plan {
  const views = new Map<string, ViewPlan>()
  const viewOf = ({ view }: Grouping) => {
    const text = JSON.stringify([view.rows, view.masks])
    const found = views.get(text) ?? viewPlan(permittedRows(table, { ...unrestricted, ...view }, hashKey), views.size)
    views.set(text, found)
    return found
  }
  const own = { view: viewOf(candidate), candidate }
  use(own.view, candidate)
  const groups = new Map<string, GroupPlan>()
  for (const grouping of earlier) {
    const view = viewOf(grouping)
    use(view, grouping)
    const text = JSON.stringify([[...views.values()].indexOf(view), grouping.columns])
    const group = groups.get(text) ?? { id: groups.size, view, columns: grouping.columns, members: [] }
    group.members.push(grouping)
    groups.set(text, group)
  }
  const all = [...groups.values()]
  const masks = all.flatMap((group) => chunksOf(group).map((_chunk, chunk) => sql.id(`s${group.id}_${chunk}`)))
  const values = [...views.values()].flatMap((view) => groupedColumns(view, all).map((name) => sql.id(`g${view.place(name)}`)))
  const covered = masks.length === 0 ? sql`false` : sql`(${sql.join(masks.map((mask) => sql`${mask} <> 0`), sql` or `)})`
  return { views: [...views.values()], own, groups: all, signature: [...masks, ...values], covered }
}

function viewPlan(permitted: Permitted, index: number): ViewPlan {
  const place = new Map(permitted.columns.map(({ name }, at) => [name, at]))
  const placeOf = (name: string) => `${index}_${place.get(permitted.column(name).name)}`
  return { permitted: { ...permitted, ref: (name) => sql.id(`v${placeOf(name)}`) }, place: placeOf, used: new Set(), inside: sql.id(`in${index}`) }
}

// The columns by which anything of a view was grouped.
function groupedColumns(view: ViewPlan, groups: readonly GroupPlan[]): string[] {
  return [...new Set(groups.filter((group) => group.view === view).flatMap(({ columns }) => columns))]
}

function use(view: ViewPlan, { columns, filter }: Grouping): void {
  for (const name of [...columns, ...(filter === null ? [] : columnsIn(filter))]) view.used.add(name)
}

function chunksOf({ members }: GroupPlan): ReleasedGrouping[][] {
  return Array.from({ length: Math.ceil(members.length / bits) }, (_none, chunk) => members.slice(chunk * bits, (chunk + 1) * bits))
}

// What is counted or summed of rows: `u0` and so on.
function countedOf(test: PieceTest): readonly string[] {
  return test.kind === 'units' ? test.units.map(({ column }) => column) : [test.unit, test.measure]
}

function seenSql(table: SqlTable, { views, own }: Plan, { measure, test }: PiecesInput): Sql {
  const { permitted } = own.view
  const columns = views.flatMap((view) => [
    ...[...view.used].map((name) => sql`${view.permitted.value(name)} as ${view.permitted.ref(name)}`),
    sql`case when ${view.permitted.filter} then true else false end as ${view.inside}`,
  ])
  const counted = countedOf(test).map((column, index) => sql`${permitted.raw(column)} as ${sql.id(`u${index}`)}`)
  const inAny = sql`(${sql.join(views.map((view) => sql`(${view.permitted.filter})`), sql` or `)})`
  const rows = measure === null ? inAny : sql`${inAny} and ${permitted.raw(measure)} is not null`
  return sql`seen as (select ${list([...columns, ...counted])} from ${tableSql(table)} where ${rows})`
}

function keyedSql({ own, groups }: Plan): Sql {
  const { candidate, view } = own
  const ownKey = groupKey(candidate.columns.map((name) => view.permitted.ref(name)))
  const columns = groups.flatMap((group) => [
    ...(hasExceptions(group) ? [sql`${groupKey(group.columns.map((name) => group.view.permitted.ref(name)))} as ${sql.id(`k${group.id}`)}`] : []),
    ...chunksOf(group).map((members, chunk) => sql`${sql.join(members.map(({ filter }, bit) => sql`case when ${inside(group.view, filter)} then ${bitSql(1n << BigInt(bit))} else ${bitSql(0n)} end`), sql` + `)} as ${sql.id(`f${group.id}_${chunk}`)}`),
  ])
  return sql`keyed as materialized (select seen.*, case when ${inside(view, candidate.filter)} then ${ownKey} end as own${columns.length === 0 ? sql`` : sql`, ${list(columns)}`} from seen)`
}

function inside(view: ViewPlan, filter: CheckedCondition | null): Sql {
  return filter === null ? view.inside : sql`${view.inside} and ${conditionSql(view.permitted, filter)}`
}

function bitSql(value: bigint): Sql {
  return sql`cast(${sql.raw(String(value))} as bigint)`
}

function cellSql({ own }: Plan): Sql {
  const left = own.candidate.left.flatMap((part) => isReleased(sql<string>`own`, part) ?? [])
  return left.length === 0 ? sql`own as cell` : sql`case when own is not null and ${allOf(left)} then own end as cell`
}

function masksSql({ own, groups }: Plan): Sql[] {
  return groups.flatMap((group) => chunksOf(group).map((chunk, at) => sql`${maskSql(group, { chunk, at }, own.view.permitted.dialect)} as ${sql.id(`s${group.id}_${at}`)}`))
}

// Together with the masks, the values of the columns by which a row was grouped tell all the groups that it came out in.
function valuesSql({ views, groups }: Plan): Sql[] {
  return views.flatMap((view) => groupedColumns(view, groups).map((name) => {
    const by = groups.filter((group) => group.view === view && group.columns.includes(name))
    const any = by.flatMap((group) => chunksOf(group).map((_chunk, at) => sql`${sql.id(`s${group.id}_${at}`)} <> 0`))
    return sql`case when ${sql.join(any, sql` or `)} then ${view.permitted.ref(name)} end as ${sql.id(`g${view.place(name)}`)}`
  }))
}

// A grouping has a row where its filter leaves it and its key came out: what it does with most keys, turned round for those it names.
function maskSql(group: GroupPlan, { chunk, at }: { readonly chunk: readonly ReleasedGrouping[]; readonly at: number }, dialect: SqlTable['dialect']): Sql {
  const usual = bitSql(chunk.reduce((mask, { released }, bit) => (released.form === 'except' ? mask | (1n << BigInt(bit)) : mask), 0n))
  const inFilter = sql.id(`f${group.id}_${at}`)
  if (!hasExceptions(group)) return sql`(${inFilter} & ${usual})`
  const turned = sql`coalesce(${sql.id(`e${group.id}`, `b${at}`)}, 0)`
  return sql`(${inFilter} & ${dialect === 'duckdb' ? sql`xor(${usual}, ${turned})` : sql`(${usual} # ${turned})`})`
}

function hasExceptions({ members }: GroupPlan): boolean {
  return members.some(({ released }) => released.keys.length > 0)
}

// For each key that a grouping names, the bits of the groupings that name it.
function exceptionsSql(group: GroupPlan): Sql {
  if (!hasExceptions(group)) return sql``
  const chunks = chunksOf(group)
  const masks = new Map<string, bigint[]>()
  chunks.forEach((members, chunk) => members.forEach(({ released }, bit) => {
    for (const key of released.keys) {
      const row = masks.get(key) ?? chunks.map(() => 0n)
      row[chunk] = (row[chunk] ?? 0n) | (1n << BigInt(bit))
      masks.set(key, row)
    }
  }))
  const rows = [...masks.values()]
  const columns = chunks.map((_chunk, chunk) => sql`cast(unnest(string_to_array(${rows.map((row) => String(row[chunk] ?? 0n)).join(',')}, ',')) as bigint) as ${sql.id(`b${chunk}`)}`)
  const name = sql.id(`e${group.id}`)
  return sql` left join (select unnest(string_to_array(${[...masks.keys()].join(',')}, ',')) as key, ${list(columns)}) as ${name} on ${name}.key = ${sql.id(`k${group.id}`)}`
}

function piecesSql(test: PieceTest, signature: readonly Sql[]): Sql[] {
  const by = list(signature)
  if (test.kind === 'units') {
    const counts = test.units.map(({ counts }, index) => unitsSql(counts, sql.id(`u${index}`)))
    const few = test.units.map(({ atLeast }, index) => sql`${counts[index] ?? sql`0`} < cast(${String(atLeast)} as double precision)`)
    return [sql`pieces as (select ${by}, (${sql.join(few, sql` or `)}) as bad, ${counts[0] ?? sql`count(*)`} as size from placed group by ${by})`]
  }
  const largest = sql`coalesce(max(amount), 0) <= cast(${String(test.atMost)} as double precision) * coalesce(sum(amount), 0)`
  return [
    // Rows without a unit count as one.
    sql`shares as (select ${by}, u0, sum(abs(cast(u1 as double precision))) as amount from placed group by ${by}, u0)`,
    // A total that is no number passes no test.
    sql`pieces as (select ${by}, not (coalesce(sum(amount), 0) < 1e300 and ${largest}) as bad, coalesce(sum(amount), 0) as size from shares group by ${by})`,
  ]
}

function unitsSql(counts: 'distinct' | 'sum' | 'max', value: Sql): Sql {
  if (counts === 'distinct') return sql`count(distinct ${value})`
  // Less than nobody, and what is no number, is nobody.
  return sql`coalesce(${counts === 'sum' ? sql`sum` : sql`max`}(case when ${value} > 0 and ${value} < 1e15 then ${value} else 0 end), 0)`
}

function atomSql({ signature }: Plan): Sql {
  return signature.length === 0 ? sql`''` : groupKey(signature)
}
