import type { ProblemCode } from '../../../errors.ts'
import type { AnswerFormat, ResultRow, Statement } from '../../query/engine.ts'
import type { Column, ColumnType, InputFormat, TabularFormat } from '../source.ts'

/** A column whose type is known before reading: rows written by ourselves from a table. */
export interface KnownColumn {
  readonly name: string
  readonly type: ColumnType
}

/** What a child process is asked to do. */
export interface Job {
  readonly id: number
  readonly path: string
  readonly format: InputFormat
  /** A private folder: the only place the child's DuckDB may write to. */
  readonly folder: string
  /** The format to write, into `out` of the folder; absent: only look. */
  readonly to?: TabularFormat
  /** CSV written by ourselves: the types of its columns. */
  readonly known?: readonly KnownColumn[]
  readonly limits: JobLimits
}

/** A query on a Parquet file that the connector wrote, as the view `data`. */
export interface QueryJob {
  readonly id: number
  readonly path: string
  /** The columns of the view, with the types that are declared for them. */
  readonly declared: readonly KnownColumn[]
  /** The child's own folder: the only place its DuckDB may write to. */
  readonly folder: string
  readonly statement: Statement
  readonly answer: RowsWanted | FileWanted
  readonly limits: JobLimits
}

/** Rows as JSON, `most` of them and no more. */
export interface RowsWanted {
  readonly most: number
}

/** A file in the child's folder. */
export interface FileWanted {
  readonly name: string
  readonly format: AnswerFormat
  readonly columns: readonly KnownColumn[]
  readonly geometry?: { readonly longitude: string; readonly latitude: string }
}

/** Asks the child to stop a query. */
export interface Cancel {
  readonly cancel: number
}

export interface JobLimits {
  readonly memory: string
  readonly threads: number
  readonly spill: string
  readonly maxColumns: number
  readonly maxLineBytes: number
}

/** What the child answers. */
export type JobAnswer =
  | { readonly id: number; readonly ok: true; readonly columns: Column[]; readonly rows: number; readonly found?: readonly ResultRow[] }
  | { readonly id: number; readonly ok: false; readonly code: ProblemCode; readonly message: string; readonly cause?: string }
