import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isProblem, ProblemError } from '../errors.ts'
import type { Database, Transaction } from '../persistence/database.ts'
import { createAppend, createEnding } from './append.ts'
import { entryFields } from './entry.ts'
import type { AuditRecord } from './entry.ts'
import { createGroupCommit } from './group-commit.ts'
import { faultIn } from './log/fault-error.ts'
import { stopLog } from './log/faults/store.ts'
import type { JournalFile } from './log/journal.ts'
import { createLogKeeping } from './log/keeping.ts'
import type { LogKeeping } from './log/keeping.ts'
import { restoreCosignatures } from './log/kept-cosignatures.ts'
import { openLogKeys } from './log/keys.ts'
import type { LogKeys } from './log/keys.ts'
import type { LogFault, TransparencyLog } from './log/log.ts'
import { openLog } from './log/open-log.ts'
import { openFirstLog } from './log/opening.ts'
import { askAtStart } from './log/outside.ts'
import type { Outside } from './log/outside.ts'
import { restoreFromJournals } from './log/restore.ts'
import { createSealer } from './log/sealer.ts'
import { checkAtStart } from './log/start-check.ts'
import { createStopReport } from './log/stop-report.ts'
import type { StopListener } from './log/stop-report.ts'
import { readHead } from './log/store.ts'
import { createTrees } from './log/tiles.ts'
import { createTransparencyLog } from './log/transparency-log.ts'
import { createSalts, openRecord, prepareRecord } from './personal/commit.ts'
import type { PreparedRecord } from './personal/commit.ts'
import { findEntries } from './search/store.ts'
import type { AuditQuery, FoundEntry } from './search/store.ts'
import { readSize } from './store.ts'
import type { EntryText } from './store.ts'

export type { AuditRecord } from './entry.ts'

/** A written record: its number, its time (ISO 8601, UTC) and what happened. */
export type AuditEntry = AuditRecord & { readonly index: number; readonly time: string }

/** The record of a connector: entries numbered without gaps from 0, each canonical JSON (RFC 8785), all of them in a transparency log. */
export interface Audit {
  /** Writes in the caller's transaction, at its very end: the lock that this takes orders all writers. 'log-stopped' while the log is stopped. */
  append(tx: Transaction, ...records: AuditRecord[]): Promise<void>
  /** As `append`, and tells the number of the first once they are committed; the others follow it. */
  appendNumbered(tx: Transaction, records: readonly AuditRecord[], written: (first: number) => void): void
  /**
   * Writes in a transaction shared with whoever else is writing. Gives the number once a signed checkpoint covers the record;
   * 'record-unavailable' when it cannot.
   */
  record(record: AuditRecord): Promise<number>
  /** Resolves when a signed checkpoint covers the entry, which is committed; 'record-unavailable' when none can be had now. */
  sealed(index: number): Promise<void>
  /** Entries in ascending order unless told, with what is not erased of their personal fields. */
  entries(query: AuditQuery): Promise<AuditEntry[]>
  /** How many entries there are. */
  size(): Promise<number>
  /** Calls `listener` after entries were committed here. Gives the function that ends it. */
  onAppended(listener: () => void): () => void
  /** Waits until everything handed to `record` is written and sealed, or refused. */
  settle(): Promise<void>
  /** Settles, and stores what is to be found at the next start. */
  close(): Promise<void>
  readonly log: TransparencyLog
  /** Checks, recovery, keys and years of the log. */
  readonly keeping: LogKeeping
  /** The keys of the log and of the witness. */
  readonly keys: LogKeys
  /** Where keys, checkpoints and journals are. */
  readonly directory: string
}

export interface AuditDeps {
  readonly database: Database
  readonly clock: () => Date
  readonly newId: () => string
  /** The folder `log` of the data folder. */
  readonly directory: string
  readonly publicUrl: string
  /** Sign checkpoints with ML-DSA-44 as well. */
  readonly mldsa?: boolean
  readonly onError: (error: unknown) => void
  /** Is told once of each fault that stops the log, whichever replica found it, when it is at work again, and what was put back at the start. */
  readonly onStop?: StopListener
  /** What is known of our logs outside of database and data folder; without it nobody is asked. */
  readonly outside?: Outside
  /** What a record becomes before it is hashed. */
  readonly prepare?: (record: AuditRecord) => PreparedRecord
  /** Opens the journal's file. */
  readonly openFile?: (path: string) => Promise<JournalFile>
}

/** Opens the record and its log, and begins the first log where there is none. A fault that is found stops the log; the record is open nevertheless. */
export async function openAudit(deps: AuditDeps): Promise<Audit> {
  const { database, clock, directory, publicUrl, onError } = deps
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const head = await readHead(database.db)
  const keys = await openLogKeys(join(directory, 'keys'), { create: head.log === null, mldsa: deps.mldsa === true, clock })
  const trees = createTrees(database.db)
  const logDeps = { database, keys, trees, directory, onError, openFile: deps.openFile }
  const open = (start?: number) => openLog(logDeps, start)
  const stopFor = (faults: readonly LogFault[]) => stopLog({ database, directory }, faults, clock()).then(() => log.look())
  const onFault = (fault: LogFault) => stopFor([fault])
  const sealer = createSealer({ database, trees, openLog: open, marks: keys.marks, onFault, onError })
  const log = reporting(createTransparencyLog({ database, directory, sealer, openLog: open, stop: onFault }), deps)
  const listeners = new Set<() => void>()
  const committed = (entries: readonly EntryText[]) => {
    sealer.offer(entries)
    for (const listener of listeners) listener()
  }
  const writing = { clock, prepare: deps.prepare ?? preparing(), marks: keys.marks, committed, refused: log.look }
  const append = createAppend(writing)
  const keeping = createLogKeeping({ database, keys, publicUrl, directory, clock, committed, outside: deps.outside, sealed: sealer.catchUp, onError, look: () => log.status(), newest: () => sealer.current()?.checkpoint()?.note })
  await stoppingAtFaults(stopFor, async () => {
    const [shown, restored] = await Promise.all([askAtStart({ database, directory, publicUrl, clock, outside: deps.outside }), restoreFromJournals({ ...logDeps, publicUrl, clock })])
    await restoreCosignatures({ database, directory }, clock())
    if (restored !== undefined) deps.onStop?.restored?.(restored)
    await checkAtStart({ database, keys, directory, clock }, shown)
    await openFirstLog({ database, keys, publicUrl, append, clock })
    await sealer.catchUp()
    await keeping.beginYear()
  })
  await log.status()
  const group = createGroupCommit(writeTogether(database, createEnding(writing)), { writes: writesAtOnce(database) })
  const settle = async () => {
    await group.settle()
    await sealer.settle()
  }
  return {
    append: async (tx, ...records) => append(tx, records),
    appendNumbered: append,
    record: async (record) => {
      const index = await group.add(record).catch(refuse)
      await sealer.sealed(index)
      return index
    },
    sealed: sealer.sealed,
    settle,
    entries: async (query) => (await findEntries(database.db, query)).map((row) => entryOf(row)),
    size: () => readSize(database.db),
    onAppended: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => inTurn([() => keeping.close(), settle, sealer.close]),
    keeping,
    log,
    keys,
    directory,
  }
}

/** PGlite has one connection. */
function writesAtOnce({ kind }: Database): number {
  return kind === 'pglite' ? 1 : 2
}

async function inTurn(works: readonly (() => Promise<void>)[]): Promise<void> {
  for (const work of works) await work()
}

function preparing(): (record: AuditRecord) => PreparedRecord {
  const salts = createSalts()
  return (record) => prepareRecord(record, salts)
}

/** Whoever looks at the log finds out whether it stopped; `look` does so when a record was refused, of which there may be many at once. */
function reporting(log: TransparencyLog, { onStop, onError }: Pick<AuditDeps, 'onStop' | 'onError'>): TransparencyLog & { readonly look: () => void } {
  const report = createStopReport(onStop ?? { stopped: () => undefined, running: () => undefined })
  let looking: Promise<void> | undefined
  const status = async () => {
    const now = await log.status()
    report.see(now)
    return now
  }
  const look = () => {
    if (report.stopped()) return
    looking ??= status()
      .then(() => undefined, onError)
      .finally(() => {
        looking = undefined
      })
  }
  return { ...log, status, look }
}

/** A fault stops the log; the connector starts all the same, so that it can be looked at and brought back to work. */
async function stoppingAtFaults(stopFor: (faults: readonly LogFault[]) => Promise<void>, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const fault = faultIn(error)
    if (fault !== undefined) await stopFor([fault])
    else if (!(isProblem(error) && error.code === 'log-stopped')) throw error
  }
}

/** One statement is a transaction of its own. */
function writeTogether(database: Database, ending: ReturnType<typeof createEnding>): (records: readonly AuditRecord[]) => Promise<readonly number[]> {
  return async (records) => {
    let first = 0
    await database.single(
      ending(records, (number) => {
        first = number
      }),
    )
    return records.map((_record, place) => first + place)
  }
}

function refuse(cause: unknown): never {
  if (isProblem(cause) && (cause.code === 'log-stopped' || cause.code === 'too-large')) throw cause
  throw new ProblemError('record-unavailable', 'The audit record cannot be written, so nothing was released. Try again later.', { cause })
}

function entryOf({ index, openings, ...stored }: FoundEntry): AuditEntry {
  return { ...openRecord(entryFields(stored), openings ?? {}), index }
}
