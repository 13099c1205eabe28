import type { FileHandle } from 'node:fs/promises'
import type { Column } from '../sources/source.ts'
import type { BoundValue } from './query.ts'

/** A statement with its bound values: `$1` is the first. Only `sources/` makes one. */
export interface Statement {
  readonly sql: string
  readonly parameters: readonly (BoundValue | null)[]
}

/** The formats of answers to queries. */
export type AnswerFormat = 'json' | 'csv' | 'ndjson' | 'parquet' | 'geojson'

/** An answer, whole, in a file that is gone when its handle is closed. */
export interface WrittenAnswer {
  readonly handle: FileHandle
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
  readonly rows: number
}

/** How an answer is written. */
export interface WantedAnswer {
  readonly format: AnswerFormat
  /** What the statement gives, in its order: names and types. */
  readonly columns: readonly Column[]
  /** For GeoJSON: the columns that are a feature's place (WGS 84); the others are its properties. */
  readonly geometry?: { readonly longitude: string; readonly latitude: string }
  /** Stops the query: the client is gone, or the transfer was ended. */
  readonly signal?: AbortSignal
}

/** A row of JSON values. 64-bit integers beyond 2^53 come as text. */
export type ResultRow = Readonly<Record<string, unknown>>

/** One table opened for the queries of one request, all of which see the same content. */
export interface TableEngine {
  readonly dialect: 'duckdb' | 'postgresql'
  /** The table in SQL: quoted, and nothing from outside in it. */
  readonly from: { readonly schema: string | null; readonly table: string }
  /** The columns with their types as the dataset declares them. */
  readonly columns: readonly Column[]
  /** Names the content: the digest of a file; `live` for a table that others change. */
  readonly contentVersion: string
  /** A few rows, in memory: at most `limit` (100,000 unless told), else 'query-too-large'. When `signal` aborts, the query is stopped. */
  rows(statement: Statement, limit?: number, signal?: AbortSignal): Promise<readonly ResultRow[]>
  /** The whole answer, written as `wanted`. */
  write(statement: Statement, wanted: WantedAnswer): Promise<WrittenAnswer>
  close(): Promise<void>
}
