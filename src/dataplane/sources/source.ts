/** Where the data of a dataset is. */
export type Source = FileSource | PostgresqlSource | HttpSource

/** The content is in the dataset's versions. */
export interface FileSource {
  readonly type: 'file'
}

/** A table or view, read through a connection that the configuration names. */
export interface PostgresqlSource {
  readonly type: 'postgresql'
  readonly connection: string
  /** `table` or `schema.table`. */
  readonly table: string
}

/** An HTTP API that is passed through. */
export interface HttpSource {
  readonly type: 'http'
  readonly baseUrl: string
  readonly methods: readonly ('GET' | 'HEAD' | 'POST')[]
  /** Patterns of allowed paths below `baseUrl`: `*` stands for one segment, a last `**` for any number of them. */
  readonly paths: readonly string[]
  /** Names of the consumer's headers that are passed on. */
  readonly requestHeaders: readonly string[]
  /** Headers whose value is a secret, by the secret's name. */
  readonly secrets: readonly { readonly header: string; readonly secret: string }[]
}

/** What a column holds. */
export type ColumnType = 'string' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime' | 'time' | 'object'

export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
  readonly unit?: string
  /** By language (BCP 47). */
  readonly description?: Readonly<Record<string, string>>
}

/** One version of a file's content. */
export interface FileVersion {
  readonly number: number
  /** Absolute. */
  readonly path: string
  readonly fileName: string
  readonly mediaType: string
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
  readonly createdAt: Date
}

/** The formats that tabular data is read from. */
export type InputFormat = 'csv' | 'json' | 'ndjson' | 'parquet'

/** The formats that tabular data is given in. */
export type TabularFormat = 'csv' | 'ndjson' | 'json' | 'parquet'

export const tabularFormats = ['csv', 'ndjson', 'json', 'parquet'] as const satisfies readonly TabularFormat[]

export const mediaTypes = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  json: 'application/json',
  parquet: 'application/vnd.apache.parquet',
} as const satisfies Record<TabularFormat, string>
