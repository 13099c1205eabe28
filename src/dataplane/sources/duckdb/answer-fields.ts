import type { AnswerFormat } from '../../query/engine.ts'
import type { FileWanted, KnownColumn } from './job.ts'
import { sqlName, sqlText } from './sql.ts'

/** DuckDB's options for writing an answer. A GeoJSON answer is written as the list of its features. */
export const answerOptions: Readonly<Record<AnswerFormat, string>> = {
  csv: 'format csv, header',
  ndjson: 'format json',
  json: 'format json, array true',
  parquet: 'format parquet, compression zstd',
  geojson: 'format json, array true',
}

/** The select list that writes the columns `c0…` of an answer; `stored` has DuckDB's types of them. */
export function answerFields(wanted: FileWanted, stored: readonly string[]): string {
  const { format, columns, geometry } = wanted
  const fields = columns.map((column, index) => ({ name: column.name, sql: field(column, { format, sql: `c${index}`, stored: stored[index] ?? '' }) }))
  if (format !== 'geojson' || geometry === undefined) return fields.map(({ name, sql }) => `${sql} as ${sqlName(name)}`).join(', ')
  const coordinate = (name: string) => `c${columns.findIndex((column) => column.name === name)}`
  const [longitude, latitude] = [coordinate(geometry.longitude), coordinate(geometry.latitude)]
  const point = `case when isfinite(cast(${longitude} as double)) and isfinite(cast(${latitude} as double)) then {'type': 'Point', 'coordinates': [cast(${longitude} as double), cast(${latitude} as double)]} end`
  const properties = fields.filter(({ name }) => name !== geometry.longitude && name !== geometry.latitude)
  const object = properties.length === 0 ? `cast('{}' as json)` : `json_object(${properties.map(({ name, sql }) => `${sqlText(name)}, ${sql}`).join(', ')})`
  return `'Feature' as "type", ${point} as "geometry", ${object} as "properties"`
}

// Text formats: times as ISO 8601, nested values as JSON in CSV; NaN and infinity are nothing, as JSON has none (RFC 8259 §6).
function field(column: KnownColumn, { format, sql, stored }: { format: AnswerFormat; sql: string; stored: string }): string {
  // Parquet has no whole numbers of 128 bits; DuckDB would round them to doubles.
  if (format === 'parquet') return stored === 'HUGEINT' ? `cast(${sql} as decimal(38, 0))` : sql
  if (stored === 'TIMESTAMP WITH TIME ZONE') return `replace(replace(cast(${sql} as varchar), ' ', 'T'), '+00', 'Z')`
  if (stored.startsWith('TIMESTAMP')) return `replace(cast(${sql} as varchar), ' ', 'T')`
  if (stored === 'DOUBLE' || stored === 'FLOAT') return `case when isfinite(${sql}) then ${sql} end`
  if (column.type !== 'object') return sql
  if (format === 'csv') return stored === 'VARCHAR' ? sql : `cast(to_json(${sql}) as varchar)`
  return stored === 'VARCHAR' ? `cast(${sql} as json)` : sql
}
