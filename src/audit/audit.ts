import canonicalize from 'canonicalize'
import { ProblemError } from '../errors.ts'
import type { Database, Transaction } from '../persistence/database.ts'
import type { JsonValue } from '../policy/odrl.ts'
import { createGroupCommit } from './group-commit.ts'
import { insertEntries, readEntries, readSize } from './store.ts'
import type { AuditQuery, AuditRow } from './store.ts'

/** What happened. Its time is added when it is written; its number is its place in the record. */
export interface AuditRecord {
  readonly type: string
  readonly agreement?: string
  readonly transfer?: string
  readonly partner?: string
  readonly dataset?: string
  readonly [field: string]: JsonValue | undefined
}

/** A written record: its number, its time (ISO 8601, UTC) and what happened. */
export type AuditEntry = AuditRecord & { readonly index: number; readonly time: string }

/** The record of a connector: entries numbered without gaps from 0, each canonical JSON (RFC 8785). */
export interface Audit {
  /** Writes in the caller's transaction, at its very end: the lock that this takes orders all writers. */
  append(tx: Transaction, ...records: AuditRecord[]): Promise<void>
  /** As `append`, and tells the number of the first once they are committed; the others follow it. */
  appendNumbered(tx: Transaction, records: readonly AuditRecord[], written: (first: number) => void): void
  /** Writes in a transaction shared with whoever else is writing. Gives the number; 'record-unavailable' when it cannot. */
  record(record: AuditRecord): Promise<number>
  /** Entries in ascending order. */
  entries(query: AuditQuery): Promise<AuditEntry[]>
  /** How many entries there are. */
  size(): Promise<number>
  /** Calls `listener` after entries were committed here. Gives the function that ends it. */
  onAppended(listener: () => void): () => void
  /** Waits until everything handed to `record` is written or refused. */
  settle(): Promise<void>
}

export function createAudit(deps: { database: Database; clock: () => Date }): Audit {
  const { database, clock } = deps
  const listeners = new Set<() => void>()

  function write(tx: Transaction, records: readonly AuditRecord[], written: (first: number) => void): void {
    const time = clock()
    const rows = records.map((record) => rowOf(record, time))
    tx.atEnd({
      statement: (db) => insertEntries(db, rows),
      committed: ([head]) => {
        if (head === undefined) throw new Error('The head of the record is missing')
        written(head.first)
        for (const listener of listeners) listener()
      },
    })
  }

  const group = createGroupCommit(async (records: readonly AuditRecord[]) => {
    try {
      let first = 0
      await database.transaction(async (tx) =>
        write(tx, records, (number) => {
          first = number
        }),
      )
      return records.map((_record, place) => first + place)
    } catch (cause) {
      throw new ProblemError('record-unavailable', 'The audit record cannot be written, so nothing was released. Try again later.', { cause })
    }
  })

  return {
    append: async (tx, ...records) => write(tx, records, () => undefined),
    appendNumbered: write,
    record: (record) => group.add(record),
    settle: () => group.settle(),
    entries: async (query) => (await readEntries(database.db, query)).map((row) => entryOf(row)),
    size: () => readSize(database.db),
    onAppended: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function rowOf(record: AuditRecord, time: Date) {
  const entry = canonicalize({ ...record, time: time.toISOString() })
  if (entry === undefined) throw new Error(`The record ${record.type} is not JSON`)
  return {
    entry,
    time,
    type: record.type,
    agreement: record.agreement ?? null,
    transfer: record.transfer ?? null,
    partner: record.partner ?? null,
    dataset: record.dataset ?? null,
  }
}

function entryOf(row: AuditRow): AuditEntry {
  const record: AuditRecord & { time: string } = JSON.parse(row.entry)
  return { ...record, index: row.index }
}
