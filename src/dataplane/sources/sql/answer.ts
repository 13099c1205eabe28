import { sql } from 'kysely'
import { ProblemError } from '../../../errors.ts'
import type { QueryRestriction } from '../../../policy/restriction.ts'
import type { Statement } from '../../query/engine.ts'
import type { CheckedCondition, CheckedOrder, CheckedQuery } from '../../query/query.ts'
import type { Column, ColumnType } from '../source.ts'
import { conditionSql } from './condition.ts'
import { outputColumn, outputSql, roundingOf } from './outputs.ts'
import type { Permitted, SqlTable } from './permitted.ts'
import { isNumeric, ordered, permittedRows } from './permitted.ts'
import type { Sql } from './statement.ts'
import { allOf, compileStatement, list } from './statement.ts'
import type { WithheldGroups } from './withheld.ts'
import { groupKey, isReleased } from './withheld.ts'

/** Under what a query is answered. */
export interface AnswerOptions {
  readonly restriction: QueryRestriction
  /** The agreement's key of hashed columns. */
  readonly hashKey: string
  readonly withheld?: WithheldGroups
  /** Columns that a rounding of every measure leaves alone where single rows come out. */
  readonly dimensions?: readonly string[]
}

/**
 * The permitted rows as a query sees them. Rounded measures are rounded before single rows of them come out, and before they are compared
 * or grouped by, so that no filter finds what rounding hides. Where groups are protected, conditions are on the values themselves, as
 * disclosure control weighs them.
 */
export function permittedFor(table: SqlTable, query: Pick<CheckedQuery, 'aggregated'>, { restriction, hashKey, dimensions = [] }: AnswerOptions): Permitted {
  const rounded = ({ name, type }: Column) =>
    isNumeric(type) ? roundingOf(restriction.rounding.filter(({ measure }) => measure === name || (measure === null && !dimensions.includes(name))), name) : undefined
  if (!query.aggregated) return permittedRows(table, restriction, hashKey, { rounded })
  return permittedRows(table, restriction, hashKey, protectsGroups(restriction) ? { keys: rounded } : { keys: rounded, compared: rounded })
}

function protectsGroups({ minGroupSizes, largestShares }: QueryRestriction): boolean {
  return minGroupSizes.length > 0 || largestShares.length > 0
}

/** The columns of the answer with their types. */
export function answerColumns(table: SqlTable, query: CheckedQuery, options: AnswerOptions): Column[] {
  const permitted = permittedFor(table, query, options)
  return query.outputs.map((output) => outputColumn(permitted, output, aggregateRoundings(query, options)))
}

/** The statement that answers a query: its columns are the outputs, in their order and by their names. */
export function answerStatement(table: SqlTable, query: CheckedQuery, options: AnswerOptions): Statement {
  const plan = planOf(table, query, options)
  const names = query.outputs.map(({ name }, index) => sql`${sql.id(`o${index}`)} as ${sql.id(name)}`)
  const order = orderSql(plan, query)
  const limit = query.limit === null ? sql`` : sql` limit cast(${String(query.limit)} as bigint)`
  const offset = query.offset === 0 ? sql`` : sql` offset cast(${String(query.offset)} as bigint)`
  return compileStatement(sql`with ${list(plan.ctes)} select ${list(names)} from answer${order}${limit}${offset}`)
}

/** How many rows the answer has without its limit and offset, as one row `count`. */
export function countStatement(table: SqlTable, query: CheckedQuery, options: AnswerOptions): Statement {
  return compileStatement(sql`with ${list(planOf(table, { ...query, order: [] }, options).ctes)} select count(*) as count from answer`)
}

/** What an answer is made of: sub-queries, the last of them `answer`, with `o0…` the outputs and `s0…` what else it is ordered by. */
interface Plan {
  readonly permitted: Permitted
  readonly ctes: readonly Sql[]
  /** The type of each output. */
  readonly types: readonly ColumnType[]
  /** What else it is ordered by. */
  readonly sorted: readonly Column[]
}

function planOf(table: SqlTable, query: CheckedQuery, options: AnswerOptions): Plan {
  const permitted = permittedFor(table, query, options)
  const roundings = aggregateRoundings(query, options)
  const outputs = query.outputs.map((output, index) => sql`${outputSql(permitted, output, roundings)} as ${sql.id(`o${index}`)}`)
  const types = query.outputs.map((output) => outputColumn(permitted, output, roundings).type)
  const where = whereSql(permitted, query, options.withheld)
  const columns = [...usedColumns(query), ...(options.withheld?.columns ?? [])]
  if (query.aggregated) return { permitted, types, sorted: [], ctes: [permitted.cte({ columns }), sql`answer as not materialized (select ${list(outputs)} from permitted${where}${groupBy(query)})`] }
  const sorted = query.order.flatMap(({ by }) => ('column' in by ? [permitted.column(by.column.name)] : []))
  const extra = sorted.map(({ name }, index) => sql`${permitted.ref(name)} as ${sql.id(`s${index}`)}`)
  return { permitted, types, sorted, ctes: [permitted.cte({ columns }), sql`answer as not materialized (select ${list([...outputs, ...extra])} from permitted${where})`] }
}

// Rows of groups that are withheld are left out before anything is counted of them.
function whereSql(permitted: Permitted, query: CheckedQuery, withheld: WithheldGroups | undefined): Sql {
  const released = withheld === undefined ? undefined : isReleased(groupKey(withheld.columns.map((name) => permitted.ref(name))), withheld)
  const tests = [...(query.where === null ? [] : [conditionSql(permitted, query.where)]), ...(released === undefined ? [] : [released])]
  return tests.length === 0 ? sql`` : sql` where ${allOf(tests)}`
}

// By their places: an expression with a bound value is not the same when it is written again.
function groupBy(query: CheckedQuery): Sql {
  const places = query.outputs.flatMap(({ kind }, index) => (kind === 'column' ? [sql.lit(index + 1)] : []))
  return places.length === 0 ? sql`` : sql` group by ${list(places)}`
}

/** The roundings that are left to outputs: with single rows they were done before. */
export function aggregateRoundings(query: Pick<CheckedQuery, 'aggregated'>, { restriction }: Pick<AnswerOptions, 'restriction'>): QueryRestriction['rounding'] {
  return query.aggregated ? restriction.rounding : []
}

function usedColumns(query: CheckedQuery): string[] {
  const outputs = query.outputs.flatMap(({ column }) => column?.name ?? [])
  const order = query.order.flatMap(({ by }) => ('column' in by ? [by.column.name] : []))
  return [...outputs, ...(query.where === null ? [] : conditionColumns(query.where)), ...order]
}

function conditionColumns(condition: CheckedCondition): string[] {
  return 'parts' in condition ? condition.parts.flatMap(conditionColumns) : [condition.column.name]
}

// As PostgREST: null is greater than everything. What is equal is told apart by the other outputs, so that pages do not overlap; groups
// always come in an order.
function orderSql(plan: Plan, query: CheckedQuery): Sql {
  let sorted = 0
  const wanted = query.order.map((order) => {
    const { name, type } = orderedBy(plan, query, order, () => sorted++)
    const nulls = order.nulls ?? (order.descending ? 'first' : 'last')
    return { name, sql: sql`${ordered(plan.permitted.dialect, type, sql.id(name))}${order.descending ? sql` desc` : sql``} nulls ${sql.raw(nulls)}` }
  })
  const seen = new Set(wanted.map(({ name }) => name))
  const paged = wanted.length > 0 && (query.limit !== null || query.offset > 0)
  const rest = query.outputs.flatMap(({ kind }, index) => {
    const name = `o${index}`
    const type = plan.types[index] ?? 'string'
    const tells = query.aggregated ? kind === 'column' : paged
    return tells && !seen.has(name) ? [sql`${ordered(plan.permitted.dialect, type, type === 'object' ? sql`cast(${sql.id(name)} as text)` : sql.id(name))} nulls last`] : []
  })
  const all = [...wanted.map(({ sql }) => sql), ...rest]
  return all.length === 0 ? sql`` : sql` order by ${list(all)}`
}

function orderedBy(plan: Plan, query: CheckedQuery, { by }: CheckedOrder, next: () => number): { name: string; type: ColumnType } {
  const output = 'output' in by ? query.outputs.findIndex(({ name }) => name === by.output) : query.aggregated ? query.outputs.findIndex((output) => output.kind === 'column' && output.column.name === by.column.name) : -1
  if (output >= 0) return { name: `o${output}`, type: plan.types[output] ?? 'string' }
  const index = 'column' in by && !query.aggregated ? next() : -1
  const column = plan.sorted[index]
  if (column === undefined) throw new ProblemError('invalid-query', `The answer cannot be ordered by ${JSON.stringify('output' in by ? by.output : by.column.name)}: it is not selected.`)
  return { name: `s${index}`, type: column.type }
}
