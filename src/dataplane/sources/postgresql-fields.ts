import pg from 'pg'
import type { WantedAnswer } from '../query/engine.ts'
import type { Column } from './source.ts'

/** SQL that gives each row of a statement as one text: a line of CSV, or a JSON object on one line. */
export function linesOf(sql: string, wanted: WantedAnswer): string {
  const names = wanted.columns.map((_, index) => `c${index}`)
  return `select ${lineOf(wanted)} from (${sql}) as answer(${names.join(', ')})`
}

function lineOf(wanted: WantedAnswer): string {
  const { format, columns } = wanted
  if (format === 'csv' || format === 'parquet') return columns.map((column, index) => csvField(column, `c${index}`, format === 'parquet')).join(` || ',' || `)
  if (format === 'geojson' && wanted.geometry !== undefined) return featureOf(wanted, wanted.geometry)
  return objectOf(columns.map((column, index) => ({ column, sql: `c${index}` })))
}

// By concatenation: functions that build JSON take a hundred arguments only, and identifiers are cut after 63 bytes.
function objectOf(fields: readonly { readonly column: Column; readonly sql: string }[]): string {
  const parts = fields.map(({ column, sql }, index) => `${pg.escapeLiteral(`${index === 0 ? '' : ','}${JSON.stringify(column.name)}:`)} || coalesce(${jsonField(column, sql)}, 'null')`)
  return parts.length === 0 ? `'{}'` : `'{' || ${parts.join(' || ')} || '}'`
}

function featureOf({ columns }: WantedAnswer, geometry: { readonly longitude: string; readonly latitude: string }): string {
  const fields = columns.map((column, index) => ({ column, sql: `c${index}` }))
  const coordinate = (name: string) => jsonNumber(`cast(c${columns.findIndex((column) => column.name === name)} as double precision)`)
  const point = `coalesce('{"type":"Point","coordinates":[' || ${coordinate(geometry.longitude)} || ',' || ${coordinate(geometry.latitude)} || ']}', 'null')`
  const properties = objectOf(fields.filter(({ column }) => column.name !== geometry.longitude && column.name !== geometry.latitude))
  return `'{"type":"Feature","geometry":' || ${point} || ',"properties":' || ${properties} || '}'`
}

// NaN and infinity are not JSON (RFC 8259 §6).
function jsonNumber(sql: string): string {
  return `case when cast(${sql} as text) not in ('NaN', 'Infinity', '-Infinity') then cast(${sql} as text) end`
}

function dateTime(sql: string): string {
  return `replace(replace(cast(${sql} as text), ' ', 'T'), '+00', 'Z')`
}

function jsonField({ type }: Column, sql: string): string {
  if (type === 'number') return jsonNumber(sql)
  if (type === 'datetime') return `cast(to_json(${dateTime(sql)}) as text)`
  // `json` keeps line ends as they were written; `jsonb` does not.
  return type === 'object' ? `cast(to_jsonb(${sql}) as text)` : `cast(to_json(${sql}) as text)`
}

function csvField({ type }: Column, sql: string, exact: boolean): string {
  if (type === 'number') return `coalesce(${exact ? `cast(${sql} as text)` : jsonNumber(sql)}, '')`
  if (type === 'datetime') return `coalesce(${dateTime(sql)}, '')`
  if (type !== 'string' && type !== 'object') return `coalesce(cast(${sql} as text), '')`
  const text = type === 'object' ? `cast(to_jsonb(${sql}) as text)` : sql
  return `coalesce(case when ${text} = '' or ${text} ~ '[",\\n\\r]' then '"' || replace(${text}, '"', '""') || '"' else ${text} end, '')`
}

/** The header of a CSV file. */
export function csvHeader(columns: readonly Column[]): string {
  return columns.map(({ name }) => (name === '' || /[",\n\r]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(',')
}

// PostgreSQL's numbers of its types (pg_type.dat).
const wholeTypes = new Set([20, 21, 23])
const numberTypes = new Set([700, 701, 1700])

/** The JSON value of a field as PostgreSQL writes it. Whole numbers that JSON's readers would round stay text. */
export function valueOf(text: string | null, type: number): unknown {
  if (text === null) return null
  if (type === 16) return text === 't'
  if (wholeTypes.has(type) || numberTypes.has(type)) {
    const value = Number(text)
    if (!Number.isFinite(value)) return null
    return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(text) ? text : value
  }
  if (type === 1114 || type === 1184) return text.replace(' ', 'T').replace('+00', 'Z')
  return type === 114 || type === 3802 ? JSON.parse(text) : text
}
