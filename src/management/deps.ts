import type { Logger } from 'pino'
import type { Agreements } from '../agreements/agreements.ts'
import type { Obligations } from '../agreements/obligations.ts'
import type { Audit } from '../audit/audit.ts'
import type { Evidence, EvidenceAgreement } from '../audit/evidence/build.ts'
import type { Feeder } from '../audit/witness/feed.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Secrets } from '../catalog/secrets/secrets.ts'
import type { DataPlane } from '../dataplane/data-plane.ts'
import type { ReceiptChecks } from '../dataplane/receipts/checks.ts'
import type { Delivery } from '../dataplane/store.ts'
import type { OutboundHttp } from '../http/guarded-fetch.ts'
import type { Identity } from '../identity/identity.ts'
import type { OidcUser } from '../identity/oidc.ts'
import type { Pseudonym } from '../identity/pseudonym.ts'
import type { Negotiations } from '../negotiation/negotiations.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Database, Transaction } from '../persistence/database.ts'
import type { Transfers } from '../transfer/transfers.ts'
import type { Metrics } from './metrics.ts'
import type { Revocations } from './revocations.ts'
import type { TokenMark } from './token-marks.ts'

/** A partner as far as calling its connector goes. */
export interface Peer {
  readonly id: string
  /** Base address of its Dataspace Protocol; null: found through its DID document. */
  readonly address: string | null
}

/** A dataset as a partner describes it. */
export interface PeerDataset {
  readonly '@id': string
  readonly hasPolicy?: readonly { readonly '@id': string; readonly [term: string]: unknown }[]
  readonly [property: string]: unknown
}

/** Asks partners for their catalogs. `next` is passed back to read on; it must be refused when it leads away from the partner. */
export interface PeerCatalogs {
  catalog(partner: Peer, query: { filter?: readonly unknown[]; next?: string }): Promise<{ datasets: readonly PeerDataset[]; next?: string }>
  dataset(partner: Peer, id: string): Promise<PeerDataset>
}

/** What a push delivered. */
export type DeliveryView = Omit<Delivery, 'transferId'>

/** Everything the management API serves, passed in by `connector.ts`. */
export interface ManagementDeps {
  readonly database: Database
  readonly audit: Pick<Audit, 'append' | 'appendNumbered' | 'record' | 'entries' | 'size' | 'onAppended' | 'log' | 'keeping'>
  readonly clock: () => Date
  /** How many years records are kept; undefined: nothing is removed by itself. */
  readonly retentionYears?: number | undefined
  readonly newId: () => string
  readonly log: Logger
  /** Who we are, as `GET /self` says it. */
  readonly self: { readonly id: string; readonly address: string; readonly version: string }
  readonly catalog: Pick<Catalog, 'createDataset' | 'updateDataset' | 'addVersion' | 'getDataset' | 'listDatasets' | 'removeDataset' | 'listVersions' | 'createOffer' | 'getOffer' | 'listOffers' | 'removeOffer'>
  readonly secrets: Pick<Secrets, 'set' | 'list' | 'remove'>
  readonly agreements: Agreements
  readonly obligations: Omit<Obligations, 'settled'>
  readonly negotiations: Pick<Negotiations, 'request' | 'offer' | 'accept' | 'counter' | 'approve' | 'terminate' | 'get' | 'list'>
  readonly transfers: Pick<Transfers, 'request' | 'start' | 'suspend' | 'resume' | 'complete' | 'terminate' | 'get' | 'list' | 'dataAddress' | 'revokeAgreement'>
  readonly deliveries: (transferId: string) => Promise<readonly DeliveryView[]>
  readonly outbox: Pick<Outbox, 'list' | 'retry' | 'count'>
  readonly dataPlane: {
    /** Ends every access token of a partner. */
    revokePartner(tx: Transaction, partner: string): Promise<void>
  }
  readonly identity: Pick<Identity, 'checkId' | 'document' | 'rotate' | 'signStatement'>
  /** What shows that we wrote the row of a token. */
  readonly tokenMark: TokenMark
  /** Which tokens were revoked, beside what the database says. */
  readonly revocations: Revocations
  /** What a user is called towards a partner. */
  readonly pseudonym: Pseudonym
  /** What every statement says of our organisation: place of use (IRI) and level of security. */
  readonly attested: { readonly spatial: string | undefined; readonly securityLevel: string | undefined }
  /** Verifies access tokens of the configured issuer; without it there is none. */
  readonly oidc?: ((token: string) => Promise<OidcUser>) | undefined
  readonly peerCatalogs: PeerCatalogs
  readonly http: Pick<OutboundHttp, 'check' | 'stream'>
  /** What providers' receipts are worth, and where they are kept. */
  readonly receipts: ReceiptChecks
  /** Whether answers under terms that ask something are passed on only with a receipt that proves their record. */
  readonly requireReceipts: boolean
  readonly metrics: Metrics
  /** Builds the evidence of an agreement. */
  readonly evidence: (asked: { readonly agreement: EvidenceAgreement; readonly actor: string; readonly redacted: readonly string[] }) => Promise<Evidence>
  /** Who cosigns our log. */
  readonly witnesses: Pick<Feeder, 'ask' | 'states'>
  /** Writes a CSV of ours as Parquet and hands it to `take`, which must be done with it when it resolves. */
  readonly writeParquet: DataPlane['writeParquet']
  /** Where uploads wait; on the same disk as the data folder. */
  readonly uploadDirectory: string
  /** The largest upload, in bytes. */
  readonly uploadLimit: number
  /** How often an idle event stream looks for entries of other replicas; 1 s unless told. */
  readonly eventPollMs?: number
  /** How often an idle event stream shows that it lives; 15 s unless told. */
  readonly heartbeatMs?: number
}
