import { ProblemError } from '../../errors.ts'
import type { Column, ColumnType } from '../sources/source.ts'
import type { BoundValue } from './query.ts'

const examples: Readonly<Record<ColumnType, string>> = {
  string: 'a text without NUL',
  integer: 'a whole number such as 12',
  number: 'a number such as 12.5',
  boolean: 'true or false',
  date: 'a date such as 2026-03-31',
  datetime: 'a time such as 2026-03-31T12:00:00Z',
  time: 'a time of day such as 12:30',
  object: 'nothing: the column holds nested values, which are not compared',
}

const readers: Readonly<Record<ColumnType, (text: string) => BoundValue | undefined>> = {
  // PostgreSQL has no NUL in texts, and half a surrogate pair is no text (RFC 3629).
  string: (text) => (text.includes('\0') || !text.isWellFormed() ? undefined : text),
  integer: readInteger,
  number: (text) => (/^-?(?:\d{1,40}(?:\.\d{1,40})?|\.\d{1,40})(?:e[+-]?\d{1,3})?$/i.test(text) && Number.isFinite(Number(text)) ? text : undefined),
  boolean: (text) => booleans.get(text),
  date: (text) => (isDate(text) ? text : undefined),
  datetime: readDateTime,
  time: (text) => (/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/.test(text) ? text : undefined),
  object: () => undefined,
}

const booleans = new Map([['true', true], ['t', true], ['false', false], ['f', false]])

/** Reads a value by the type of the column that it is compared with; undefined when it is none. */
export function readValue(type: ColumnType, text: string): BoundValue | undefined {
  return readers[type](text)
}

/** Reads a value or refuses it ('invalid-query'), saying what the column takes. */
export function requireValue(column: Column, text: string): BoundValue {
  const value = readValue(column.type, text)
  if (value === undefined) {
    throw new ProblemError('invalid-query', `${column.name}: ${JSON.stringify(text.slice(0, 100))} cannot be compared with a column of type ${column.type}. It takes ${examples[column.type]}.`, { fields: { parameter: column.name } })
  }
  return value
}

const largest = 2n ** 63n

function readInteger(text: string): BoundValue | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined
  const value = BigInt(text)
  if (value >= largest || value < -largest) return undefined
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (parts === null || parts[1] === '0000') return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

function readDateTime(written: string): string | undefined {
  // In the query of an address a plus sign stands for a blank (URL Standard, application/x-www-form-urlencoded).
  const text = written.replace(/(T.*) (\d{2}:\d{2})$/, '$1+$2')
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.exec(text)
  if (parts?.[1] === undefined || !isDate(parts[1])) return undefined
  // A time without zone is one in UTC, as the connector writes times.
  const zoned = text.length === 10 ? `${text}T00:00:00Z` : /(Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`
  return Number.isNaN(new Date(zoned.replace(' ', 'T')).getTime()) ? undefined : zoned.replace(' ', 'T')
}
