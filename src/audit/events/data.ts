import { actor, parties } from './field.ts'
import type { EventInfo, FieldInfo } from './field.ts'

/** What the signed statement of a request says of who asks. */
const stated = {
  role: { meaning: 'Role of the user who asks, as stated; `consumer` in records of our own questions.' },
  purpose: { meaning: 'Stated purpose, as a full IRI.' },
  user: { meaning: 'Pseudonym of the user who asks.', personal: true },
  legalBasis: { meaning: 'Stated legal basis, as a full IRI.' },
  spatial: { meaning: 'Where the data are used, as attested by the consumer.' },
  securityLevel: { meaning: 'How well the data are kept, as attested by the consumer.' },
} as const satisfies Record<string, FieldInfo>

const asked = {
  'request.method': { meaning: 'Method of the request; `PUSH` for deliveries.' },
  'request.path': { meaning: 'Path below the endpoint.', personal: true },
  'request.query': { meaning: 'Query as it was sent.', personal: true },
  'request.format': { meaning: 'Format of the answer.' },
  'request.range': { meaning: 'Range that was asked for.' },
  'request.accept': { meaning: 'Accept header of the request.' },
  'request.prefer': { meaning: 'Prefer header of the request.' },
  'request.address': { meaning: 'Address that a delivery goes to, without its query.' },
} as const satisfies Record<string, FieldInfo>

const decided = {
  decision: { meaning: '`permit` or `deny`.' },
  rule: { meaning: 'Place of the deciding permission in the agreement, as JSON pointer.' },
  terms: { meaning: 'Each term of the agreement with its wanted value, the value that the request had, where that comes from, and whether it held.', personal: true, json: true },
  policySha256: { meaning: 'SHA-256 of the rules of the agreement that decided, as canonical JSON, hex.' },
} as const satisfies Record<string, FieldInfo>

const evidence = {
  statement: { meaning: 'Id of the signed statement that came with the request.' },
  signed: { meaning: 'The signed statement itself, a compact JWS.', personal: true, bulky: true },
  signedSha256: { meaning: 'SHA-256 of the signed statement, hex.' },
} as const satisfies Record<string, FieldInfo>

const amounts = {
  bytes: { meaning: 'Bytes released or received.' },
  rows: { meaning: 'Rows released.' },
  sha256: { meaning: 'SHA-256 of the released bytes, hex.' },
} as const satisfies Record<string, FieldInfo>

const withheld = {
  withheld: { meaning: 'What was withheld to protect groups, and why.', json: true },
} as const satisfies Record<string, FieldInfo>

const version = { version: { meaning: 'Number of the file version.' } } as const satisfies Record<string, FieldInfo>
const quota = { quota: { meaning: 'Counters of the agreement as they stand afterwards.', json: true } } as const satisfies Record<string, FieldInfo>
const retry = { retry: { meaning: 'True: asked again under the same idempotency key, and not debited again.' } } as const satisfies Record<string, FieldInfo>

/** As a consumer: who of our users asked, and what was stated for her. */
const asking = {
  ...actor,
  'stated.role': { meaning: 'Role that we stated.' },
  'stated.purpose': { meaning: 'Purpose that we stated, as a full IRI.' },
  'stated.legalBasis': { meaning: 'Legal basis that we stated, as a full IRI.' },
  'stated.user': { meaning: 'Pseudonym under which we named the user to the provider.', personal: true },
  'stated.spatial': { meaning: 'Where the data are used, as we attested.' },
  'stated.securityLevel': { meaning: 'How well the data are kept, as we attested.' },
} as const satisfies Record<string, FieldInfo>

/** As a consumer: what the provider said beside the data. */
const answered = {
  requested: { meaning: 'Number of our record of the question.' },
  status: { meaning: 'HTTP status of the answer.' },
  providerRecord: { meaning: 'Number that the provider gave for its own record.' },
  receipt: { meaning: 'What its receipt for that record (C2SP tlog-proof) is worth: `verified`, `missing`, `invalid`, or `unchecked` when its key could not be had.' },
  receiptSha256: { meaning: 'SHA-256 of that receipt, hex.' },
  receiptProblem: { meaning: 'Why the receipt is not verified.' },
} as const satisfies Record<string, FieldInfo>

const outcome = {
  ...parties,
  ...version,
  ...stated,
  ...amounts,
  ...withheld,
  ...quota,
  rule: decided.rule,
  policySha256: decided.policySha256,
  permitted: { meaning: 'Number of the record of its permission.' },
  upTo: { meaning: 'How many bytes may have gone out, when nobody is left who knows; null where that is unknown.' },
  reason: { meaning: 'Why nobody told how it ended: `process ended`.' },
  count: { meaning: 'How many releases the record tells of.' },
  outcomes: { meaning: 'Each of those releases: number of its permission, bytes, rows, digest, status.', json: true },
  status: answered.status,
} as const satisfies Record<string, FieldInfo>

/** What happened to data: asked, permitted, released, refused, received. */
export const dataEvents = {
  'data.permitted': {
    meaning: 'A request or delivery is permitted; recorded before a byte leaves.',
    keep: 'evidence',
    fields: { ...parties, ...version, ...stated, ...asked, ...decided, ...evidence, ...amounts, ...withheld, ...quota, ...retry, reserved: { meaning: 'How many bytes, and rows where they are known, the release may come to; null bytes when only its end shows.', json: true }, reason: { meaning: 'Why it is permitted.' } },
  },
  'data.denied': {
    meaning: 'A request or delivery is refused; refusals of the same kind within a second are counted in one record.',
    keep: 'evidence',
    fields: {
      ...parties,
      ...version,
      ...stated,
      ...asked,
      ...decided,
      ...evidence,
      ...amounts,
      ...quota,
      ...retry,
      caller: { meaning: 'Network address of the caller; `push` for deliveries, `others` beyond those told apart.', personal: true },
      code: { meaning: 'Code of the refusal.' },
      reason: { meaning: 'Why it is refused, as the caller is told.', personal: true },
      count: { meaning: 'How many such requests the record counts.' },
      first: { meaning: 'Number of the record of the first of them; their answers carried its receipt.' },
    },
  },
  'data.released': {
    meaning: 'A permitted answer went out whole; several of one moment may share a record.',
    keep: 'evidence',
    fields: outcome,
  },
  'data.aborted': {
    meaning: 'An answer broke off: as provider on its way out, as consumer on its way in.',
    keep: 'evidence',
    fields: { ...outcome, ...asking, ...answered, signed: evidence.signed, code: { meaning: 'Code of what went wrong.' } },
  },
  'data.delivered': {
    meaning: 'A delivery to the consumer is complete, and the consumer has confirmed it.',
    keep: 'evidence',
    fields: { ...outcome, fileName: { meaning: 'Name of the delivered file.' }, receipt: { meaning: 'What the consumer answered to the delivery.', bulky: true, json: true } },
  },
  'data.requested': {
    meaning: 'As consumer: a user of ours asks the provider.',
    keep: 'evidence',
    fields: { ...parties, role: stated.role, ...asking, ...asked, ...evidence },
  },
  'data.refused': {
    meaning: 'As consumer: the provider refused what a user of ours asked for.',
    keep: 'evidence',
    fields: {
      ...parties,
      role: stated.role,
      ...asking,
      ...answered,
      ...withheld,
      signed: evidence.signed,
      code: { meaning: 'Code of the refusal.' },
      reason: { meaning: 'Kind of the refusal, as the provider says.', personal: true },
      at: { meaning: 'Place of the term that refused, as JSON pointer into the agreement.' },
      term: { meaning: 'Term that refused.' },
      operator: { meaning: 'Operator of that term.' },
      wanted: { meaning: 'What the term wants.', json: true },
      value: { meaning: 'What the request had.', personal: true, json: true },
      terms: decided.terms,
      needed: { meaning: 'What a statement would have to say.', json: true },
      rule: { ...decided.rule, json: true },
      parameter: { meaning: 'Parameter of the query that is at fault.', json: true },
      column: { meaning: 'Column that is at fault.', json: true },
      allowed: { meaning: 'What would be allowed.', json: true },
      position: { meaning: 'Place in the query that is at fault.', json: true },
      limit: { meaning: 'Limit that is used up.', json: true },
      window: { meaning: 'Window of that limit.', json: true },
      resetsAt: { meaning: 'When the limit starts again.', json: true },
    },
  },
  'data.received': {
    meaning: 'As consumer: data came whole, by a question of ours or a delivery of the provider.',
    keep: 'evidence',
    fields: { ...parties, role: stated.role, ...asking, ...answered, ...withheld, ...amounts, signed: evidence.signed, fileName: { meaning: 'Name under which the delivery is kept.' } },
  },
  'receipt.invalid': {
    meaning: 'As consumer: the receipt of an answer or a delivery does not prove the record that the provider named. An alarm.',
    keep: 'evidence',
    fields: { ...parties, requested: answered.requested, providerRecord: answered.providerRecord, origin: { meaning: 'Name of the log that the receipt is of.' }, problem: { meaning: 'Why it proves nothing.' } },
  },
} as const satisfies Record<string, EventInfo>
