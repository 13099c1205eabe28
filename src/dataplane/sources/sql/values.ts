import { sql } from 'kysely'
import { ProblemError } from '../../../errors.ts'
import type { BoundValue } from '../../query/query.ts'
import type { ColumnType } from '../source.ts'
import type { Sql, SqlDialect } from './statement.ts'
import { bound } from './statement.ts'

/** The SQL types that values of a column are compared as, on both engines. */
const sqlTypes: Readonly<Record<ColumnType, Sql>> = {
  string: sql`text`,
  integer: sql`bigint`,
  number: sql`double precision`,
  boolean: sql`boolean`,
  date: sql`date`,
  datetime: sql`timestamp`,
  time: sql`time`,
  object: sql`text`,
}

const least = -(2n ** 63n)
const most = 2n ** 63n - 1n

/** A value to compare a column of `type` with. It is bound as text and cast; what the type cannot hold is refused. */
export function valueSql(dialect: SqlDialect, type: ColumnType, value: BoundValue): Sql {
  const text = valueText(type, value)
  // A whole number that the column cannot hold, or one with a fraction, still compares.
  if (type === 'integer' && !isBigint(text)) return sql`cast(${text} as double precision)`
  // PostgreSQL gives the value the column's own type: real, double precision or numeric.
  if (type === 'number' && dialect === 'postgresql') return sql`${text}`
  return castTo(type, bound(text))
}

/** The text of a value as both engines read it for a column of `type`. */
export function valueText(type: ColumnType, value: BoundValue): string {
  const text = String(value)
  const read = readText(type === 'integer' && !isBigint(text) ? 'number' : type, text)
  if (read === undefined) throw new ProblemError('invalid-query', `${JSON.stringify(text.slice(0, 100))} is not a value of type ${type}.`)
  return read
}

export function castTo(type: ColumnType, value: Sql): Sql {
  return sql`cast(${value} as ${sqlTypes[type]})`
}

function isBigint(text: string): boolean {
  if (!/^[+-]?\d{1,20}$/.test(text)) return false
  const value = BigInt(text.replace('+', ''))
  return value >= least && value <= most
}

/** Reads text as a value of `type`: the text that both engines take, or undefined. Dates and times are ISO 8601; times with an offset are turned to UTC. */
export function readText(type: ColumnType, text: string): string | undefined {
  return readers[type](text)
}

const matching = (pattern: RegExp) => (text: string) => (pattern.test(text) ? text : undefined)

const readers: Readonly<Record<ColumnType, (text: string) => string | undefined>> = {
  // NUL is not text in PostgreSQL.
  string: (text) => (text.includes('\0') ? undefined : text),
  integer: (text) => (isBigint(text) ? text : undefined),
  number: (text) => (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/.test(text) && Number.isFinite(Number(text)) ? text : undefined),
  boolean: matching(/^(true|false)$/),
  date: (text) => (isDate(text) ? text : undefined),
  datetime: readDateTime,
  time: matching(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/),
  object: () => undefined,
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

// Microseconds stay: JavaScript's dates would lose them.
function readDateTime(text: string): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d)(\.\d{1,6})?)?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?$/.exec(text)
  const [, date = '', time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = match ?? []
  if (match === null || !isDate(date)) return undefined
  const offset = zone === 'Z' || zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`
  const instant = new Date(`${date}T${time}:${seconds}${offset}`)
  return /^\d{4}-/.test(instant.toISOString()) ? `${instant.toISOString().slice(0, 19).replace('T', ' ')}${fraction}` : undefined
}
