import type { Column } from '../sources/source.ts'

/** A query in PostgREST's reading grammar, as it was parsed: names are not looked up yet. */
export interface TableQuery {
  /** Never empty: without `select` it is all columns. */
  readonly select: readonly SelectItem[]
  readonly where: Condition | null
  readonly order: readonly OrderItem[]
  readonly limit: number | null
  readonly offset: number
}

export type SelectItem =
  | { readonly kind: 'all' }
  | { readonly kind: 'column'; readonly column: string; readonly cast: Cast | null; readonly alias: string | null }
  /** `column` is null for `count()`. */
  | { readonly kind: 'aggregate'; readonly fn: AggregateFunction; readonly column: string | null; readonly cast: Cast | null; readonly alias: string | null }

/** `countDistinct` is written `column.count(distinct)`. */
export type AggregateFunction = 'sum' | 'avg' | 'min' | 'max' | 'count' | 'countDistinct'

export type Cast = 'text' | 'integer' | 'bigint' | 'numeric' | 'double' | 'boolean' | 'date' | 'timestamp'

export type Condition =
  | { readonly kind: 'compare'; readonly column: string; readonly operator: ComparisonOperator; readonly value: string; readonly negated: boolean }
  | { readonly kind: 'in'; readonly column: string; readonly values: readonly string[]; readonly negated: boolean }
  | { readonly kind: 'is'; readonly column: string; readonly value: 'null' | 'not_null' | 'true' | 'false' | 'unknown'; readonly negated: boolean }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[]; readonly negated: boolean }

export type ComparisonOperator = 'eq' | 'neq' | 'gt' | 'gteq' | 'lt' | 'lteq' | 'like' | 'ilike'

export interface OrderItem {
  /** A column, or the name of something selected: `amount.sum`. */
  readonly by: string
  readonly descending: boolean
  readonly nulls: 'first' | 'last' | null
}

/**
 * A query whose every name was looked up and every value read by the type of its column, under a restriction: nothing in it asks
 * for what may not come out. `outputs` says what the answer's columns are.
 */
export interface CheckedQuery {
  readonly outputs: readonly Output[]
  readonly where: CheckedCondition | null
  readonly order: readonly CheckedOrder[]
  /** null: no limit. Already the least of what was asked and what may be. */
  readonly limit: number | null
  readonly offset: number
  /** Whether anything is aggregated; then the outputs that are columns are the groups. */
  readonly aggregated: boolean
}

export type Output =
  | { readonly kind: 'column'; readonly name: string; readonly column: Column; readonly cast: Cast | null }
  | { readonly kind: 'aggregate'; readonly name: string; readonly fn: AggregateFunction; readonly column: Column | null; readonly cast: Cast | null }

/** A value as it is bound: dates and times as ISO 8601 text. */
export type BoundValue = string | number | bigint | boolean

export type CheckedCondition =
  | { readonly kind: 'compare'; readonly column: Column; readonly operator: ComparisonOperator; readonly value: BoundValue; readonly negated: boolean }
  | { readonly kind: 'in'; readonly column: Column; readonly values: readonly BoundValue[]; readonly negated: boolean }
  | { readonly kind: 'is'; readonly column: Column; readonly value: 'null' | 'not_null' | 'true' | 'false' | 'unknown'; readonly negated: boolean }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly CheckedCondition[]; readonly negated: boolean }

/** By the name of an output, or by a column (of the group, where anything is aggregated). */
export interface CheckedOrder {
  readonly by: { readonly output: string } | { readonly column: Column }
  readonly descending: boolean
  readonly nulls: 'first' | 'last' | null
}
