import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'

/**
 * Which groups of an aggregated query come out. A row counts only where its group does: an answer tests each row by {@link isReleased},
 * so that what it gives is what was examined, however its groups are compared.
 */
export interface WithheldGroups {
  /** Columns of the group, in the order in which {@link groupKey} reads them. */
  readonly columns: readonly string[]
  /** `except`: all groups but those of `keys`. `only`: none but those of `keys`. */
  readonly form: 'except' | 'only'
  /** Keys of groups; see {@link groupKey}. */
  readonly keys: readonly string[]
}

/** SQL: the key of a row's group, hex, from the text of its columns; the lengths keep two groups from having one text. */
export function groupKey(columns: readonly RawBuilder<unknown>[]): RawBuilder<string> {
  if (columns.length === 0) return sql<string>`md5('')`
  const parts = columns.map((column) => sql`coalesce(cast(length(cast(${column} as varchar)) as varchar) || ':' || cast(${column} as varchar), 'n')`)
  return sql<string>`md5(${sql.join(parts, sql` || `)})`
}

/** SQL: whether the group with this key comes out; undefined where all do. */
export function isReleased(key: RawBuilder<string>, { form, keys }: Pick<WithheldGroups, 'form' | 'keys'>): RawBuilder<boolean> | undefined {
  if (keys.length === 0) return form === 'except' ? undefined : sql<boolean>`false`
  const list = sql`(select unnest(string_to_array(${keys.join(',')}, ',')))`
  return form === 'except' ? sql<boolean>`${key} not in ${list}` : sql<boolean>`${key} in ${list}`
}
