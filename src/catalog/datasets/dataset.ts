import type { Geometry } from '../../dataplane/release.ts'
import type { Column, FileVersion, Source } from '../../dataplane/sources/source.ts'
import type { ProtectedUnit } from '../../policy/restriction.ts'

/** Text for people: one entry for each language (BCP 47). */
export type Translations = Readonly<Record<string, string>>

/** What is said about a dataset, after DCAT 3. */
export interface DatasetMetadata {
  readonly title: Translations
  readonly description?: Translations
  readonly publisher?: string
  /** IRIs or words of a vocabulary of themes. */
  readonly theme?: readonly string[]
  readonly keywords?: Readonly<Record<string, readonly string[]>>
  readonly license?: string
  /** What time the data is about; ISO 8601 dates or times. */
  readonly period?: { readonly start?: string; readonly end?: string }
  /** What place the data is about. */
  readonly area?: string
  readonly contact?: { readonly name?: string; readonly email?: string; readonly url?: string }
  readonly landingPage?: string
  readonly updateFrequency?: string
  readonly columns: readonly Column[]
  /** Columns that may be filtered and grouped by where groups are protected, and that row scopes may name. */
  readonly dimensions?: readonly string[]
  /** Who or what stands behind the rows. */
  readonly protectedUnits?: readonly ProtectedUnit[]
  /** Where a row is, for answers as GeoJSON. */
  readonly geometry?: Geometry
}

/** What a person says about a column; what is absent is taken from the data. */
export type ColumnEdit = Partial<Column> & { readonly name: string }

/** Metadata as it is given: columns need not be named. */
export interface MetadataInput extends Omit<DatasetMetadata, 'columns'> {
  readonly columns?: readonly ColumnEdit[]
}

/** A file that becomes a version of a dataset. */
export interface FileInput {
  readonly path: string
  readonly fileName: string
  readonly mediaType?: string
  /**
   * `move`: a file this program received, taken over. `copy` and `reference`: a file under a configured folder, copied into
   * the data folder or left where it is.
   */
  readonly keep: 'move' | 'copy' | 'reference'
}

/** One version of a file's content, and whether it is still there. */
export interface DatasetVersion extends FileVersion {
  readonly rows: number | null
  readonly removedAt: Date | null
}

/** How the columns of a new version differ from those before. */
export interface ColumnChanges {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly retyped: readonly string[]
}

export interface Dataset {
  readonly id: string
  /** Its place in the catalog's order. */
  readonly seq: number
  readonly metadata: DatasetMetadata
  readonly source: Source
  /** Counts changes, for `If-Match`. */
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
  /** The newest content that is still there. */
  readonly latest?: DatasetVersion
}
