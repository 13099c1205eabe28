import { sql } from 'kysely'
import { ProblemError } from '../../../errors.ts'
import type { CheckedCondition, ComparisonOperator } from '../../query/query.ts'
import type { Column } from '../source.ts'
import type { Permitted } from './permitted.ts'
import { inSql, ordered } from './permitted.ts'
import type { Sql } from './statement.ts'
import { bound } from './statement.ts'
import { valueSql, valueText } from './values.ts'

const operators = { eq: sql`=`, neq: sql`<>`, gt: sql`>`, gteq: sql`>=`, lt: sql`<`, lteq: sql`<=`, like: sql`like`, ilike: sql`ilike` } as const satisfies Record<ComparisonOperator, Sql>

/** A condition over the permitted rows: SQL's three-valued logic, every value bound. */
export function conditionSql(permitted: Permitted, condition: CheckedCondition): Sql {
  const test = plainSql(permitted, condition)
  return condition.negated ? sql`(not ${test})` : test
}

function plainSql(permitted: Permitted, condition: CheckedCondition): Sql {
  if ('parts' in condition) {
    const parts = condition.parts.map((part) => conditionSql(permitted, part))
    if (parts.length === 0) return condition.kind === 'and' ? sql`true` : sql`false`
    return sql`(${sql.join(parts, condition.kind === 'and' ? sql` and ` : sql` or `)})`
  }
  const column = permitted.column(condition.column.name)
  const value = permitted.compared(column.name)
  if (condition.kind === 'is') return isSql(column, value, condition.value)
  if (condition.kind === 'in') return sql`(${inSql(permitted.dialect, { type: column.type, value, values: condition.values.map((item) => valueText(column.type, item)), negated: false })})`
  if (condition.operator === 'like' || condition.operator === 'ilike') {
    const text = column.type === 'string' ? value : sql`cast(${value} as text)`
    return sql`(${text} ${operators[condition.operator]} ${patternSql(String(condition.value))} escape '\\')`
  }
  const isOrdered = condition.operator !== 'eq' && condition.operator !== 'neq'
  const left = isOrdered ? ordered(permitted.dialect, column.type, value) : value
  return sql`(${left} ${operators[condition.operator]} ${valueSql(permitted.dialect, column.type, condition.value)})`
}

function isSql(column: Column, value: Sql, what: 'null' | 'not_null' | 'true' | 'false' | 'unknown'): Sql {
  if (what === 'null') return sql`(${value} is null)`
  if (what === 'not_null') return sql`(${value} is not null)`
  if (column.type !== 'boolean') throw new ProblemError('invalid-query', `is.${what} is for columns that are true or false; ${JSON.stringify(column.name)} has values of type ${column.type}. Use is.null or is.not_null.`)
  return what === 'unknown' ? sql`(${value} is null)` : sql`(${value} is ${sql.raw(what)})`
}

// An escape character that escapes nothing is an error of the engines.
function patternSql(pattern: string): Sql {
  if (/(^|[^\\])(\\\\)*\\$/.test(pattern)) throw new ProblemError('invalid-query', 'The pattern ends with a backslash that escapes nothing.')
  return sql`cast(${bound(valueText('string', pattern))} as text)`
}
