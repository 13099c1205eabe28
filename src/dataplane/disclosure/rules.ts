import { ProblemError } from '../../errors.ts'
import type { DatasetFacts, ProtectedUnit, QueryRestriction } from '../../policy/restriction.ts'
import type { CheckedQuery } from '../query/query.ts'
import type { PieceTest } from '../sources/sql/groupings.ts'
import type { Shape } from './shape.ts'
import { columnsOf } from './shape.ts'

/** What the terms protect, looked up in the dataset. */
export interface ProtectionRules {
  readonly units: Extract<PieceTest, { kind: 'units' }>['units']
  readonly shares: readonly { readonly unit: string; readonly atMost: number }[]
}

/** The rules of a restriction; undefined where it protects no groups. Terms that cannot be kept are refused. */
export function rulesOf(restriction: QueryRestriction, facts: DatasetFacts): ProtectionRules | undefined {
  if (restriction.minGroupSizes.length === 0 && restriction.largestShares.length === 0) return undefined
  const units = restriction.minGroupSizes.map(({ unit, atLeast }) => {
    const { column, counts } = unitOf(facts, unit)
    if (!Number.isFinite(atLeast)) throw unkept(unit)
    return { column, counts, atLeast }
  })
  const shares = restriction.largestShares.map(({ unit, atMost }) => {
    const { column, counts } = unitOf(facts, unit)
    // Whose share it is can be told only where each one is told apart.
    if (counts !== 'distinct' || !Number.isFinite(atMost)) throw unkept(unit)
    return { unit: column, atMost }
  })
  return { units, shares }
}

function unitOf(facts: DatasetFacts, name: string): ProtectedUnit {
  const unit = facts.protectedUnits.find((unit) => unit.name === name)
  if (unit === undefined || !facts.columns.some((column) => column.name === unit.column)) throw unkept(name)
  return unit
}

function unkept(unit: string): ProblemError {
  return new ProblemError('withheld', `The terms of the agreement protect ${JSON.stringify(unit)}, which the dataset does not tell apart any more. Tell the provider.`)
}

/** Refuses a query that no examination of its groups makes safe: the check of queries refuses it first, with more to say. */
export function requireProtectable(query: CheckedQuery, shape: Shape, facts: DatasetFacts): void {
  const dimensions = new Set(facts.dimensions)
  const names = [...shape.columns, ...(shape.filter === null ? [] : columnsOf(shape.filter))]
  const open = query.outputs.every((output) => {
    if (output.kind === 'column' || output.column === null) return output.kind === 'column' || output.fn === 'count'
    if (output.fn === 'sum' || output.fn === 'avg') return true
    const { name } = output.column
    return (output.fn === 'count' || output.fn === 'countDistinct') && facts.protectedUnits.some((unit) => unit.column === name && unit.counts === 'distinct')
  })
  if (query.aggregated && open && names.every((name) => dimensions.has(name))) return
  throw new ProblemError('not-permitted', 'The terms of the agreement protect groups: ask for sum(), avg() or count() by dimensions, filtered by dimensions only.')
}
