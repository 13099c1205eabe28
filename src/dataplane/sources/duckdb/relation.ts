import type { DuckDBConnection } from '@duckdb/node-api'
import { ProblemError } from '../../../errors.ts'
import type { Column, ColumnType } from '../source.ts'
import type { Dialect } from './csv-dialect.ts'
import { readDialect } from './csv-dialect.ts'
import { known, readings, trimmed } from './csv-types.ts'
import type { Job, KnownColumn } from './job.ts'
import { readHead } from './prepare-input.ts'
import { sqlName, sqlText } from './sql.ts'

/** A file as DuckDB reads it: what to select from, and each column with the SQL of its value. */
export interface Relation {
  readonly from: string
  readonly columns: readonly (Column & { readonly sql: string; readonly stored: string })[]
  readonly rows: number
}

/** Finds out what is in the file at `path`. */
export async function readRelation(db: DuckDBConnection, job: Job, path: string): Promise<Relation> {
  if (job.known !== undefined) return knownCsv(db, path, job.known)
  if (job.format === 'csv') return inferCsv(db, job, path)
  return describe(db, job, job.format === 'parquet' ? `read_parquet(${sqlText(path)})` : await jsonReader(job, path))
}

/** The rows of `sql`, values as JSON. */
export async function query(db: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  const reader = await db.runAndReadAll(sql)
  return reader.getRowObjectsJson()
}

const sampleRows = 2_000
const columnsAtOnce = 128
const columnsCounted = 20

async function inferCsv(db: DuckDBConnection, job: Job, path: string): Promise<Relation> {
  const head = await readHead(path, job.limits.maxLineBytes)
  const dialect = readDialect(head.bytes.toString('utf8'), head.whole, job.limits.maxColumns)
  const from = csvReader(path, dialect, job.limits.maxLineBytes)
  // The first rows tell which readings are possible at all; then one pass over all rows checks those that are left.
  const likely = await likelyReadings(db, `(select * from ${from} limit ${sampleRows})`, dialect.names.length)
  const counts = await countReadings(db, from, likely)
  const columns = dialect.names.map((name, column) => {
    const found = (likely[column] ?? []).find((index) => {
      const shown = readings[index]?.shows === undefined || counts.shows(column, index) > 0
      return counts.values(column) > 0 && counts.fits(column, index) === counts.values(column) && shown
    })
    const reading = found === undefined ? undefined : readings[found]
    const text = trimmed(`c${column}`)
    const filled = reading === undefined ? counts.texts(column) : counts.values(column)
    const sql = reading === undefined ? text : about(reading.value, known(text))
    return { name, type: reading?.type ?? ('string' as const), nullable: filled < counts.rows, sql, stored: storedType(reading?.name) }
  })
  return { from, columns, rows: counts.rows }
}

// `v` in a reading's SQL stands for the text of the column.
function about(sql: string, text: string): string {
  return sql.replaceAll(/\bv\b/g, () => text)
}

function storedType(reading: string | undefined): string {
  if (reading === 'instant') return 'TIMESTAMP WITH TIME ZONE'
  return reading === 'datetime' ? 'TIMESTAMP' : ''
}

/** Which readings all values of each column have. */
// The cells of many columns stand below each other, so that each pattern is made ready once and not for each column: that takes
// DuckDB longer than to match it.
async function likelyReadings(db: DuckDBConnection, from: string, columns: number): Promise<number[][]> {
  const fits = readings.map((reading, index) => `count(*) filter (where ${reading.fits}) = count(v) as f${index}`)
  const likely = Array.from({ length: columns }, () => readings.map((_, index) => index))
  for (let first = 0; first < columns; first += columnsAtOnce) {
    const some = Array.from({ length: Math.min(columnsAtOnce, columns - first) }, (_, index) => first + index)
    const cells = `select distinct unnest([${some.join(', ')}]) as k, unnest([${some.map((column) => `c${column}`).join(', ')}]) as c from ${from}`
    const texts = `select k, ${trimmed('c')} as x from (${cells})`
    const rows = await query(db, `select k, ${fits.join(', ')} from (select k, ${known('x')} as v from (${texts})) group by k`)
    for (const row of rows) likely[Number(row['k'])] = readings.flatMap((_, index) => (row[`f${index}`] === true ? [index] : []))
  }
  return likely
}

interface Counts {
  readonly rows: number
  /** How many cells are not empty. */
  texts(column: number): number
  /** How many cells are neither empty nor say that the value is not known. */
  values(column: number): number
  fits(column: number, reading: number): number
  shows(column: number, reading: number): number
}

async function countReadings(db: DuckDBConnection, from: string, candidates: readonly number[][]): Promise<Counts> {
  const row: Record<string, unknown> = {}
  // Each column takes DuckDB some megabytes for what is computed about it, however few rows there are.
  for (let first = 0; first < candidates.length; first += columnsCounted) {
    const [some = {}] = await query(db, countsOf(from, new Map([...candidates.entries()].slice(first, first + columnsCounted))))
    Object.assign(row, some)
  }
  const count = (name: string) => Number(row[name] ?? 0)
  return {
    rows: count('n'),
    texts: (column) => count(`t${column}`),
    values: (column) => count(`k${column}`),
    fits: (column, reading) => count(`f${column}_${reading}`),
    shows: (column, reading) => count(`s${column}_${reading}`),
  }
}

function countsOf(from: string, candidates: ReadonlyMap<number, readonly number[]>): string {
  const parts = ['count(*) as n']
  const cells: string[] = []
  for (const [column, indexes] of candidates) {
    const text = trimmed(`c${column}`)
    cells.push(`${text} as x${column}`, `${known(text)} as v${column}`)
    parts.push(`count(x${column}) as t${column}`, `count(v${column}) as k${column}`)
    for (const index of indexes) {
      const reading = readings[index]
      if (reading === undefined) continue
      parts.push(`count(*) filter (where ${about(reading.fits, `v${column}`)}) as f${column}_${index}`)
      if (reading.shows !== undefined) parts.push(`count(*) filter (where ${about(reading.shows, `v${column}`)}) as s${column}_${index}`)
    }
  }
  return `select ${parts.join(', ')} from (select ${cells.join(', ')} from ${from})`
}

function csvReader(path: string, dialect: Dialect, maxLineBytes: number): string {
  const columns = dialect.names.map((_, index) => `c${index}: 'VARCHAR'`).join(', ')
  return `read_csv(${sqlText(path)}, auto_detect = false, delim = ${sqlText(dialect.delimiter)}, quote = '"', escape = '"', header = ${dialect.header}, skip = ${dialect.skip},
    compression = 'none', null_padding = false, strict_mode = true, max_line_size = ${maxLineBytes}, columns = {${columns}})`
}

const knownTypes: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  datetime: 'TIMESTAMP WITH TIME ZONE',
  time: 'TIME',
  object: 'VARCHAR',
}

// Rows that we wrote: an empty cell is null, a quoted empty one an empty text.
async function knownCsv(db: DuckDBConnection, path: string, columns: readonly KnownColumn[]): Promise<Relation> {
  const types = columns.map((column, index) => `c${index}: '${knownTypes[column.type]}'`).join(', ')
  const from = `read_csv(${sqlText(path)}, auto_detect = false, delim = ',', quote = '"', escape = '"', header = true, new_line = '\\n',
    compression = 'none', allow_quoted_nulls = false, max_line_size = 8388608, buffer_size = 16777216, columns = {${types}})`
  const [row = {}] = await query(db, `select count(*) as n from ${from}`)
  return { from, rows: Number(row['n']), columns: columns.map((column, index) => ({ ...column, nullable: true, sql: `c${index}`, stored: knownTypes[column.type] })) }
}

async function jsonReader(job: Job, path: string): Promise<string> {
  const head = await readHead(path, job.limits.maxLineBytes)
  const start = head.bytes.toString('latin1').trimStart()[0]
  const format = start === '[' ? 'array' : job.format === 'ndjson' ? 'newline_delimited' : 'unstructured'
  return `read_json(${sqlText(path)}, format = '${format}', records = 'true', compression = 'uncompressed', sample_size = -1, maximum_object_size = 16777216, maximum_depth = 32)`
}

async function describe(db: DuckDBConnection, job: Job, from: string): Promise<Relation> {
  const described = await query(db, `describe select * from ${from}`)
  if (described.length > job.limits.maxColumns) throw new ProblemError('invalid-source', `The file has ${described.length} columns; at most ${job.limits.maxColumns} can be read.`)
  const names = described.map((row) => String(row['column_name']))
  const [counts = {}] = await query(db, `select count(*) as n, ${names.map((name, index) => `count(${sqlName(name)}) as k${index}`).join(', ')} from ${from}`)
  const rows = Number(counts['n'])
  const columns = described.map((row, index) => {
    const stored = String(row['column_type'])
    return { name: names[index] ?? '', type: typeOf(stored), nullable: Number(counts[`k${index}`]) < rows, sql: sqlName(names[index] ?? ''), stored }
  })
  return { from, columns, rows }
}

/** The type of a column that DuckDB stores so. */
export function typeOf(stored: string): ColumnType {
  if (/[[(]/.test(stored) && !/^(DECIMAL|ENUM)/.test(stored)) return 'object'
  if (/^(U?(BIG|SMALL|TINY|HUGE)INT|U?INTEGER)$/.test(stored)) return 'integer'
  if (/^(DOUBLE|FLOAT|DECIMAL.*)$/.test(stored)) return 'number'
  if (stored === 'BOOLEAN') return 'boolean'
  if (stored === 'DATE') return 'date'
  if (stored.startsWith('TIMESTAMP')) return 'datetime'
  if (stored.startsWith('TIME')) return 'time'
  return stored === 'JSON' || stored === 'VARIANT' ? 'object' : 'string'
}
