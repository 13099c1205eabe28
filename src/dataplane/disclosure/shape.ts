import { createHash } from 'node:crypto'
import type { ColumnMask, QueryRestriction, RowScope } from '../../policy/restriction.ts'
import type { BoundValue, CheckedCondition, CheckedQuery, ComparisonOperator } from '../query/query.ts'
import type { Column } from '../sources/source.ts'

/**
 * What a query released, as far as disclosure goes: the rows that its filter leaves, cut into groups. Order, limit and offset do not
 * matter: who sees a part of an answer can ask for the rest.
 */
export interface Shape {
  /** The permitted rows it looked at. */
  readonly view: View
  readonly filter: CheckedCondition | null
  /** Group columns, sorted; none for a total. */
  readonly columns: readonly string[]
  /** Summed or averaged columns, sorted. */
  readonly measures: readonly string[]
}

/** A shape and which of its groups came out. */
export interface ReleasedShape extends Shape {
  readonly released: { readonly form: 'except' | 'only'; readonly keys: readonly string[] }
}

/** Which rows a permission lets in, and how their dimensions are coarsened. */
export interface View {
  readonly rows: readonly RowScope[]
  readonly masks: readonly ColumnMask[]
}

/** A shape as JSON. */
export interface StoredShape extends Omit<ReleasedShape, 'filter'> {
  readonly filter: StoredCondition | null
}

/** 64-bit integers are written in a list of one, as text. */
type StoredValue = string | number | boolean | readonly [bigint: string]

export type StoredCondition =
  | { readonly kind: 'compare'; readonly column: Column; readonly operator: ComparisonOperator; readonly value: StoredValue; readonly negated: boolean }
  | { readonly kind: 'in'; readonly column: Column; readonly values: readonly StoredValue[]; readonly negated: boolean }
  | { readonly kind: 'is'; readonly column: Column; readonly value: 'null' | 'not_null' | 'true' | 'false' | 'unknown'; readonly negated: boolean }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly StoredCondition[]; readonly negated: boolean }

/** The shape of an aggregated query. Queries that differ in how they are written only have the same. */
export function shapeOf(query: CheckedQuery, restriction: QueryRestriction): Shape {
  const measures = query.outputs.flatMap((output) => (output.kind === 'aggregate' && output.column !== null && (output.fn === 'sum' || output.fn === 'avg') ? [output.column.name] : []))
  const columns = query.outputs.flatMap((output) => (output.kind === 'column' ? [output.column.name] : []))
  return { view: { rows: sorted(restriction.rows), masks: sorted(restriction.masks) }, filter: query.where === null ? null : canonical(query.where), columns: names(columns), measures: names(measures) }
}

/** Whether two shapes are of the same groups, whatever is measured. */
export function sameGroups(one: Shape, other: Shape): boolean {
  return text([one.view, one.filter, one.columns]) === text([other.view, other.filter, other.columns])
}

/** Whether all that `shape` tells was told by `earlier` already, each of its groups being made up of whole ones of `earlier`. */
export function followsFrom(shape: Shape, earlier: ReleasedShape): boolean {
  if (earlier.released.form !== 'except' || earlier.released.keys.length > 0) return false
  if (text(shape.view) !== text(earlier.view) || !within(shape.columns, earlier.columns) || !within(shape.measures, earlier.measures)) return false
  const told = new Set(conjuncts(earlier.filter).map(text))
  const asked = conjuncts(shape.filter)
  const added = asked.filter((part) => !told.has(text(part)))
  return asked.length - added.length === told.size && within(added.flatMap(columnsOf), earlier.columns)
}

/** The shapes from which all others follow. */
export function withoutRepeats(shapes: readonly ReleasedShape[]): ReleasedShape[] {
  const kept: ReleasedShape[] = []
  for (const shape of shapes) {
    if (kept.some((other) => followsFrom(shape, other))) continue
    kept.push(shape)
  }
  return kept.filter((shape, at) => !kept.some((other, place) => place > at && followsFrom(shape, other)))
}

/** Names of the columns that a condition looks at. */
export function columnsOf(condition: CheckedCondition): string[] {
  return 'parts' in condition ? condition.parts.flatMap(columnsOf) : [condition.column.name]
}

/** SHA-256 of a shape, hex. */
export function shapeDigest(shape: ReleasedShape): string {
  return createHash('sha256').update(text(stored(shape))).digest('hex')
}

export function stored(shape: ReleasedShape): StoredShape {
  return { ...shape, filter: shape.filter === null ? null : storedCondition(shape.filter) }
}

export function restored(shape: StoredShape): ReleasedShape {
  return { ...shape, filter: shape.filter === null ? null : restoredCondition(shape.filter) }
}

function storedCondition(condition: CheckedCondition): StoredCondition {
  if ('parts' in condition) return { ...condition, parts: condition.parts.map(storedCondition) }
  if (condition.kind === 'in') return { ...condition, values: condition.values.map(storedValue) }
  return condition.kind === 'is' ? condition : { ...condition, value: storedValue(condition.value) }
}

function storedValue(value: BoundValue): StoredValue {
  return typeof value === 'bigint' ? [String(value)] : value
}

function restoredCondition(condition: StoredCondition): CheckedCondition {
  if ('parts' in condition) return { ...condition, parts: condition.parts.map(restoredCondition) }
  if (condition.kind === 'in') return { ...condition, values: condition.values.map(restoredValue) }
  return condition.kind === 'is' ? condition : { ...condition, value: restoredValue(condition.value) }
}

function restoredValue(value: StoredValue): BoundValue {
  return typeof value === 'object' ? BigInt(value[0]) : value
}

const opposite = { gt: 'lteq', gteq: 'lt', lt: 'gteq', lteq: 'gt' } as const satisfies Partial<Record<ComparisonOperator, ComparisonOperator>>

/** One way to write what can be written in several: SQL's three truth values are kept. */
export function canonical(condition: CheckedCondition): CheckedCondition {
  if ('parts' in condition) return canonicalParts(condition)
  const column = { name: condition.column.name, type: condition.column.type, nullable: condition.column.nullable }
  const { negated } = condition
  switch (condition.kind) {
    case 'is':
      return condition.value === 'not_null' ? { kind: 'is', column, value: 'null', negated: !negated } : { kind: 'is', column, value: condition.value, negated }
    case 'in': {
      const values = sorted(condition.values)
      const [value] = values
      return values.length === 1 && value !== undefined ? { kind: 'compare', column, operator: 'eq', value, negated } : { kind: 'in', column, values, negated }
    }
    case 'compare': {
      const { operator, value } = condition
      if (operator === 'neq') return { kind: 'compare', column, operator: 'eq', value, negated: !negated }
      if (negated && operator !== 'eq' && operator !== 'like' && operator !== 'ilike') return { kind: 'compare', column, operator: opposite[operator], value, negated: false }
      return { kind: 'compare', column, operator, value, negated }
    }
  }
}

function canonicalParts({ kind, parts, negated }: Extract<CheckedCondition, { readonly parts: unknown }>): CheckedCondition {
  const flat = parts.map(canonical).flatMap((part) => ('parts' in part && part.kind === kind && !part.negated ? part.parts : [part]))
  const unique = sorted(flat)
  const [only] = unique
  if (unique.length !== 1 || only === undefined) return { kind, parts: unique, negated }
  return negated ? canonical({ ...only, negated: !only.negated }) : only
}

function conjuncts(filter: CheckedCondition | null): readonly CheckedCondition[] {
  if (filter === null) return []
  return 'parts' in filter && filter.kind === 'and' && !filter.negated ? filter.parts : [filter]
}

function within(some: readonly string[], all: readonly string[]): boolean {
  return some.every((name) => all.includes(name))
}

function names(list: readonly string[]): string[] {
  return [...new Set(list)].toSorted()
}

// Sorted by their JSON, each once.
function sorted<T>(list: readonly T[]): T[] {
  return [...new Map(list.map((item) => [text(item), item])).entries()].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item)
}

// JSON with the members in alphabetical order: the database gives them back in another.
function text(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'bigint') return [String(member)]
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).toSorted(([one], [other]) => (one < other ? -1 : 1)))
  })
}
