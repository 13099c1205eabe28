import type { ColumnType, Generated } from 'kysely'
import type { StoredShape } from '../dataplane/disclosure/shape.ts'
import type { OdrlAgreement, PolicyTerms } from '../policy/odrl.ts'
import type { AuditSchema } from './audit-schema.ts'

/**
 * The whole database on two pages: the record and its log are in `audit-schema.ts`. Times are `timestamptz`; text that was
 * exchanged or signed is `text`, byte for byte; `jsonb` is for what we search or edit. Ids that we mint are `urn:uuid:`, ids of
 * peers are opaque strings.
 */

/** A timestamp: read as Date, written as Date. */
export type Time = ColumnType<Date, Date, Date>
/** A timestamp that may be absent. */
export type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>
/** A JSON document: read parsed, written with `JSON.stringify`. */
export type Json<T> = ColumnType<T, string, string>
type JsonOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>
/** A 64-bit integer: read as number, on both databases. */
type BigInteger = ColumnType<number, number, number>

/** Who of the two parties a process row stands for: us as provider, or us as consumer. */
export type Role = 'provider' | 'consumer'

/** The register of partners: who is let in. */
export interface PartnerTable {
  id: string
  name: string
  /** Base address of the partner's Dataspace Protocol endpoint; null: found through its DID document. */
  address: string | null
  /** Groups that policies may name. */
  groups: ColumnType<string[], string | undefined, string>
  created_at: Time
  updated_at: Time
  version: number
}

/** Tokens of the management API and of the gateway; only the SHA-256 of the token is kept. */
export interface ApiTokenTable {
  id: string
  name: string
  /** One of the management API's roles, or the role of a user of the gateway. */
  role: string
  /** Gateway: the purposes that the user may state, the first unless told otherwise; null: any. */
  purposes: JsonOrNull<string[]>
  token_sha256: string
  created_at: Time
  expires_at: TimeOrNull
  revoked_at: TimeOrNull
  /** What shows that a process of this connector wrote the row. */
  mark: string | null
}

/** Answers to POST requests that carried an `Idempotency-Key`. */
export interface IdempotencyTable {
  token_id: string
  key: string
  request_sha256: string
  status: number | null
  headers: JsonOrNull<Record<string, string>>
  body: string | null
  created_at: Time
}

/** Secrets of HTTP sources, by name, sealed with the key in the data folder. */
export interface SecretTable {
  name: string
  sealed: string
  created_at: Time
}

export interface DatasetTable {
  id: string
  /** Place in the catalog's order; pages are cut by it. */
  seq: Generated<number>
  metadata: Json<unknown>
  source: Json<unknown>
  /** Counts changes, for `If-Match`. */
  version: number
  created_at: Time
  updated_at: Time
}

/** One version of a file's content. */
export interface DatasetVersionTable {
  dataset_id: string
  number: number
  /** Path of the content: relative to the data folder for uploads, absolute for files of a configured folder. */
  path: string
  file_name: string
  media_type: string
  bytes: BigInteger
  rows: ColumnType<number | null, number | null | undefined, number | null>
  sha256: string
  created_at: Time
  /** Set when retention removed the content. */
  removed_at: TimeOrNull
}

export interface OfferTable {
  id: string
  /** The ODRL policy without ids and target, as JSON. */
  policy: Json<PolicyTerms>
  decision: 'automatic' | 'manual'
  /** null: all partners. */
  audience: JsonOrNull<string[]>
  /** Whether its terms tell partners apart. */
  addressed: ColumnType<boolean, boolean | undefined, boolean>
  /** The last moment at which its terms can permit anything, whenever they are agreed; null: they set no such end. */
  ends_at: TimeOrNull
  version: number
  created_at: Time
}

/** A dataset under an offer; `id` is the `@id` of the Offer in the catalog. */
export interface OfferDatasetTable {
  id: string
  offer_id: string
  dataset_id: string
}

/** Who sees what: one row for each offered dataset and audience (`*` or a partner's id), in the catalog's order. */
export interface VisibleTable {
  audience: string
  dataset_seq: number
  offer_dataset_id: string
}

export interface NegotiationTable {
  /** Our process id. */
  id: string
  role: Role
  counterparty: string
  /** The counterparty's process id; null until it told us. */
  counterparty_pid: string | null
  /** Where the counterparty takes our messages, without a trailing slash. */
  counterparty_address: string
  state: string
  dataset_id: string
  offer_id: string
  /** The offer last put forward, as JSON text. */
  offer: string
  offered_by: Role
  decision: 'automatic' | 'manual'
  /** Why the last step was taken, or why it waits for a person. */
  reason: string | null
  /** What ended it, when it did not end well. */
  error: string | null
  agreement_id: string | null
  /** Ends the negotiation when it makes no progress until then. */
  deadline_at: Time
  version: number
  created_at: Time
  updated_at: Time
}

/** Ids of messages already taken in, so that a message sent twice counts once. */
export interface ReceivedMessageTable {
  process_id: string
  message_id: string
  received_at: Time
}

export interface AgreementTable {
  id: string
  role: Role
  negotiation_id: string
  counterparty: string
  assigner: string
  assignee: string
  dataset_id: string
  /** The ContractAgreementMessage exactly as it was exchanged. */
  message: string
  /** SHA-256 of `message`, hex. */
  message_sha256: string
  /** The ODRL agreement in it. */
  agreement: Json<OdrlAgreement>
  /** `timestamp` of the agreement. */
  signed_at: string
  created_at: Time
  /** When the negotiation reached FINALIZED; an agreement counts only from then on. */
  finalized_at: TimeOrNull
  /** The last moment at which its terms can permit anything; null: they set no end. */
  ends_at: TimeOrNull
}

export interface TransferTable {
  id: string
  role: Role
  counterparty: string
  counterparty_pid: string | null
  counterparty_address: string
  state: string
  agreement_id: string
  dataset_id: string
  format: string
  /** Consumer: where and with what token to fetch. Provider: where to push to. A DSP DataAddress as JSON. */
  data_address: string | null
  /** Who suspended it, while it is suspended. */
  suspended_by: Role | null
  reason: string | null
  error: string | null
  version: number
  created_at: Time
  updated_at: Time
}

/** Tokens of the data plane; only the SHA-256 of the token is kept. */
export interface AccessTokenTable {
  token_sha256: string
  transfer_id: string
  partner: string
  created_at: Time
  expires_at: Time
}

/** Messages owed to others. A row is deleted when it was delivered. */
export interface OutboxTable {
  id: string
  seq: Generated<number>
  /** `dsp`: a protocol message; `push`: data to be delivered. */
  kind: 'dsp' | 'push'
  process_id: string
  /** The message's name, for people: `ContractRequestMessage`. */
  name: string
  recipient: string
  url: string
  body: string
  status: 'pending' | 'refused'
  attempts: number
  next_attempt_at: Time
  /** Another worker may take it only after this. */
  lease_until: TimeOrNull
  last_error: string | null
  created_at: Time
}

/** What a push delivered: the consumer's receipt, or ours for what came in. */
export interface DeliveryTable {
  transfer_id: string
  role: Role
  file_name: string
  bytes: BigInteger
  sha256: string
  /** Inbox: path of the file, relative to the data folder. */
  path: string | null
  receipt: JsonOrNull<unknown>
  completed_at: Time
}

/** How much of a limit of an agreement is used, in the window that starts then; `starts` is empty where nothing starts again. */
export interface QuotaCounterTable {
  agreement_id: string
  counter: string
  starts: string
  amount: BigInteger
  updated_at: Time
}

/** Signed statements that came with a request, until they expire: each counts once. `id` is issuer and `jti`, hashed. */
export interface SpentStatementTable {
  id: string
  expires_at: Time
}

/** Requests that carried an `Idempotency-Key` and were debited. */
export interface DebitedRequestTable {
  agreement_id: string
  key: string
  request_sha256: string
  created_at: Time
  /** How often it was released again without being debited. */
  retries: Generated<number>
}

/** The ledger of what was released in groups, per agreement and content: the shape of each query, numbered from 1. */
export interface ReleasedShapeTable {
  agreement_id: string
  dataset_id: string
  content_version: string
  seq: number
  shape_sha256: string
  shape: Json<StoredShape>
  created_at: Time
}

/** Duties and obligations of agreements: what somebody has to do, and whether it was done. */
export interface ObligationTable {
  id: string
  agreement_id: string
  /** Ours in the agreement. */
  role: Role
  counterparty: string
  /** JSON pointer of the rule in the agreement. */
  place: string
  kind: 'obligation' | 'duty'
  /** Full IRI. */
  action: string
  /** Who has to do it: a participant id; null where the policy names nobody. */
  assignee: string | null
  due_at: TimeOrNull
  rule: Json<unknown>
  state: 'open' | 'fulfilled' | 'violated'
  note: string | null
  created_at: Time
  updated_at: Time
}

export interface Schema extends AuditSchema {
  partner: PartnerTable
  api_token: ApiTokenTable
  idempotency: IdempotencyTable
  secret: SecretTable
  dataset: DatasetTable
  dataset_version: DatasetVersionTable
  offer: OfferTable
  offer_dataset: OfferDatasetTable
  visible: VisibleTable
  negotiation: NegotiationTable
  received_message: ReceivedMessageTable
  agreement: AgreementTable
  transfer: TransferTable
  access_token: AccessTokenTable
  outbox: OutboxTable
  delivery: DeliveryTable
  quota_counter: QuotaCounterTable
  spent_statement: SpentStatementTable
  debited_request: DebitedRequestTable
  released_shape: ReleasedShapeTable
  obligation: ObligationTable
}
