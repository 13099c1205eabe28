import type { ColumnMask, RowScope } from '../../../policy/restriction.ts'
import type { CheckedCondition } from '../../query/query.ts'
import type { WithheldGroups } from './withheld.ts'

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

/** Names of the columns that a condition looks at. */
export function columnsIn(condition: CheckedCondition): string[] {
  return 'parts' in condition ? condition.parts.flatMap(columnsIn) : [condition.column.name]
}
