import { sql } from 'kysely'
import { unrestricted } from '../../../policy/restriction.ts'
import type { Statement } from '../../query/engine.ts'
import type { CandidateGrouping, Grouping } from './groupings.ts'
import { columnsIn } from './groupings.ts'
import { conditionSql } from './condition.ts'
import type { SqlTable } from './permitted.ts'
import { permittedRows, tableSql } from './permitted.ts'
import type { Sql } from './statement.ts'
import { allOf, compileStatement, list } from './statement.ts'
import { groupKey, isReleased } from './withheld.ts'

/** One row: `total` groups, and how many of them are `released`. */
export function groupCountStatement(table: SqlTable, hashKey: string, candidate: CandidateGrouping): Statement {
  const { rows, released } = candidateRows(table, hashKey, candidate)
  return compileStatement(sql`${rows} select count(distinct key) as total, count(distinct case when ${released} then key end) as released from candidates`)
}

/** The keys of the groups that come out, or of those that do not, as `key`. */
export function groupKeysStatement(table: SqlTable, hashKey: string, candidate: CandidateGrouping & { readonly out: boolean }): Statement {
  const { rows, released } = candidateRows(table, hashKey, candidate)
  return compileStatement(sql`${rows} select distinct key from candidates where ${candidate.out ? released : sql`not (${released})`}`)
}

/** One row: how many permitted rows have no value in each of the columns, as `n0`, `n1` and so on. */
export function missingStatement(table: SqlTable, view: Grouping['view'], columns: readonly string[]): Statement {
  const permitted = permittedRows(table, { ...unrestricted, rows: view.rows }, '')
  const counts = columns.map((column, index) => sql`count(*) - count(${permitted.raw(column)}) as ${sql.id(`n${index}`)}`)
  return compileStatement(sql`select ${list(counts)} from ${tableSql(table)} where ${permitted.filter}`)
}

/** The keys of the groups in which no row has a value of one of the columns, as `key`. */
export function emptyGroupsStatement(table: SqlTable, hashKey: string, candidate: CandidateGrouping & { readonly measures: readonly string[] }): Statement {
  const { rows } = candidateRows(table, hashKey, candidate, candidate.measures)
  const none = candidate.measures.map((_column, index) => sql`count(${sql.id(`u${index}`)}) = 0`)
  return compileStatement(sql`${rows} select key from candidates group by key having ${sql.join(none, sql` or `)}`)
}

function candidateRows(table: SqlTable, hashKey: string, { view, filter, columns, left }: CandidateGrouping, measures: readonly string[] = []): { rows: Sql; released: Sql } {
  const permitted = permittedRows(table, { ...unrestricted, ...view }, hashKey)
  const used = [...columns, ...(filter === null ? [] : columnsIn(filter))]
  const where = filter === null ? sql`` : sql` where ${conditionSql(permitted, filter)}`
  const values = measures.map((name, index) => sql`, ${permitted.unit(name)} as ${sql.id(`u${index}`)}`)
  const key = groupKey(columns.map((name) => permitted.ref(name)))
  const rows = sql`with ${permitted.cte({ columns: used, units: measures })}, candidates as materialized (select ${key} as key${sql.join(values, sql``)} from permitted${where})`
  return { rows, released: allOf(left.flatMap((part) => isReleased(sql<string>`key`, part) ?? [])) }
}
