import type { PolicyTerms } from '../policy/odrl.ts'

/** A request for the catalog (DSP 2025-1, catalog §2.1.1). */
export interface CatalogRequestMessage {
  readonly '@context'?: unknown
  readonly '@type': 'CatalogRequestMessage'
  readonly filter?: readonly unknown[]
}

/** Text in one language. */
export interface LanguageText {
  readonly '@value': string
  readonly '@language': string
}

/** A typed value, such as a date. */
export interface TypedValue {
  readonly '@value': string
  readonly '@type': string
}

/** An offer in a catalog: no target, because it stands in its dataset (DSP 2025-1, catalog §2.2). */
export interface CatalogOffer extends PolicyTerms {
  readonly '@id': string
  readonly '@type': 'Offer'
}

/** Where datasets are negotiated; `endpointURL` is the base address of the protocol version (catalog §2.2). */
export interface DataService {
  readonly '@id': string
  readonly '@type': 'DataService'
  readonly endpointURL: string
}

export interface Distribution {
  readonly '@type': 'Distribution'
  readonly format: 'HttpData-PULL' | 'HttpData-PUSH'
  readonly accessService: DataService
}

/** A dataset as the catalog shows it. */
export interface DcatDataset {
  readonly '@id': string
  readonly '@type': 'Dataset'
  readonly hasPolicy: readonly CatalogOffer[]
  readonly distribution: readonly Distribution[]
  readonly [property: `dct:${string}` | `dcat:${string}` | `http${string}`]: unknown
}

/** A catalog as it is answered, without its context. */
export interface DcatCatalog {
  readonly '@id': string
  readonly '@type': 'Catalog'
  readonly participantId: string
  readonly service: readonly DataService[]
  /** Absent when it holds nothing: the schema refuses an empty list. */
  readonly dataset?: readonly DcatDataset[]
}
