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
  /** A few rows, in memory: at most `limit` (100,000 unless told), else 'query-too-large'. */
  rows(statement: Statement, limit?: number): Promise<readonly ResultRow[]>
  /** The whole answer, written in `format`; `columns` names and types what the statement gives. */
  write(statement: Statement, answer: { readonly format: AnswerFormat; readonly columns: readonly Column[] }): Promise<WrittenAnswer>
  close(): Promise<void>
}
