import { sql } from 'kysely'
import { ProblemError } from '../../../errors.ts'
import type { Cast } from '../../query/query.ts'
import type { ColumnType } from '../source.ts'
import type { Sql } from './statement.ts'

/** The type of a value after a cast. */
export function castType(type: ColumnType, cast: Cast | null): ColumnType {
  switch (cast) {
    case null:
      return type
    case 'text':
      return 'string'
    case 'integer':
    case 'bigint':
      return 'integer'
    case 'numeric':
      return type === 'integer' ? 'integer' : 'number'
    case 'double':
      return 'number'
    case 'boolean':
    case 'date':
      return cast
    case 'timestamp':
      return 'datetime'
  }
}

/**
 * A cast that cannot fail on any value; others are refused, as the engines would tell of the value that fails. `numeric` is as exact as
 * the value is.
 */
export function castSql(value: Sql, type: ColumnType, cast: Cast | null): Sql {
  const result = cast === null || cast === type ? value : cast === 'text' ? textSql(value, type) : type === 'date' || type === 'datetime' ? fromDate(value, cast) : fromNumber(value, type, cast)
  if (result === undefined) throw new ProblemError('invalid-query', `A value of type ${type} cannot be cast to ${cast}. Every value can be cast to text.`)
  return result
}

function textSql(value: Sql, type: ColumnType): Sql {
  const text = sql`cast(${value} as text)`
  return type === 'datetime' ? sql`replace(replace(${text}, ' ', 'T'), '+00', 'Z')` : text
}

function fromNumber(value: Sql, type: ColumnType, cast: Cast): Sql | undefined {
  if (type !== 'integer' && type !== 'number') return undefined
  if (cast === 'numeric' || (cast === 'bigint' && type === 'integer')) return value
  return cast === 'double' ? sql`cast(${value} as double precision)` : undefined
}

function fromDate(value: Sql, cast: Cast): Sql | undefined {
  if (cast === 'date') return sql`cast(${value} as date)`
  return cast === 'timestamp' ? sql`cast(${value} as timestamp)` : undefined
}
