import type { Transaction } from '../../persistence/database.ts'
import { formatCheckpoint } from '../../tlog/checkpoint.ts'
import { formatNote } from '../../tlog/note.ts'
import { leafHashOfText } from '../../tlog/tree.ts'
import { createAppend } from '../append.ts'
import { pendingEntry } from '../entry.ts'
import type { AuditRecord } from '../entry.ts'
import { prepareRecord } from '../personal/commit.ts'
import type { PreparedRecord } from '../personal/commit.ts'
import type { EntryText } from '../store.ts'
import { edgeOf } from './check/stored-tree.ts'
import { LogFaultError } from './fault-error.ts'
import type { LogKey, LogKeys } from './keys.ts'
import { nextOf } from './names.ts'
import { readNoteFiles } from './note-file.ts'
import { originOf } from './opening.ts'
import { closeLog, insertLog, pointHead } from './store.ts'
import type { StoredLog } from './store.ts'

/** What one log ends and another begins with. */
export interface SwitchDeps {
  readonly keys: LogKeys
  readonly publicUrl: string
  /** Where note files are. */
  readonly directory: string
  readonly clock: () => Date
  /** Is given the entries that were written, once they are committed. */
  readonly committed: (entries: readonly EntryText[]) => void
}

/** The names that logs have, in the database or in note files, and those that were `told` of otherwise. */
export async function takenNames({ directory }: Pick<SwitchDeps, 'directory'>, logs: readonly StoredLog[], told: readonly string[] = []): Promise<string[]> {
  const { files, damaged } = await readNoteFiles(directory)
  return [...logs.map(({ name }) => name), ...files.map(({ log }) => log), ...damaged.map(({ log }) => log), ...told]
}

/** What a new log is. */
export interface NextLog {
  readonly name: string
  readonly key: LogKey
  readonly start: number
  readonly now: Date
}

/** Writes the row of a new log and points the head to it. Gives the record that begins it. */
export async function beginLog({ db }: Transaction, { publicUrl }: Pick<SwitchDeps, 'publicUrl'>, next: NextLog): Promise<AuditRecord> {
  const origin = originOf(publicUrl, next.name)
  const [vkey = '', mldsa] = next.key.vkeys(origin)
  await insertLog(db, { name: next.name, origin, vkey, start: next.start, openedAt: next.now })
  await pointHead(db, next.name)
  return { type: 'log.opened', name: next.name, origin, vkey, start: next.start, ...(mldsa === undefined ? {} : { mldsa }) }
}

/** Writes records that are ready at the end of the transaction. */
export function appendReady(tx: Transaction, { clock, keys, committed }: Pick<SwitchDeps, 'clock' | 'keys' | 'committed'>, ready: readonly PreparedRecord[]): void {
  const prepared = new Map(ready.map((each) => [each.record, each]))
  const append = createAppend({
    clock,
    marks: keys.marks,
    committed,
    prepare: (record) => {
      const found = prepared.get(record)
      if (found === undefined) throw new Error(`The record ${record.type} is not ready`)
      return found
    },
  })
  append(tx, ready.map(({ record }) => record))
}

/** Ends a log with its last entry, and begins the next, in one transaction under the lock on the head, which stands at `size`. */
export async function switchLog(tx: Transaction, deps: SwitchDeps, change: { readonly from: StoredLog; readonly logs: readonly StoredLog[]; readonly size: number; readonly reason: 'year' | 'key'; readonly key: LogKey; readonly actor?: string | undefined }): Promise<string> {
  const { from, logs, size, reason, key, actor } = change
  const now = deps.clock()
  const name = nextOf(await takenNames(deps, logs), now)
  const origin = originOf(deps.publicUrl, name)
  const who = actor === undefined ? {} : { actor }
  const nextVkey = key.vkey(origin)
  const sameKey = deps.keys.find(from.origin, from.vkey)?.thumbprint === key.thumbprint
  const closed = prepareRecord({ type: 'log.closed', name: from.name, origin: from.origin, vkey: from.vkey, reason, next: name, ...(sameKey ? {} : { nextVkey }), ...who })
  const previousCheckpoint = await finalCheckpoint(tx, deps, from, { size, last: pendingEntry(closed.record, now).text(null) })
  await closeLog(tx.db, from.name, { size: size + 1 - from.start, now })
  const opened = await beginLog(tx, deps, { name, key, start: size + 1, now })
  const ready = prepareRecord({ ...opened, reason, previous: from.name, previousCheckpoint, ...who })
  appendReady(tx, { ...deps, clock: () => now }, [closed, ready])
  return name
}

/** The log as it will be with its last entry. It is signed before that is committed, and nobody sees it unless it is. */
async function finalCheckpoint({ db }: Transaction, { keys }: SwitchDeps, log: StoredLog, end: { readonly size: number; readonly last: string }): Promise<string> {
  const edge = await edgeOf(db, log, end.size - log.start)
  if (!('root' in edge)) throw new LogFaultError(edge)
  edge.append(leafHashOfText(end.last))
  const key = keys.find(log.origin, log.vkey)
  if (key === undefined) throw new LogFaultError({ log: log.name, kind: 'key-missing', detail: {}, message: `The key of the log ${log.name} is not in the folder log/keys.` })
  return formatNote(formatCheckpoint({ origin: log.origin, size: edge.size, root: edge.root() }), key.signers(log.origin))
}
