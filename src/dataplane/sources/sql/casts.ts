import { sql } from 'kysely'
import { ProblemError } from '../../../errors.ts'
import type { Cast } from '../../query/query.ts'
import type { ColumnType } from '../source.ts'
import type { Sql, SqlDialect } from './statement.ts'

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

const bounds = { integer: ['-2147483648', '2147483647'], bigint: ['-9223372036854775808', '9223372036854775807'] } as const
// The doubles next to the ends of 64 bits.
const doubleBounds = { integer: ['-2147483648', '2147483647'], bigint: ['-9223372036854774784', '9223372036854774784'] } as const

/**
 * A cast that cannot fail: what has no value of the wanted type becomes null. Casts without a meaning are refused. `numeric` is exact
 * where the value is, and read from text as a double; fractions are rounded half up for whole numbers.
 */
export function castSql(dialect: SqlDialect, input: { readonly value: Sql; readonly type: ColumnType; readonly cast: Cast | null }): Sql {
  const { value, type, cast } = input
  if (cast === null) return value
  if (cast === 'text') return textSql(value, type)
  if (type === 'string') return fromText(dialect, value, cast)
  const result = type === 'integer' || type === 'number' ? fromNumber(value, type, cast) : type === 'boolean' ? fromBoolean(value, cast) : fromDate(value, type, cast)
  if (result !== undefined) return result
  throw new ProblemError('invalid-query', `A value of type ${type} cannot be cast to ${cast}. Every value can be cast to text.`)
}

function textSql(value: Sql, type: ColumnType): Sql {
  const text = sql`cast(${value} as text)`
  return type === 'datetime' ? sql`replace(replace(${text}, ' ', 'T'), '+00', 'Z')` : text
}

function fromNumber(value: Sql, type: 'integer' | 'number', cast: Cast): Sql | undefined {
  if (cast === 'boolean') return type === 'integer' ? sql`(${value} <> 0)` : undefined
  if (cast === 'numeric') return value
  if (cast === 'double') return sql`cast(${value} as double precision)`
  if (cast !== 'integer' && cast !== 'bigint') return undefined
  if (type === 'integer') return sql`(case when ${value} between ${sql.raw(bounds[cast][0])} and ${sql.raw(bounds[cast][1])} then cast(${value} as bigint) end)`
  const whole = sql`floor(cast(${value} as double precision) + 0.5)`
  const [least, most] = doubleBounds[cast]
  return sql`(case when ${whole} between cast(${sql.lit(least)} as double precision) and cast(${sql.lit(most)} as double precision) then cast(${whole} as bigint) end)`
}

function fromBoolean(value: Sql, cast: Cast): Sql | undefined {
  if (cast === 'boolean') return value
  return cast === 'integer' || cast === 'bigint' ? sql`(case when ${value} then 1 when not ${value} then 0 end)` : undefined
}

function fromDate(value: Sql, type: ColumnType, cast: Cast): Sql | undefined {
  if (type !== 'date' && type !== 'datetime') return undefined
  if (cast === 'date') return sql`cast(${value} as date)`
  return cast === 'timestamp' ? sql`cast(${value} as timestamp)` : undefined
}

const daysPattern = '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'

function fromText(dialect: SqlDialect, value: Sql, cast: Exclude<Cast, 'text'>): Sql {
  const text = sql`trim(${value})`
  const like = (pattern: string) => (dialect === 'duckdb' ? sql`regexp_full_match(${text}, ${sql.lit(pattern.replace('^', ''))})` : sql`${text} ~ ${sql.lit(`${pattern}$`)}`)
  const guarded = (test: Sql, result: Sql) => sql`(case when ${test} then ${result} end)`
  switch (cast) {
    case 'integer':
      return guarded(like('^[+-]?[0-9]{1,18}'), sql`(case when cast(${text} as bigint) between ${sql.raw(bounds.integer[0])} and ${sql.raw(bounds.integer[1])} then cast(${text} as bigint) end)`)
    case 'bigint':
      return guarded(like('^[+-]?[0-9]{1,18}'), sql`cast(${text} as bigint)`)
    case 'numeric':
    case 'double':
      return guarded(like('^[+-]?([0-9]{1,100}([.][0-9]{0,100})?|[.][0-9]{1,100})([eE][+-]?[0-9]{1,2})?'), sql`cast(${text} as double precision)`)
    case 'boolean':
      return guarded(sql`lower(${text}) in ('true', 'false')`, sql`cast(lower(${text}) as boolean)`)
    case 'date':
      return guarded(like(daysPattern), guarded(realDay(text), sql`cast(${text} as date)`))
    case 'timestamp': {
      const pattern = `${daysPattern}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?)?`
      return guarded(like(pattern), guarded(realDay(text), sql`cast(cast(${text} as timestamptz) as timestamp)`))
    }
  }
}

// Whether the day is one of its month; the pattern has been seen to.
function realDay(text: Sql): Sql {
  const month = sql`cast(substr(${text}, 6, 2) as integer)`
  const year = sql`cast(substr(${text}, 1, 4) as integer)`
  const days = sql`(case when ${month} in (4, 6, 9, 11) then 30 when ${month} <> 2 then 31 when ${year} % 4 = 0 and (${year} % 100 <> 0 or ${year} % 400 = 0) then 29 else 28 end)`
  return sql`(${year} > 0 and cast(substr(${text}, 9, 2) as integer) <= ${days})`
}
