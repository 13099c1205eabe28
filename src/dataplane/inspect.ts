import { extname } from 'node:path'
import { ProblemError } from '../errors.ts'
import type { DuckDbPool } from './sources/duckdb/pool.ts'
import type { Column, InputFormat } from './sources/source.ts'
import { mediaTypes } from './sources/source.ts'

/** What was found in a file or table. */
export interface Inspection {
  readonly columns: Column[]
  readonly rows?: number
  readonly mediaType?: string
}

const byExtension: Readonly<Record<string, InputFormat>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.txt': 'csv',
  '.parquet': 'parquet',
  '.pq': 'parquet',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
}

const byMediaType: Readonly<Record<string, InputFormat>> = {
  'text/csv': 'csv',
  'text/tab-separated-values': 'csv',
  'text/plain': 'csv',
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet',
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
}

/** The format of a file by its name, or else by its media type. */
export function inputFormat(file: { readonly fileName: string; readonly mediaType?: string }): InputFormat {
  const extension = extname(file.fileName).toLowerCase()
  const type = (file.mediaType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const format = Object.hasOwn(byExtension, extension) ? byExtension[extension] : Object.hasOwn(byMediaType, type) ? byMediaType[type] : undefined
  if (format !== undefined) return format
  if (/^\.(gz|zip|zst|bz2|xz|7z)$/.test(extension)) throw new ProblemError('invalid-source', 'The file is compressed. Publish it unpacked.')
  throw new ProblemError('invalid-source', `The format of ${file.fileName} is not known. Files can be CSV (.csv, .tsv, .txt), Parquet (.parquet), JSON (.json) or NDJSON (.ndjson, .jsonl).`)
}

/** Finds the columns with their types and the number of rows. */
export async function inspectFile(pool: DuckDbPool, file: { readonly path: string; readonly fileName: string; readonly mediaType?: string }): Promise<Inspection> {
  const format = inputFormat(file)
  const { columns, rows } = await pool.inspect({ path: file.path, format })
  return { columns, rows, mediaType: mediaTypes[format] }
}
