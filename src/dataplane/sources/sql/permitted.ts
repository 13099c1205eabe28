import { sql } from 'kysely'
import { ProblemError } from '../../../errors.ts'
import type { Mask, QueryRestriction, Rounding, RowScope } from '../../../policy/restriction.ts'
import type { TableEngine } from '../../query/engine.ts'
import { permittedColumns } from '../../query/permitted-columns.ts'
import type { Column, ColumnType } from '../source.ts'
import { maskSql, multipleSql, requireMaskable } from './masks.ts'
import type { Sql, SqlDialect } from './statement.ts'
import { allOf, list, textRows } from './statement.ts'
import { castTo, readText, valueSql } from './values.ts'

/** What of a table to build statements on needs. */
export type SqlTable = Pick<TableEngine, 'dialect' | 'from' | 'columns'>

/**
 * The rows, columns and values that a restriction leaves, as the sub-query `permitted`, on which everything else is built. Its columns
 * have names of our own, so that no name of a dataset can collide.
 */
export interface Permitted {
  readonly dialect: SqlDialect
  /** What may be named, with the types that masks leave. */
  readonly columns: readonly Column[]
  /** The column as it is permitted; 'unknown-column' when it may not be named. */
  column(name: string): Column
  /** Its value in `permitted`. */
  ref(name: string): Sql
  /** That value as conditions see it, and as groups are made by it: rounded where the terms round it and single values would show. */
  compared(name: string): Sql
  key(name: string): Keyed
  /** The unmasked value of a column that identifies or counts a protected unit, in `permitted`: to be counted, never to come out. */
  unit(name: string): Sql
  /** The value of a permitted column over a row of the table itself, and that of a protected unit's or a measure's, unmasked. */
  value(name: string): Sql
  raw(name: string): Sql
  /** Whether a row of the table itself is permitted. */
  readonly filter: Sql
  /** `permitted as (…)`, to come after `with`, with exactly these columns and units. */
  cte(uses: { readonly columns: readonly string[]; readonly units?: readonly string[] }): Sql
}

/** What groups are made by. */
export interface Keyed {
  readonly value: Sql
  readonly type: ColumnType
}

/** Further ways to read the rows. */
export interface PermittedOptions {
  /** Values that are rounded before anything sees them: where single rows come out. */
  readonly rounded?: (column: Column) => Rounding | undefined
  /** Values that are rounded before they are compared, and before groups are made by them: where sums are of the values themselves. */
  readonly compared?: (column: Column) => Rounding | undefined
  readonly keys?: (column: Column) => Rounding | undefined
}

/** The sub-query of a restriction over a table. A restriction that names what is not there is refused. */
export function permittedRows(table: SqlTable, restriction: QueryRestriction, hashKey: string, options: PermittedOptions = {}): Permitted {
  const { dialect } = table
  const roundings = options.rounded ?? (() => undefined)
  const masked = permittedColumns(table.columns, restriction)
  const maskedTypes = new Map(masked.map(({ name, type }) => [name, type]))
  const columns = masked.map((column) => roundedType(column, roundings(column)))
  const byName = new Map(columns.map((column) => [column.name, column]))
  const indexes = new Map(table.columns.map(({ name }, index) => [name, index]))
  const masks = masksOf(table.columns, restriction)
  const filter = allOf(restriction.rows.map((scope, index) => scopeSql(table, scope, index)))

  function column(name: string): Column {
    const found = byName.get(name)
    if (found === undefined) throw new ProblemError('unknown-column', `There is no column ${JSON.stringify(name)} here. There are: ${columns.map(({ name }) => name).join(', ')}.`)
    return found
  }

  function value(name: string): Sql {
    const raw = sourceColumn(table, name)
    const masked = masks(name).reduce((value, { mask, type }) => maskSql({ dialect, type, value, hashKey }, mask), rawSql(dialect, raw))
    const type = maskedTypes.get(name) ?? raw.type
    const rounding = roundings({ ...raw, type })
    return rounding === undefined || !isNumeric(type) ? masked : multipleSql({ dialect, type, value: masked, to: rounding.to, down: false })
  }

  const ref = (name: string): Sql => sql.id(`c${indexes.get(column(name).name)}`)
  function keyed(name: string, roundings: PermittedOptions['keys']): Keyed {
    const found = column(name)
    const rounding = isNumeric(found.type) ? roundings?.(found) : undefined
    if (rounding === undefined) return { value: ref(name), type: found.type }
    return { value: multipleSql({ dialect, type: found.type, value: ref(name), to: rounding.to, down: false }), type: roundedType(found, rounding).type }
  }

  return {
    dialect,
    columns,
    column,
    ref,
    compared: (name) => keyed(name, options.compared).value,
    key: (name) => keyed(name, options.keys),
    unit: (name) => sql.id(`u${indexes.get(sourceColumn(table, name).name)}`),
    value: (name) => value(column(name).name),
    raw: (name) => rawSql(dialect, sourceColumn(table, name)),
    filter,
    cte(uses) {
      const selected = [...new Set(uses.columns)].map((name) => sql`${value(column(name).name)} as ${sql.id(`c${indexes.get(name)}`)}`)
      const units = [...new Set(uses.units)].map((name) => sql`${rawSql(dialect, sourceColumn(table, name))} as ${sql.id(`u${indexes.get(name)}`)}`)
      const all = [...selected, ...units]
      return sql`permitted as not materialized (select ${all.length === 0 ? sql`1 as nothing` : list(all)} from ${tableSql(table)} where ${filter})`
    },
  }
}

/** The table itself. */
export function tableSql({ from }: SqlTable): Sql {
  return from.schema === null ? sql.id(from.table) : sql.id(from.schema, from.table)
}

// Text of every kind is read as text: uuid and the like have no collation of their own.
function rawSql(dialect: SqlDialect, column: Column): Sql {
  const name = sql.id(column.name)
  return dialect === 'postgresql' && column.type === 'string' ? sql`cast(${name} as text)` : name
}

function sourceColumn(table: SqlTable, name: string): Column {
  const found = table.columns.find((column) => column.name === name)
  if (found === undefined) throw new ProblemError('unsupported-policy', `The terms name the column ${JSON.stringify(name)}, which the dataset does not have.`)
  return found
}

interface TypedMask {
  readonly mask: Mask
  /** What it is put on. */
  readonly type: ColumnType
}

// Masks that name no column, or mean nothing for its type, would mask nothing: refused. Several on one column are put on in their order.
function masksOf(columns: readonly Column[], restriction: QueryRestriction): (name: string) => readonly TypedMask[] {
  const byColumn = new Map<string, TypedMask[]>()
  for (const { column: name, mask } of restriction.masks) {
    const column = columns.find((column) => column.name === name)
    if (column === undefined) throw new ProblemError('unsupported-policy', `The terms mask the column ${JSON.stringify(name)}, which the dataset does not have.`)
    const before = byColumn.get(name) ?? []
    const type = before.every(({ mask }) => mask.kind === 'grid') ? column.type : 'string'
    requireMaskable(type, mask, name)
    byColumn.set(name, [...before, { mask, type }])
  }
  return (name) => byColumn.get(name) ?? []
}

function roundedType(column: Column, rounding: Rounding | undefined): Column {
  return rounding !== undefined && column.type === 'integer' && !Number.isSafeInteger(rounding.to) ? { ...column, type: 'number' } : column
}

export function isNumeric(type: ColumnType): boolean {
  return type === 'integer' || type === 'number'
}

const operators = { eq: sql`=`, neq: sql`<>`, lt: sql`<`, lteq: sql`<=`, gt: sql`>`, gteq: sql`>=` } as const

// Compares what is stored, not what masks leave. A row without a value is in no scope: comparing null is not true.
function scopeSql(table: SqlTable, scope: RowScope, index: number): Sql {
  const column = sourceColumn(table, scope.dimension)
  const raw = rawSql(table.dialect, column)
  const at = `${JSON.stringify(scope.dimension)} (row scope ${index + 1})`
  const values = scope.values.map((text) => {
    const value = readText(column.type, text)
    if (value === undefined) throw new ProblemError('unsupported-policy', `The terms compare the column ${at} with ${JSON.stringify(text.slice(0, 100))}, which is not a value of type ${column.type}.`)
    return value
  })
  if (scope.operator === 'isAnyOf' || scope.operator === 'isNoneOf') return inSql(table.dialect, { type: column.type, value: raw, values, negated: scope.operator === 'isNoneOf' })
  const [value] = values
  if (value === undefined || values.length > 1) throw new ProblemError('unsupported-policy', `The terms compare the column ${at} with ${values.length} values; ${scope.operator} takes one.`)
  return sql`${ordered(table.dialect, column.type, raw)} ${operators[scope.operator]} ${valueSql(table.dialect, column.type, value)}`
}

// Both engines order text by its code points.
export function ordered(dialect: SqlDialect, type: ColumnType, value: Sql): Sql {
  return dialect === 'postgresql' && (type === 'string' || type === 'object') ? sql`${value} collate "C"` : value
}

const fewValues = 24

/** Whether a value is one of several. Many are bound as one. Not true of null, negated or not. */
export function inSql(dialect: SqlDialect, test: { readonly type: ColumnType; readonly value: Sql; readonly values: readonly string[]; readonly negated: boolean }): Sql {
  const { type, value, values, negated } = test
  const not = negated ? sql`not ` : sql``
  if (values.length === 0) return negated ? sql`${value} is not null` : sql`false`
  if (values.length <= fewValues) return sql`${value} ${not}in (${list(values.map((text) => valueSql(dialect, type, text)))})`
  const compared: ColumnType = type === 'integer' && values.some((text) => readText('integer', text) === undefined) ? 'number' : type
  return sql`${value} ${not}in (select ${castTo(compared, sql`v`)} from ${textRows(dialect, values)})`
}
