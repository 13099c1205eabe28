/**
 * What a permission leaves to the query: which rows, columns and groups may come out. All of it holds together. Derived from the
 * constraints of a permission whose operands are enforced in the query (profile.ts, `place: 'query'`).
 */
export interface QueryRestriction {
  /** Whether single rows may come out, or aggregates only. */
  readonly aggregatesOnly: boolean
  readonly rows: readonly RowScope[]
  /** Columns that may come out; null: all. */
  readonly columns: readonly string[] | null
  readonly masks: readonly ColumnMask[]
  readonly minGroupSizes: readonly MinGroupSize[]
  readonly largestShares: readonly LargestShare[]
  readonly rounding: readonly Rounding[]
  /** The most rows that an answer may have; null: no limit. */
  readonly maxRows: number | null
}

/** Rows whose `dimension` compares so. Values are as the policy writes them; the column's type reads them. */
export interface RowScope {
  readonly dimension: string
  readonly operator: 'eq' | 'neq' | 'lt' | 'lteq' | 'gt' | 'gteq' | 'isAnyOf' | 'isNoneOf'
  readonly values: readonly string[]
}

export interface ColumnMask {
  readonly column: string
  readonly mask: Mask
}

/** How a column's values are coarsened before anything sees them. */
export type Mask =
  /** The column is gone. */
  | { readonly kind: 'drop' }
  /** The first `length` characters. */
  | { readonly kind: 'truncate'; readonly length: number }
  /** A date or time, down to its year, month, ISO week or day. */
  | { readonly kind: 'period'; readonly to: 'year' | 'month' | 'week' | 'day' }
  /** A number, down to a multiple: 0.01 of a coordinate is about a kilometre. */
  | { readonly kind: 'grid'; readonly step: number }
  /** HMAC-SHA-256 with a key of the agreement, hex: equal stays equal, nothing else is left. */
  | { readonly kind: 'hash' }

/** Groups count only with at least so many distinct ones of a protected unit of the dataset. */
export interface MinGroupSize {
  readonly unit: string
  readonly atLeast: number
}

/** No one of a protected unit may make up more than this share, from 0 to 1, of any released sum. */
export interface LargestShare {
  readonly unit: string
  readonly atMost: number
}

/** Released numbers are rounded to multiples of `to`; null: every measure and count. */
export interface Rounding {
  readonly measure: string | null
  readonly to: number
}

/** How a dataset tells what is protected: who or what stands behind its rows. */
export interface ProtectedUnit {
  /** As policies name it: `card`, `merchant`, `person`. */
  readonly name: string
  readonly column: string
  /**
   * `distinct`: the column identifies one of them. `sum`: it counts them, and no one is counted in two rows. `max`: it counts them, and
   * one may be counted in several rows, so that a group surely has only as many as its largest row.
   */
  readonly counts: 'distinct' | 'sum' | 'max'
}

/** What policies may refer to in a dataset. */
export interface DatasetFacts {
  readonly kind: 'file' | 'postgresql' | 'http'
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Columns that may be filtered and grouped by where groups are protected, and that row scopes may name. */
  readonly dimensions: readonly string[]
  readonly protectedUnits: readonly ProtectedUnit[]
}

/** A limit that is counted: debited in the transaction that commits the record. */
export interface CounterLimit {
  readonly counter: 'queries' | 'rows' | 'bytes'
  /** What the count starts again with; null: never. */
  readonly window: 'hour' | 'day' | null
  /** IANA time zone in which days begin. */
  readonly timeZone: string
  readonly limit: number
}

/** Nothing is withheld. */
export const unrestricted: QueryRestriction = { aggregatesOnly: false, rows: [], columns: null, masks: [], minGroupSizes: [], largestShares: [], rounding: [], maxRows: null }
