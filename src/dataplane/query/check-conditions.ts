import { ProblemError } from '../../errors.ts'
import type { Column } from '../sources/source.ts'
import type { CheckedCondition, Condition } from './query.ts'
import { columnOf, requireDimension } from './scope.ts'
import type { Scope } from './scope.ts'
import { requireValue } from './values.ts'

const longestPattern = 256
const mostWildcards = 16

/** Looks up the columns of a condition and reads its values. */
export function checkCondition(scope: Scope, condition: Condition): CheckedCondition {
  if ('parts' in condition) return { ...condition, parts: condition.parts.map((part) => checkCondition(scope, part)) }
  const column = columnOf(scope, condition.column, condition.column.slice(0, 100))
  requireDimension(scope, column, column.name)
  switch (condition.kind) {
    case 'is':
      if ((condition.value === 'true' || condition.value === 'false' || condition.value === 'unknown') && column.type !== 'boolean') {
        throw new ProblemError('invalid-query', `${column.name}: is.${condition.value} needs a column of type boolean; it is of type ${column.type}. It takes is.null and is.not_null.`, { fields: { parameter: column.name } })
      }
      return { ...condition, column }
    case 'in':
      return { ...condition, column, values: condition.values.map((value) => requireValue(column, value)) }
    case 'compare':
      if (condition.operator === 'like' || condition.operator === 'ilike') return { ...condition, column, operator: condition.operator, value: pattern(column, condition.value) }
      return { ...condition, column, operator: condition.operator, value: requireValue(column, condition.value) }
  }
}

// PostgREST: `*` stands for `%`, which an address would have to escape. A pattern of many wildcards takes time that grows with each.
function pattern(column: Column, text: string): string {
  const refusal = (why: string) => new ProblemError('invalid-query', `${column.name}: ${why}`, { fields: { parameter: column.name } })
  if (column.type !== 'string') throw refusal(`like compares text, and the column is of type ${column.type}. It takes eq, neq, gt, gte, lt, lte, in and is.`)
  const translated = text.replaceAll('*', '%')
  if (translated.length > longestPattern) throw refusal(`a pattern has ${longestPattern} characters at most.`)
  if ((translated.match(/%/g)?.length ?? 0) > mostWildcards) throw refusal(`a pattern has ${mostWildcards} wildcards at most.`)
  // A backslash at the end would escape nothing, which engines refuse.
  if (/(^|[^\\])(\\\\)*\\$/.test(translated)) throw refusal('a pattern does not end in a single backslash.')
  requireValue(column, translated)
  return translated
}
