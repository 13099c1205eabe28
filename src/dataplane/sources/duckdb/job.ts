import type { ProblemCode } from '../../../errors.ts'
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

export interface JobLimits {
  readonly memory: string
  readonly threads: number
  readonly spill: string
  readonly maxColumns: number
  readonly maxLineBytes: number
}

/** What the child answers. */
export type JobAnswer =
  | { readonly id: number; readonly ok: true; readonly columns: Column[]; readonly rows: number }
  | { readonly id: number; readonly ok: false; readonly code: ProblemCode; readonly message: string }
