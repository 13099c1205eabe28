import { createHmac } from 'node:crypto'
import type { ColumnMask, QueryRestriction, RowScope } from '../../../src/policy/restriction.ts'
import type { CheckedCondition, CheckedQuery, Output } from '../../../src/dataplane/query/query.ts'
import type { ResultRow } from '../../../src/dataplane/query/engine.ts'
import type { Column } from '../../../src/dataplane/sources/source.ts'

export type Cell = string | number | boolean | null

/** The answer to a query, from the raw rows, in plain JavaScript: rows of cells. Without an order it is in no particular one. */
export function answerByHand(rows: readonly ResultRow[], columns: readonly Column[], query: CheckedQuery, options: { readonly restriction: QueryRestriction; readonly hashKey: string }): Cell[][] {
  const { restriction, hashKey } = options
  const types = new Map(columns.map((column) => [column.name, column.type]))
  const permitted = rows
    .filter((row) => restriction.rows.every((scope) => inScope(scope, cellOf(row[scope.dimension]), types.get(scope.dimension) ?? 'string')))
    .map((row) => Object.fromEntries(columns.map(({ name }) => [name, restriction.masks.filter(({ column }) => column === name).reduce((cell, mask) => masked(mask, cell, hashKey), cellOf(row[name]))])))
    .filter((row) => query.where === null || truth(query.where, shown(row, query.aggregated ? restriction.rounding : [])) === true)
  const answers = query.aggregated ? grouped(permitted, query, restriction) : permitted.map((row) => ({ cells: query.outputs.map(({ column }) => row[column?.name ?? ''] ?? null), row }))
  const sorted = answers.toSorted((a, b) => {
    for (const { by, descending, nulls } of query.order) {
      const index = 'output' in by ? query.outputs.findIndex(({ name }) => name === by.output) : query.aggregated ? query.outputs.findIndex(({ column, kind }) => kind === 'column' && column?.name === by.column.name) : -1
      const [x, y] = index >= 0 ? [a.cells[index], b.cells[index]] : 'column' in by ? [a.row[by.column.name], b.row[by.column.name]] : []
      const order = compareCells(x ?? null, y ?? null, nulls ?? (descending ? 'first' : 'last'), descending)
      if (order !== 0) return order
    }
    for (const [index, { kind }] of query.outputs.entries()) {
      const order = kind === 'column' ? compareCells(a.cells[index] ?? null, b.cells[index] ?? null, 'last', false) : 0
      if (order !== 0) return order
    }
    return 0
  })
  return sorted.slice(query.offset, query.limit === null ? undefined : query.offset + query.limit).map(({ cells }) => cells)
}

export function cellOf(value: unknown): Cell {
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value ?? null
  throw new Error(`no cell: ${JSON.stringify(value)}`)
}

function compareCells(x: Cell, y: Cell, nulls: 'first' | 'last', descending: boolean): number {
  if (x === null || y === null) return x === y ? 0 : (x === null) === (nulls === 'first') ? -1 : 1
  const order = typeof x === 'string' ? Buffer.compare(Buffer.from(x), Buffer.from(String(y))) : Number(x) - Number(y)
  return descending ? -order : order
}

function inScope({ operator, values }: RowScope, cell: Cell, type: string): boolean {
  if (cell === null) return false
  const order = values.map((text) => ordered(cell, typed(text, type)))
  const [first = Number.NaN] = order
  switch (operator) {
    case 'eq':
      return first === 0
    case 'neq':
      return first !== 0
    case 'lt':
      return first < 0
    case 'lteq':
      return first <= 0
    case 'gt':
      return first > 0
    case 'gteq':
      return first >= 0
    case 'isAnyOf':
      return order.includes(0)
    case 'isNoneOf':
      return !order.includes(0)
  }
}

function typed(text: string, type: string): string | number | boolean {
  return type === 'integer' || type === 'number' ? Number(text) : type === 'boolean' ? text === 'true' : text
}

function ordered(cell: string | number | boolean, value: string | number | boolean | bigint): number {
  return typeof cell === 'string' ? Buffer.compare(Buffer.from(cell), Buffer.from(String(value))) : Number(cell) - Number(value)
}

function masked({ mask }: ColumnMask, cell: Cell, key: string): Cell {
  if (cell === null || mask.kind === 'drop') return null
  switch (mask.kind) {
    case 'truncate':
      return Array.from(String(cell)).slice(0, mask.length).join('')
    case 'hash':
      return createHmac('sha256', key).update(String(cell)).digest('hex')
    case 'grid':
      return Number((Math.floor(Number((Number(cell) / mask.step).toFixed(6))) * mask.step).toFixed(6))
    case 'period':
      return mask.to === 'week' ? isoWeek(String(cell)) : String(cell).slice(0, { year: 4, month: 7, day: 10 }[mask.to])
  }
}

// The week belongs to the year of its Thursday (ISO 8601).
function isoWeek(date: string): string {
  const day = new Date(`${date.slice(0, 10)}T00:00:00Z`)
  const thursday = new Date(day.getTime() + (4 - (day.getUTCDay() || 7)) * 86_400_000)
  const year = thursday.getUTCFullYear()
  return `${year}-W${String(Math.ceil(((thursday.getTime() - Date.UTC(year, 0, 1)) / 86_400_000 + 1) / 7)).padStart(2, '0')}`
}

type Row = Readonly<Record<string, Cell>>

/** Kleene's logic: null is unknown. */
function truth(condition: CheckedCondition, row: Row): boolean | null {
  const plain = plainTruth(condition, row)
  return condition.negated && plain !== null ? !plain : plain
}

function plainTruth(condition: CheckedCondition, row: Row): boolean | null {
  if ('parts' in condition) {
    const parts = condition.parts.map((part) => truth(part, row))
    const decisive = condition.kind === 'or'
    return parts.includes(decisive) ? decisive : parts.includes(null) ? null : !decisive
  }
  const cell = row[condition.column.name] ?? null
  if (condition.kind === 'is') return condition.value === 'null' || condition.value === 'unknown' ? cell === null : condition.value === 'not_null' ? cell !== null : cell === (condition.value === 'true')
  // Nothing is in an empty list, not even what is not known.
  if (cell === null) return condition.kind === 'in' && condition.values.length === 0 ? false : null
  if (condition.kind === 'in') return condition.values.some((value) => ordered(cell, value) === 0)
  const { operator, value } = condition
  if (operator === 'like' || operator === 'ilike') return pattern(String(value), operator === 'ilike').test(String(cell))
  const order = ordered(cell, value)
  return { eq: order === 0, neq: order !== 0, gt: order > 0, gteq: order >= 0, lt: order < 0, lteq: order <= 0 }[operator]
}

function pattern(text: string, anyCase: boolean): RegExp {
  const source = text.replaceAll(/\\(.)|[%_]|[\s\S]/gu, (found, escaped?: string) => (escaped === undefined && found === '%' ? '[\\s\\S]*' : escaped === undefined && found === '_' ? '[\\s\\S]' : (escaped ?? found).replace(/[\\^$.*+?()[\]{}|/-]/u, String.raw`\$&`)))
  return new RegExp(`^${source}$`, anyCase ? 'iu' : 'u')
}

function grouped(rows: readonly Row[], query: CheckedQuery, { rounding }: QueryRestriction): { cells: Cell[]; row: Row }[] {
  const keys = query.outputs.flatMap((output) => (output.kind === 'column' ? [output.column.name] : []))
  const groups = Map.groupBy(rows, (row) => JSON.stringify(keys.map((key) => shown(row, rounding)[key])))
  if (keys.length === 0 && rows.length === 0) groups.set('', [])
  return [...groups.values()].map((group) => ({ row: group[0] ?? {}, cells: query.outputs.map((output) => (output.kind === 'column' ? (shown(group[0] ?? {}, rounding)[output.column.name] ?? null) : rounded(aggregate(output, group), output.column?.name, rounding))) }))
}

function aggregate({ fn, column }: Extract<Output, { kind: 'aggregate' }>, group: readonly Row[]): Cell {
  if (column === null) return group.length
  const cells = group.flatMap((row) => row[column.name] ?? [])
  if (fn === 'count') return cells.length
  if (fn === 'countDistinct') return new Set(cells).size
  if (cells.length === 0) return null
  const sum = cells.reduce<number>((total, cell) => total + Number(cell), 0)
  if (fn === 'sum' || fn === 'avg') return fn === 'sum' ? sum : sum / cells.length
  return cells.reduce((best, cell) => (compareCells(cell, best, 'last', fn === 'max') < 0 ? cell : best))
}

/** What conditions and groups see of a row: numbers that the terms round are rounded. */
function shown(row: Row, rounding: QueryRestriction['rounding']): Row {
  return Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, rounded(cell, name, rounding)]))
}

function rounded(cell: Cell, name: string | undefined, rounding: QueryRestriction['rounding']): Cell {
  if (typeof cell !== 'number') return cell
  const to = Math.max(0, ...rounding.filter(({ measure }) => measure === null || measure === name).map((one) => one.to))
  return to === 0 ? cell : Math.sign(cell) * Math.floor(Math.abs(cell) / to + 0.5) * to
}
