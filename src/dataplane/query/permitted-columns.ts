import type { ColumnMask, Mask, QueryRestriction } from '../../policy/restriction.ts'
import type { Column, ColumnType } from '../sources/source.ts'

/**
 * The columns that a restriction leaves, with the types that masks give them: a period is text (`2026`, `2026-03`, `2026-W10`,
 * `2026-03-04`), so are what is truncated and what is hashed; a grid keeps numbers.
 */
export function permittedColumns(columns: readonly Column[], restriction: Pick<QueryRestriction, 'columns' | 'masks'>): Column[] {
  const { columns: only, masks } = restriction
  return columns.flatMap((column) => {
    if (only !== null && !only.includes(column.name)) return []
    const own = masks.filter((mask) => mask.column === column.name)
    if (own.some(({ mask }) => mask.kind === 'drop')) return []
    return [own.reduce(masked, column)]
  })
}

function masked(column: Column, { mask }: ColumnMask): Column {
  return { ...column, type: typeOf(mask, column.type) }
}

function typeOf(mask: Mask, type: ColumnType): ColumnType {
  return mask.kind === 'grid' ? type : 'string'
}
