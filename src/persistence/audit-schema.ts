import type { Generated } from 'kysely'
import type { JsonValue } from '../policy/odrl.ts'
import type { Json, Time, TimeOrNull } from './schema.ts'

/**
 * The record, numbered without gaps within each log. What is hashed into the log is canonical JSON (RFC 8785) of all columns but
 * `index` and the members of `rest` (`entryText` in src/audit/entry.ts): each field is stored once, and none can be changed unseen.
 */
export interface AuditEntryTable {
  index: number
  time: Time
  /** The record's number among those of its agreement. */
  seq: number | null
  type: string
  agreement_id: string | null
  transfer_id: string | null
  partner: string | null
  dataset_id: string | null
  role: string | null
  purpose: string | null
  decision: string | null
  /** The fields that have no column, as JSON; of entries written before the log, all of them. */
  rest: string
  /** A count and a keyed hash (HMAC) by whoever wrote the entry, given once; null in entries from before the log and in those that a journal gave back. */
  mark: string | null
}

/** One row: how many entries there are. Its lock orders the writers. */
export interface AuditHeadTable {
  id: number
  size: number
  /** Which log takes the entries; null before the first was opened. */
  log: string | null
  /** True: nothing is recorded until the log is brought back to work. */
  stopped: boolean
}

/** A log (C2SP tlog-tiles): the entries from `start` on, until the next one begins. Years and new keys begin new logs. */
export interface AuditLogTable {
  /** `2026`, `2026-2`. */
  name: string
  origin: string
  vkey: string
  /** The number of its first entry in the record. */
  start: number
  opened_at: Time
  closed_at: TimeOrNull
  /** How many entries it came to; null while it is open. */
  size: number | null
  /** How many of its entries the stored checkpoint and the stored tiles cover. */
  sealed: number
  checkpoint: string | null
  /** Set when its entries were removed after their time; its checkpoint stays. */
  pruned_at: TimeOrNull
}

/** Full tiles: 256 hashes of 32 bytes. Partial ones are computed. */
export interface AuditTileTable {
  log: string
  level: number
  index: number
  /** Its first 7,984 bytes, as many as fill the pieces that the database cuts them into. */
  hashes: Uint8Array
  /** What follows them. */
  rest: Generated<Uint8Array>
}

/** Something that keeps a log from being signed, until it is resolved. */
export interface AuditFaultTable {
  id: string
  log: string
  kind: string
  detail: Json<Readonly<Record<string, JsonValue>>>
  message: string
  found_at: Time
  resolved_at: TimeOrNull
}

/** The number that the next record of an agreement gets. */
export interface AuditSequenceTable {
  agreement_id: string
  next: number
}

/** What committed fields of a record are: their values and salts, by field. Erasing removes them; the record stays. */
export interface AuditOpeningTable {
  index: number
  fields: Json<Readonly<Record<string, { readonly salt: string; readonly value: JsonValue }>>>
}

/** Checkpoints of ours that witnesses were asked about. */
export interface AuditCheckpointTable {
  origin: string
  size: number
  note: string
  made_at: Time
}

/** A witness's signature line (C2SP tlog-cosignature) on one of them. */
export interface AuditCosignatureTable {
  origin: string
  size: number
  witness: string
  line: string
  received_at: Time
}

/** Who cosigns our log: a partner's connector, or a witness from the settings. */
export interface AuditWitnessTable {
  name: string
  vkey: string
  url: string
  partner: string | null
  /** The log and the size that it cosigned last. */
  origin: string | null
  size: number | null
  seen_at: TimeOrNull
  failing_since: TimeOrNull
  failure: string | null
  /** When the alarm was raised that it fails; null when there is none. */
  alarmed_at: TimeOrNull
  /** Until then a process of ours is asking it. */
  busy_until: TimeOrNull
}

/** The latest checkpoint of a partner's log that we cosigned. */
export interface WitnessedLogTable {
  origin: string
  /** Hex: what its checkpoint is asked for by. */
  origin_sha256: string
  partner: string
  vkey: string
  size: number
  /** Base64. */
  root: string
  checkpoint: string | null
  first_seen_at: Time
  updated_at: Time
}

/** A provider's receipt (C2SP tlog-proof) for an answer, by our own record of it. */
export interface ReceiptTable {
  record_index: number
  agreement_id: string
  partner: string
  origin: string
  leaf_index: number
  receipt: string
  verified: boolean
  problem: string | null
  received_at: Time
  /** The number that the provider gave for its record. */
  provider_record: number | null
  /** Whether it refused: refusals of the same kind may share a record, and so a receipt. */
  refusal: Generated<boolean>
}

/** A release whose end is not recorded yet. */
export interface RunningReleaseTable {
  record_index: number
  process: string
  /** What the record of its end will say, for erasures to look through. Nothing is recorded from it. */
  record: Json<Readonly<Record<string, JsonValue>>>
  lease_until: Time
}

/** A process that releases data. */
export interface ReleaseProcessTable {
  process: string
  /** Of the releases before this number of the record, those that it has not ended yet are running releases. */
  mark: number
  lease_until: Time
}

/** The tables of the record and its log. */
export interface AuditSchema {
  audit_entry: AuditEntryTable
  audit_head: AuditHeadTable
  audit_log: AuditLogTable
  audit_tile: AuditTileTable
  audit_fault: AuditFaultTable
  audit_sequence: AuditSequenceTable
  audit_opening: AuditOpeningTable
  audit_checkpoint: AuditCheckpointTable
  audit_cosignature: AuditCosignatureTable
  audit_witness: AuditWitnessTable
  witnessed_log: WitnessedLogTable
  receipt: ReceiptTable
  running_release: RunningReleaseTable
  release_process: ReleaseProcessTable
}
