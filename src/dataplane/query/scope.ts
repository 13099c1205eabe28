import { ProblemError } from '../../errors.ts'
import type { DatasetFacts, QueryRestriction } from '../../policy/restriction.ts'
import type { Column } from '../sources/source.ts'
import { permittedColumns } from './permitted-columns.ts'

/** What a query may name. */
export interface Scope {
  readonly columns: ReadonlyMap<string, Column>
  /** Where groups are protected: the columns that may be filtered and grouped by; null: all. */
  readonly dimensions: ReadonlySet<string> | null
  readonly restriction: QueryRestriction
  readonly facts: DatasetFacts
}

/** What a query on `table` may name under `restriction`. */
export function scopeOf(table: { readonly columns: readonly Column[]; readonly facts: DatasetFacts }, restriction: QueryRestriction): Scope {
  const permitted = permittedColumns(table.columns, restriction)
  return { columns: new Map(permitted.map((column) => [column.name, column])), dimensions: protects(restriction) ? new Set(table.facts.dimensions) : null, restriction, facts: table.facts }
}

/** Whether groups are protected, so that single rows and extremes may not come out. */
export function protects(restriction: QueryRestriction): boolean {
  return restriction.minGroupSizes.length > 0 || restriction.largestShares.length > 0
}

/** The column of this name; 'unknown-column' when it is not there or may not come out: the two look alike. */
export function columnOf(scope: Scope, name: string, parameter: string): Column {
  const column = scope.columns.get(name)
  if (column !== undefined) return column
  const allowed = [...scope.columns.keys()]
  throw new ProblemError('unknown-column', `${parameter}: there is no column ${JSON.stringify(name.slice(0, 100))} that may be asked for. There are: ${allowed.slice(0, 100).join(', ')}${allowed.length > 100 ? ', …' : ''}.`, {
    fields: { parameter, column: name.slice(0, 200), allowed: allowed.slice(0, 500) },
  })
}

/** Refuses a column that may not be filtered or grouped by where groups are protected. */
export function requireDimension(scope: Scope, column: Column, parameter: string): void {
  if (scope.dimensions === null || scope.dimensions.has(column.name)) return
  const allowed = [...scope.dimensions].filter((name) => scope.columns.has(name))
  throw new ProblemError('unknown-column', `${parameter}: the terms of the agreement protect groups, so only dimensions may be filtered and grouped by: ${allowed.join(', ') || 'none is declared'}.`, {
    fields: { parameter, column: column.name, allowed },
  })
}
