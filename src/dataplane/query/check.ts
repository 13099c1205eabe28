import { ProblemError } from '../../errors.ts'
import type { DatasetFacts, QueryRestriction } from '../../policy/restriction.ts'
import type { Column } from '../sources/source.ts'
import { checkCondition } from './check-conditions.ts'
import type { AggregateFunction, Cast, CheckedOrder, CheckedQuery, OrderItem, Output, SelectItem, TableQuery } from './query.ts'
import { columnOf, protects, requireDimension, scopeOf } from './scope.ts'
import type { Scope } from './scope.ts'

/**
 * Looks up every name of a query, reads every value by its column's type, and refuses what `restriction` does not let out:
 * 'unknown-column', 'invalid-query', 'not-permitted', each with what would be allowed.
 */
export function checkQuery(query: TableQuery, table: { readonly columns: readonly Column[]; readonly facts: DatasetFacts }, restriction: QueryRestriction): CheckedQuery {
  const scope = scopeOf(table, restriction)
  const outputs = query.select.flatMap((item) => outputsOf(scope, item))
  const aggregated = outputs.some(({ kind }) => kind === 'aggregate')
  checkNames(outputs)
  if (!aggregated) refuseRows(scope)
  if (aggregated) for (const output of outputs) checkGroup(scope, output)
  return {
    outputs,
    aggregated,
    where: query.where === null ? null : checkCondition(scope, query.where),
    order: query.order.map((item) => checkOrder(scope, item, { outputs, aggregated })),
    limit: least(query.limit, restriction.maxRows),
    offset: query.offset,
  }
}

function least(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}

function outputsOf(scope: Scope, item: SelectItem): Output[] {
  if (item.kind === 'all') return [...scope.columns.values()].map((column) => ({ kind: 'column', name: column.name, column, cast: null }))
  if (item.kind === 'column') {
    const column = columnOf(scope, item.column, 'select')
    return [{ kind: 'column', name: item.alias ?? column.name, column, cast: checkedCast(column, item.cast) }]
  }
  const column = item.column === null ? null : columnOf(scope, item.column, 'select')
  checkAggregate(scope, item.fn, column)
  const name = item.alias ?? (column === null ? 'count' : `${column.name}.${item.fn}`)
  return [{ kind: 'aggregate', name, fn: item.fn, column, cast: aggregateCast(item.fn, column, item.cast) }]
}

function checkNames(outputs: readonly Output[]): void {
  const seen = new Set<string>()
  for (const { name } of outputs) {
    if (seen.has(name)) throw new ProblemError('invalid-query', `select: two columns of the answer would be named ${JSON.stringify(name)}. Rename one: other:column.`, { fields: { parameter: 'select' } })
    seen.add(name)
  }
  if (outputs.length === 0) throw new ProblemError('not-permitted', 'The terms of the agreement let no column out.')
}

const countable = new Set(['integer', 'number'])

function checkAggregate(scope: Scope, fn: AggregateFunction, column: Column | null): void {
  if (column === null) return
  if ((fn === 'sum' || fn === 'avg') && !countable.has(column.type)) throw new ProblemError('invalid-query', `select: ${fn} needs numbers, and ${column.name} is of type ${column.type}.`, { fields: { parameter: 'select', column: column.name } })
  if (column.type === 'object') throw new ProblemError('invalid-query', `select: ${column.name} holds nested values, which are not aggregated.`, { fields: { parameter: 'select', column: column.name } })
  if (!protects(scope.restriction)) return
  const isUnit = scope.facts.protectedUnits.some((unit) => unit.column === column.name && unit.counts === 'distinct')
  // An extreme is the value of one row, and how many cells are filled or differ can be about one as well.
  const open = fn === 'sum' || fn === 'avg' || (isUnit && (fn === 'count' || fn === 'countDistinct'))
  if (open) return
  throw new ProblemError('not-permitted', `select: ${fn} of ${column.name} could be about a single one, which the terms of the agreement protect. Ask for sum(), avg() or count() of rows.`, {
    fields: { parameter: 'select', column: column.name, term: scope.restriction.minGroupSizes.length > 0 ? 'minGroupSize' : 'largestShare' },
  })
}

function refuseRows({ restriction, dimensions, columns }: Scope): void {
  if (!restriction.aggregatesOnly && !protects(restriction)) return
  const term = restriction.minGroupSizes.length > 0 ? 'minGroupSize' : restriction.largestShares.length > 0 ? 'largestShare' : 'queryAggregate'
  const group = [...(dimensions ?? columns.keys())][0] ?? 'column'
  throw new ProblemError('not-permitted', `The terms of the agreement let out statistics only, no single rows. Ask for groups, such as select=${group},count().`, { fields: { term } })
}

function checkGroup(scope: Scope, output: Output): void {
  if (output.kind !== 'column') return
  requireDimension(scope, output.column, 'select')
  if (output.column.type === 'object') throw new ProblemError('invalid-query', `select: ${output.column.name} holds nested values, by which nothing is grouped.`, { fields: { parameter: 'select', column: output.column.name } })
  // Groups are by the column's values: two values that a cast makes equal would be two groups that look alike.
  if (output.cast !== null && scope.dimensions !== null) throw new ProblemError('invalid-query', `select: ${output.column.name} is grouped by, and cannot be cast where groups are protected.`, { fields: { parameter: 'select', column: output.column.name } })
}

// Casts that cannot fail on any value.
const safeCasts: Readonly<Record<string, readonly Cast[]>> = {
  string: ['text'],
  integer: ['text', 'bigint', 'numeric', 'double'],
  number: ['text', 'numeric', 'double'],
  boolean: ['text', 'boolean'],
  date: ['text', 'date', 'timestamp'],
  datetime: ['text', 'date', 'timestamp'],
  time: ['text'],
  object: ['text'],
}

function checkedCast(column: Column, cast: Cast | null): Cast | null {
  return requireSafe(`${column.name} (${column.type})`, safeCasts[column.type] ?? [], cast)
}

function aggregateCast(fn: AggregateFunction, column: Column | null, cast: Cast | null): Cast | null {
  if (fn === 'min' || fn === 'max') return column === null ? null : checkedCast(column, cast)
  return requireSafe(fn, fn === 'sum' || fn === 'avg' ? ['text', 'numeric', 'double'] : ['text', 'bigint', 'numeric', 'double'], cast)
}

function requireSafe(what: string, allowed: readonly Cast[], cast: Cast | null): Cast | null {
  if (cast === null || allowed.includes(cast)) return cast
  throw new ProblemError('invalid-query', `select: ${what} cannot be cast to ${cast} for every value. It can be to ${allowed.join(', ')}.`, { fields: { parameter: 'select', allowed } })
}

function checkOrder(scope: Scope, item: OrderItem, { outputs, aggregated }: { outputs: readonly Output[]; aggregated: boolean }): CheckedOrder {
  const { descending, nulls } = item
  const isGroup = outputs.some((group) => group.kind === 'column' && group.column.name === item.by)
  const named = aggregated && !isGroup ? undefined : scope.columns.get(item.by)
  const column = named?.type === 'object' ? undefined : named
  // Rows are ordered by the table's columns, as PostgREST does it: 9 comes before 10 even where they come out as text.
  if (column !== undefined && !aggregated) return { by: { column }, descending, nulls }
  const output = outputs.find(({ name }) => name === item.by)
  if (output !== undefined) return { by: { output: output.name }, descending, nulls }
  if (column !== undefined) return { by: { column }, descending, nulls }
  const allowed = [...new Set([...outputs.map(({ name }) => name), ...(aggregated ? [] : scope.columns.keys())])]
  throw new ProblemError('unknown-column', `order: the answer cannot be ordered by ${JSON.stringify(item.by.slice(0, 100))}. It can be by: ${allowed.slice(0, 100).join(', ')}.`, { fields: { parameter: 'order', allowed: allowed.slice(0, 500) } })
}
