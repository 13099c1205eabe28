import { sql } from 'kysely'
import { ProblemError } from '../../../errors.ts'
import type { Rounding } from '../../../policy/restriction.ts'
import type { AggregateFunction, Output } from '../../query/query.ts'
import type { Column, ColumnType } from '../source.ts'
import { castSql, castType } from './casts.ts'
import { multipleSql } from './masks.ts'
import type { Permitted } from './permitted.ts'
import { isNumeric, ordered } from './permitted.ts'
import type { Sql } from './statement.ts'

type Aggregate = Extract<Output, { kind: 'aggregate' }>

/** The coarsest rounding of a measure, `null` being the rows themselves; those without a name are for every measure. */
export function roundingOf(roundings: readonly Rounding[], measure: string | null): Rounding | undefined {
  const found = roundings.filter((rounding) => rounding.measure === null || rounding.measure === measure)
  const wrong = found.find(({ to }) => !(Number.isFinite(to) && to > 0))
  if (wrong !== undefined) throw new ProblemError('unsupported-policy', `Numbers cannot be rounded to multiples of ${wrong.to}.`)
  return found.reduce<Rounding | undefined>((most, next) => (most === undefined || next.to > most.to ? next : most), undefined)
}

/** An output over the permitted rows, or a key of its groups: rounded, casts last. */
export function outputSql(permitted: Permitted, output: Output, roundings: readonly Rounding[]): Sql {
  const { dialect } = permitted
  if (output.kind === 'column') {
    const { value, type } = permitted.key(output.column.name)
    return castSql(value, type, output.cast)
  }
  const type = aggregateType(permitted, output)
  const value = aggregateSql(permitted, output)
  const rounding = isNumeric(type) ? roundingOf(roundings, output.column?.name ?? null) : undefined
  if (rounding === undefined) return castSql(value, type, output.cast)
  const rounded = multipleSql({ dialect, type, value, to: rounding.to, down: false })
  return castSql(rounded, roundedType(type, rounding), output.cast)
}

/** What an output is in the answer: sums of whole numbers are whole numbers, averages are numbers. */
export function outputColumn(permitted: Permitted, output: Output, roundings: readonly Rounding[]): Column {
  if (output.kind === 'column') {
    const column = permitted.column(output.column.name)
    const type = castType(permitted.key(column.name).type, output.cast)
    const { unit, description } = column
    return { name: output.name, type, nullable: column.nullable || output.cast !== null, ...(unit === undefined ? {} : { unit }), ...(description === undefined ? {} : { description }) }
  }
  const type = aggregateType(permitted, output)
  const rounding = isNumeric(type) ? roundingOf(roundings, output.column?.name ?? null) : undefined
  return { name: output.name, type: castType(roundedType(type, rounding), output.cast), nullable: !output.fn.startsWith('count') }
}

function roundedType(type: ColumnType, rounding: Rounding | undefined): ColumnType {
  return rounding !== undefined && type === 'integer' && !Number.isSafeInteger(rounding.to) ? 'number' : type
}

function aggregateType(permitted: Permitted, output: Aggregate): ColumnType {
  if (output.fn === 'count' || output.fn === 'countDistinct') return 'integer'
  const { type, name } = measured(permitted, output)
  if ((output.fn === 'sum' || output.fn === 'avg') && !isNumeric(type)) throw refused(output.fn, name, type)
  if (type === 'object') throw refused(output.fn, name, type)
  return output.fn === 'avg' ? 'number' : type
}

function refused(fn: AggregateFunction, name: string, type: ColumnType): ProblemError {
  return new ProblemError('invalid-query', `${fn}() cannot be taken of ${JSON.stringify(name)}, which has values of type ${type}.`)
}

function measured(permitted: Permitted, output: Aggregate): Column {
  if (output.column === null) throw new ProblemError('invalid-query', `${output.fn}() needs a column.`)
  return permitted.column(output.column.name)
}

function aggregateSql(permitted: Permitted, output: Aggregate): Sql {
  const { fn } = output
  if (output.column === null && fn === 'count') return sql`count(*)`
  const column = measured(permitted, output)
  const value = permitted.ref(column.name)
  switch (fn) {
    case 'count':
      return sql`count(${value})`
    case 'countDistinct':
      return sql`count(distinct ${value})`
    case 'avg':
      return permitted.dialect === 'duckdb' && column.type === 'number' ? sql`favg(${value})` : sql`cast(avg(${value}) as double precision)`
    case 'sum':
      // Adding binary fractions one by one drifts: 0.1 + 0.2 + …. DuckDB compensates; PostgreSQL's numeric is exact.
      return permitted.dialect === 'duckdb' && column.type === 'number' ? sql`fsum(${value})` : sql`sum(${value})`
    case 'min':
    case 'max':
      // PostgreSQL has no least truth value.
      if (column.type === 'boolean') return fn === 'min' ? sql`bool_and(${value})` : sql`bool_or(${value})`
      return sql`${sql.raw(fn)}(${ordered(permitted.dialect, column.type, value)})`
  }
}
