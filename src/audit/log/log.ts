import type { JsonValue } from '../../policy/odrl.ts'

/** One of our logs (C2SP tlog-tiles). Each year and each new key begin another; numbers of the record run on through all of them. */
export interface LogInfo {
  /** `2026`, `2026-2`: the last part of its origin. */
  readonly name: string
  /** `data.city.example/log/2026`: the first line of its checkpoints, and the name of its key. */
  readonly origin: string
  readonly vkey: string
  /** The number in the record of its entry 0. */
  readonly start: number
  readonly openedAt: Date
  readonly closedAt: Date | null
  /** How many entries it came to; null while it is open. */
  readonly size: number | null
  /** Set when its entries were removed after their time. */
  readonly prunedAt: Date | null
}

/** A signed checkpoint (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly log: string
  readonly origin: string
  readonly size: number
  readonly root: Buffer
  /** The signed note: body, empty line, signature lines. */
  readonly note: string
}

/** Where an entry of the record is, and the proof of it. */
export interface Inclusion {
  readonly log: string
  /** Its number in that log. */
  readonly leafIndex: number
  readonly leafHash: Buffer
  readonly proof: readonly Buffer[]
  readonly checkpoint: Checkpoint
}

/** What was found wrong. Every fault stops the log. */
export interface LogFault {
  readonly log: string
  /** A stable word; README lists them. */
  readonly kind: FaultKind
  /** What exactly: places, and what was found and expected there. */
  readonly detail: Readonly<Record<string, JsonValue>>
  /** In a sentence. */
  readonly message: string
}

export const faultKinds = {
  'entry-changed': 'an entry is not the one that the log has',
  'entry-missing': 'an entry of the log is not there',
  'entry-added': 'an entry is there that the log does not have',
  'tile-changed': 'a stored tile does not fit the signed checkpoint',
  'log-rewound': 'the database has less than was signed',
  'root-differs': 'the tree is another one than was signed',
  'key-replaced': 'the key is not the one of the log',
  'key-missing': 'the key of the log is not there',
  'witness-ahead': 'a witness has cosigned more than the database has',
  'witness-differs': 'a witness has cosigned another tree',
  'sequence-broken': 'numbers of an agreement are missing or there twice',
  'journal-damaged': 'the journal does not fit the database',
  'checkpoint-changed': 'a stored checkpoint is not one that the log has signed',
  'chain-broken': 'a log does not go on from the one before it',
  'column-changed': 'an entry is found under something else than it says',
  'opening-changed': 'the value of an erasable field is not the one that was recorded',
  'opening-missing': 'the value of an erasable field is gone, and no record tells of an erasure',
  'cosignature-changed': 'a kept cosignature is not one of its witness',
  'cosignature-missing': 'a cosignature that was kept is not there',
} as const

export type FaultKind = keyof typeof faultKinds

export interface LogStatus {
  readonly state: 'running' | 'stopped'
  readonly log: LogInfo | undefined
  /** Entries of the record, and of those the ones that a signed checkpoint covers. */
  readonly size: number
  readonly sealed: number
  readonly faults: readonly (LogFault & { readonly foundAt: Date })[]
}

/** The log behind the record: what is signed of it, and the proofs. */
export interface TransparencyLog {
  /** All logs, oldest first. */
  logs(): Promise<readonly LogInfo[]>
  /** The newest checkpoint that we signed, without cosignatures; of the open log unless one is named. undefined when there is none. */
  checkpoint(log?: string): Promise<Checkpoint | undefined>
  /** The proof that entry `index` of the record is in its log, against `checkpoint` or the newest. 'not-found' when it is not covered. */
  inclusion(index: number, checkpoint?: Checkpoint): Promise<Inclusion>
  /** The entry's receipt (C2SP tlog-proof), with the leaf's hash as extra data. */
  receipt(index: number): Promise<string>
  /** RFC 6962 §2.1.2. 'not-found' when the log has not that many entries. */
  consistency(log: string, oldSize: number, size: number): Promise<readonly Buffer[]>
  /** `width` hashes of 32 bytes; undefined when the checkpoint does not cover them. */
  tile(log: string, tile: { readonly level: number; readonly index: number; readonly width: number }): Promise<Buffer | undefined>
  /** Entries as they were hashed, from leaf `from` on, at most `count`. */
  leaves(log: string, from: number, count: number): Promise<readonly { readonly index: number; readonly entry: string }[]>
  status(): Promise<LogStatus>
  /** Stops the log: nothing is recorded until it is brought back to work. */
  stop(fault: LogFault): Promise<void>
  /** Calls `listener` after a checkpoint was signed here. Gives the function that ends it. */
  onCheckpoint(listener: (checkpoint: Checkpoint) => void): () => void
}
