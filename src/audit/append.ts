import { ProblemError } from '../errors.ts'
import type { Ending, Transaction } from '../persistence/database.ts'
import { pendingEntry } from './entry.ts'
import type { AuditRecord } from './entry.ts'
import type { Marks } from './log/mark.ts'
import type { PreparedRecord } from './personal/commit.ts'
import { insertEntries, isStopped } from './store.ts'
import type { EntryText, Sequenced } from './store.ts'

/** Writes records at the end of a transaction, and tells the number of the first once they are committed. */
export type Append = (tx: Transaction, records: readonly AuditRecord[], written?: (first: number) => void) => void

/** What an operation is refused with while the log is stopped. */
export function logStopped(cause?: unknown): ProblemError {
  return new ProblemError('log-stopped', 'The audit log is stopped because a fault was found in it, so nothing is recorded or released. `concordat audit check` says what is wrong, `concordat audit recover` brings it back to work.', { cause })
}

export interface AppendDeps {
  readonly clock: () => Date
  readonly prepare: (record: AuditRecord) => PreparedRecord
  /** What an entry is marked with, so that others know it for one that was written by a process of this connector. */
  readonly marks: Pick<Marks, 'make'>
  /** Is given the entries, with the texts that are hashed into the log, before anyone else is told. */
  readonly committed: (entries: readonly EntryText[]) => void
  /** Called when the log is stopped. */
  readonly refused?: () => void
}

export function createAppend(deps: AppendDeps): Append {
  const end = createEnding(deps)
  return (tx, records, written) => {
    if (records.length > 0) tx.atEnd(end(records, written))
  }
}

/** The statement that writes records, for the end of a transaction or as one of its own. */
export function createEnding(deps: AppendDeps): (records: readonly AuditRecord[], written?: (first: number) => void) => Ending<Sequenced> {
  const { clock, prepare, marks, committed, refused } = deps
  return (records, written) => {
    const time = clock()
    const entries = records.map((given) => {
      const { record, written: fields } = prepare(given)
      const entry = pendingEntry(record, time)
      return { entry, fields, mark: marks.make(entry.text(null)) }
    })
    return {
      statement: (_db, kind) => insertEntries(kind, entries),
      failed: (error) => {
        if (!isStopped(error)) return error
        refused?.()
        return logStopped(error)
      },
      committed: ([sequenced]) => {
        if (sequenced === undefined) throw new Error('The head of the record is missing')
        committed(textsOf(entries.map(({ entry }) => entry), sequenced))
        written?.(sequenced.first)
      },
    }
  }
}

function textsOf(entries: readonly ReturnType<typeof pendingEntry>[], { first, next }: Sequenced): EntryText[] {
  const counts = new Map<string, number>(Object.entries(next ?? {}))
  // Backwards from the number that comes next.
  return entries
    .toReversed()
    .map((entry, place) => {
      const seq = entry.agreement === null ? null : (counts.get(entry.agreement) ?? Number.NaN) - 1
      if (entry.agreement !== null && seq !== null) counts.set(entry.agreement, seq)
      return { index: first + entries.length - 1 - place, type: entry.type, entry: entry.text(seq) }
    })
    .toReversed()
}
