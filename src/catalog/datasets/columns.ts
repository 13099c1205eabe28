import type { Column } from '../../dataplane/sources/source.ts'
import { ProblemError } from '../../errors.ts'
import type { ColumnChanges, ColumnEdit } from './dataset.ts'

/** Columns as the data shows them, laid under what people said about them. `inferred` remembers the former. */
export interface Columns {
  readonly columns: readonly Column[]
  readonly inferred: readonly Column[]
}

/** Lays edits over what the data shows. An edit of a column that is not in the data is refused. */
export function editColumns(inferred: readonly Column[], edits: readonly ColumnEdit[]): Columns {
  const unknown = edits.find(({ name }) => !inferred.some((column) => column.name === name))
  if (unknown !== undefined) {
    throw new ProblemError('bad-request', `/metadata/columns: the data has no column ${unknown.name}. It has ${inferred.map(({ name }) => name).join(', ') || 'none'}.`)
  }
  return { inferred, columns: inferred.map((column) => ({ ...column, ...edits.find(({ name }) => name === column.name) })) }
}

/** Columns of a source that cannot be inspected: what people say, or text. */
export function statedColumns(edits: readonly ColumnEdit[]): Columns {
  return { inferred: [], columns: edits.map((edit) => ({ type: 'string', nullable: true, ...edit })) }
}

/** Carries what people said over to the columns of new data. A type counts as said when it differs from what was inferred. */
export function carryColumns(before: Columns, inferred: readonly Column[]): Columns & { changes: ColumnChanges } {
  const columns = inferred.map((column) => {
    const { unit, description, type } = before.columns.find(({ name }) => name === column.name) ?? {}
    const edited = type !== undefined && type !== before.inferred.find(({ name }) => name === column.name)?.type
    return { ...column, ...(edited ? { type } : {}), ...(unit === undefined ? {} : { unit }), ...(description === undefined ? {} : { description }) }
  })
  return { columns, inferred, changes: changesOf(before.inferred, inferred) }
}

function changesOf(before: readonly Column[], after: readonly Column[]): ColumnChanges {
  return {
    added: names(after.filter(({ name }) => !before.some((column) => column.name === name))),
    removed: names(before.filter(({ name }) => !after.some((column) => column.name === name))),
    retyped: names(after.filter(({ name, type }) => before.some((column) => column.name === name && column.type !== type))),
  }
}

function names(columns: readonly Column[]): string[] {
  return columns.map(({ name }) => name)
}
