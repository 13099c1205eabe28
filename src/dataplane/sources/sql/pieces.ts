import { sql } from 'kysely'
import type { Statement } from '../../query/engine.ts'
import { conditionSql } from './condition.ts'
import type { PiecesInput, PieceTest, ReleasedGrouping } from './groupings.ts'
import type { SqlTable } from './permitted.ts'
import { tableSql } from './permitted.ts'
import { filteredColumns, filteredSql, valuesOfColumnsSql, valueText } from './pieces-filters.ts'
import type { GroupPlan, Plan } from './pieces-plan.ts'
import { bitSql, chunksOf, groupedColumns, hasExceptions, planOf } from './pieces-plan.ts'
import type { Sql } from './statement.ts'
import { allOf, compileStatement, list } from './statement.ts'
import { groupKey, isReleased } from './withheld.ts'

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
    ...valuesOfColumnsSql(plan),
    keyedSql(plan),
    sql`masked as materialized (select ${list([sql`keyed.*`, cellSql(plan), ...masksSql(plan)])} from keyed${sql.join(plan.groups.map((group) => exceptionsSql(group)), sql``)})`,
    sql`placed as (select ${list([sql`masked.*`, ...valuesSql(plan)])} from masked)`,
    ...piecesSql(input.test, [...plan.signature, sql`cell`]),
  ]
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
  return sql`seen as materialized (select ${list([...columns, ...counted])} from ${tableSql(table)} where ${rows})`
}

function keyedSql(plan: Plan): Sql {
  const { candidate, view } = plan.own
  const where = candidate.filter === null ? view.inside : sql`${view.inside} and ${conditionSql(view.permitted, candidate.filter)}`
  const ownKey = groupKey(candidate.columns.map((name) => view.permitted.ref(name)))
  const columns = plan.groups.flatMap((group) => [
    ...(hasExceptions(group) ? [sql`${groupKey(group.columns.map((name) => group.view.permitted.ref(name)))} as ${sql.id(`k${group.id}`)}`] : []),
    ...chunksOf(group).map((chunk, at) => sql`${filteredSql(group, chunk, at)} as ${sql.id(`f${group.id}_${at}`)}`),
  ])
  const joins = plan.views.flatMap((view) => filteredColumns(view, plan).map((name) => {
    const table = sql.id(`d${view.place(name)}`)
    return sql` join ${table} on ${table}.text = ${valueText(view.permitted.ref(name))}`
  }))
  return sql`keyed as materialized (select ${list([sql`seen.*`, sql`case when ${where} then ${ownKey} end as own`, ...columns])} from seen${sql.join(joins, sql``)})`
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
