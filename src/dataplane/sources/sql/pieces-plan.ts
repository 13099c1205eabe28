import { sql } from 'kysely'
import { unrestricted } from '../../../policy/restriction.ts'
import type { CandidateGrouping, Grouping, PiecesInput, ReleasedGrouping } from './groupings.ts'
import { columnsIn } from './groupings.ts'
import type { Permitted, SqlTable } from './permitted.ts'
import { permittedRows } from './permitted.ts'
import type { Sql } from './statement.ts'

/** A permission's view of the rows; its columns in `seen` have the view's number in their names. */
export interface ViewPlan {
  readonly permitted: Permitted
  /** Tells a column of this view from those of others. */
  readonly place: (name: string) => string
  readonly used: Set<string>
  readonly inside: Sql
}

/** Groupings of the same view by the same columns: one key for all, and a bit for each. */
export interface GroupPlan {
  readonly id: number
  readonly view: ViewPlan
  readonly columns: readonly string[]
  readonly members: ReleasedGrouping[]
}

/** How rows are told apart. */
export interface Plan {
  readonly views: readonly ViewPlan[]
  readonly own: { readonly view: ViewPlan; readonly candidate: CandidateGrouping }
  readonly groups: readonly GroupPlan[]
  /** Columns of `placed` that tell where a row is in what came out before. */
  readonly signature: readonly Sql[]
  /** Whether it is in anything. */
  readonly covered: Sql
}

// Bits of a bigint that are used: the sign is left alone.
const bits = 60

/** Puts together what is of the same view, and of the same columns. */
export function planOf(table: SqlTable, { hashKey, earlier, candidate }: PiecesInput): Plan {
  const views = new Map<string, ViewPlan>()
  const viewOf = ({ view }: Grouping) => {
    const text = JSON.stringify([view.rows, view.masks])
    const found = views.get(text) ?? viewPlan(permittedRows(table, { ...unrestricted, ...view }, hashKey), views.size)
    views.set(text, found)
    return found
  }
  const own = { view: viewOf(candidate), candidate }
  use(own.view, candidate)
  const groups = new Map<string, GroupPlan>()
  for (const grouping of earlier) {
    const view = viewOf(grouping)
    use(view, grouping)
    const text = JSON.stringify([[...views.values()].indexOf(view), grouping.columns])
    const group = groups.get(text) ?? { id: groups.size, view, columns: grouping.columns, members: [] }
    group.members.push(grouping)
    groups.set(text, group)
  }
  const all = [...groups.values()]
  const masks = all.flatMap((group) => chunksOf(group).map((_chunk, chunk) => sql.id(`s${group.id}_${chunk}`)))
  const values = [...views.values()].flatMap((view) => groupedColumns(view, all).map((name) => sql.id(`g${view.place(name)}`)))
  const covered = masks.length === 0 ? sql`false` : sql`(${sql.join(masks.map((mask) => sql`${mask} <> 0`), sql` or `)})`
  return { views: [...views.values()], own, groups: all, signature: [...masks, ...values], covered }
}

function viewPlan(permitted: Permitted, index: number): ViewPlan {
  const place = new Map(permitted.columns.map(({ name }, at) => [name, at]))
  const placeOf = (name: string) => `${index}_${place.get(permitted.column(name).name)}`
  const ref = (name: string) => sql.id(`v${placeOf(name)}`)
  // Conditions and keys are on the values themselves, which are weighed; nothing of them comes out here.
  const seen: Permitted = { ...permitted, ref, compared: ref, key: (name) => ({ value: ref(name), type: permitted.column(name).type }) }
  return { permitted: seen, place: placeOf, used: new Set(), inside: sql.id(`in${index}`) }
}

/** The columns by which anything of a view was grouped. */
export function groupedColumns(view: ViewPlan, groups: readonly GroupPlan[]): string[] {
  return [...new Set(groups.filter((group) => group.view === view).flatMap(({ columns }) => columns))]
}

function use(view: ViewPlan, { columns, filter }: Grouping): void {
  for (const name of [...columns, ...(filter === null ? [] : columnsIn(filter))]) view.used.add(name)
}

/** Its groupings, as many together as there are bits. */
export function chunksOf({ members }: GroupPlan): ReleasedGrouping[][] {
  return Array.from({ length: Math.ceil(members.length / bits) }, (_none, chunk) => members.slice(chunk * bits, (chunk + 1) * bits))
}

/** Whether keys of groups have to be looked up. */
export function hasExceptions({ members }: GroupPlan): boolean {
  return members.some(({ released }) => released.keys.length > 0)
}

/** SQL: a whole number of 64 bits. */
export function bitSql(value: bigint): Sql {
  return sql`cast(${sql.raw(String(value))} as bigint)`
}
