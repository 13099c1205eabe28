import { sql } from 'kysely'
import type { CheckedCondition } from '../../query/query.ts'
import { conditionSql } from './condition.ts'
import type { ReleasedGrouping } from './groupings.ts'
import { columnsIn } from './groupings.ts'
import type { GroupPlan, Plan, ViewPlan } from './pieces-plan.ts'
import { bitSql, chunksOf } from './pieces-plan.ts'
import type { Sql } from './statement.ts'
import { allOf, list } from './statement.ts'

/** SQL: a text for each value, null as well, to join by: equal texts are equal values. */
export function valueText(value: Sql): Sql {
  return sql`coalesce('v' || cast(${value} as varchar), 'n')`
}

/** A filter as conditions on one column each, all of which have to hold; undefined where it is not made so. */
function byColumn(filter: CheckedCondition | null): Map<string, CheckedCondition[]> | undefined {
  const parts = filter === null ? [] : 'parts' in filter && filter.kind === 'and' && !filter.negated ? filter.parts : [filter]
  const found = new Map<string, CheckedCondition[]>()
  for (const part of parts) {
    const [name, another] = new Set(columnsIn(part))
    if (name === undefined || another !== undefined) return undefined
    found.set(name, [...(found.get(name) ?? []), part])
  }
  return found
}

/** The columns of a view whose values are looked up, so that a condition is tried on each value once and not on each row. */
export function filteredColumns(view: ViewPlan, { groups }: Pick<Plan, 'groups'>): string[] {
  const members = groups.filter((group) => group.view === view).flatMap(({ members }) => members)
  return [...new Set(members.flatMap(({ filter }) => [...(byColumn(filter)?.keys() ?? [])]))]
}

/** For each value of a column, the bits of the groupings whose conditions on that column it meets. */
export function valuesOfColumnsSql(plan: Plan): Sql[] {
  return plan.views.flatMap((view) => filteredColumns(view, plan).map((name) => {
    const value = view.permitted.ref(name)
    const masks = plan.groups.filter((group) => group.view === view).flatMap((group) => chunksOf(group).flatMap((chunk, at) => {
      if (!chunk.some(({ filter }) => byColumn(filter)?.has(name))) return []
      const bits = chunk.flatMap(({ filter }, bit) => {
        const parts = byColumn(filter)?.get(name) ?? []
        return [parts.length === 0 ? bitSql(1n << BigInt(bit)) : whenSql(allOf(parts.map((part) => conditionSql(view.permitted, part))), bit)]
      })
      return [sql`${sql.join(bits, sql` + `)} as ${sql.id(`m${group.id}_${at}`)}`]
    }))
    return sql`${sql.id(`d${view.place(name)}`)} as materialized (select ${list([sql`text`, ...masks])} from (select ${valueText(value)} as text, ${value} from seen group by 1, 2) as met)`
  }))
}

/** The bits of the groupings whose filters leave a row. */
export function filteredSql(group: GroupPlan, chunk: readonly ReleasedGrouping[], at: number): Sql {
  const { view } = group
  const met = [...new Set(chunk.flatMap(({ filter }) => [...(byColumn(filter)?.keys() ?? [])]))].map((name) => sql`${sql.id(`d${view.place(name)}`, `m${group.id}_${at}`)}`)
  const simple = bitSql(chunk.reduce((mask, { filter }, bit) => (byColumn(filter) === undefined ? mask : mask | (1n << BigInt(bit))), 0n))
  const rest = chunk.flatMap(({ filter }, bit) => (filter === null || byColumn(filter) !== undefined ? [] : [whenSql(conditionSql(view.permitted, filter), bit)]))
  return sql`case when ${view.inside} then (${sql.join([simple, ...met], sql` & `)})${sql.join(rest.map((one) => sql` + ${one}`), sql``)} else 0 end`
}

function whenSql(test: Sql, bit: number): Sql {
  return sql`case when ${test} then ${bitSql(1n << BigInt(bit))} else ${bitSql(0n)} end`
}
