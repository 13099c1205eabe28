import type { Database } from '../../persistence/database.ts'
import { chainFindings, lengthOf, logRecordsOf } from './check/chain.ts'
import type { LogRecords } from './check/chain.ts'
import { signedRoots } from './check/checkpoints.ts'
import { createEntryChecks } from './check/entries.ts'
import type { EntryChecks } from './check/entries.ts'
import { finding } from './check/findings.ts'
import { checkJournal } from './check/journal-findings.ts'
import { entriesOfPruned, withoutForgedPrunings } from './check/prunings.ts'
import { readLastEntry, readNames, readOfTypes, readWitnessKeys } from './check/store.ts'
import { treeFindings } from './check/tree-findings.ts'
import { walkLog } from './check/walk.ts'
import { faultId } from './faults/faults.ts'
import { readFaults, stopLog } from './faults/store.ts'
import type { StoredFault } from './faults/store.ts'
import { cosignatureFaults } from './kept-cosignatures.ts'
import type { LogKeys } from './keys.ts'
import type { LogFault } from './log.ts'
import { readNoteFiles } from './note-file.ts'
import type { NoteFile } from './note-file.ts'
import { findFaultsAtStart } from './start-check.ts'
import { readHead, readLogs } from './store.ts'
import type { StoredLog } from './store.ts'

export interface CheckDeps {
  readonly database: Database
  readonly keys: Pick<LogKeys, 'find' | 'list'>
  /** Where note files and journals are. */
  readonly directory: string
  readonly clock: () => Date
}

/** How far a check has come. */
export interface CheckProgress {
  readonly log: string
  readonly entries: number
  readonly of: number
}

export interface CheckReport {
  readonly startedAt: Date
  readonly finishedAt: Date
  /** How many entries were read and hashed. */
  readonly entries: number
  readonly logs: readonly { readonly name: string; readonly origin: string; readonly entries: number; readonly pruned: boolean }[]
  /** What is wrong. Each of them has stopped the log. */
  readonly findings: readonly (LogFault & { readonly id: string })[]
  /** Breaks of the past: they were found, recorded, and the log was brought back to work. */
  readonly breaks: readonly StoredFault[]
}

interface Checking {
  readonly deps: CheckDeps
  readonly notes: readonly NoteFile[]
  readonly witnesses: ReadonlyMap<string, string>
  readonly headSize: number
  readonly records: LogRecords
  readonly entries: EntryChecks
  readonly add: (faults: readonly LogFault[]) => void
  readonly progress: (log: string, entries: number) => void
}

/** Reads the whole record and compares it with all that was signed of it. What is found stops the log, unless it is a break of the past. */
export async function checkLog(deps: CheckDeps, onProgress: (progress: CheckProgress) => void = () => undefined): Promise<CheckReport> {
  const { database, clock } = deps
  const startedAt = clock()
  const found = new Map<string, LogFault>()
  const add = (faults: readonly LogFault[]) => {
    for (const fault of faults) found.set(faultId(fault), fault)
  }
  add(await findFaultsAtStart(deps))
  add(await cosignatureFaults(deps, 'all'))
  const { head, logs, added, before } = await snapshot(database)
  const { files } = await readNoteFiles(deps.directory)
  const records = logRecordsOf(withoutForgedPrunings(await readOfTypes(database.db, ['log.opened', 'log.closed', 'log.pruned'], head.size), logs))
  add(chainFindings(logs, head, records))
  const of = logs.reduce((sum, log) => sum + (records.pruned.has(log.name) ? 0 : lengthOf(log, head.size)), 0)
  let done = 0
  const checking: Checking = {
    deps,
    notes: files,
    witnesses: await readWitnessKeys(database.db),
    headSize: head.size,
    records,
    entries: createEntryChecks(database, head, (fault) => add([fault])),
    add,
    progress: (log, entries) => {
      done += entries
      onProgress({ log, entries: done, of })
    },
  }
  for (const [place, log] of logs.entries()) {
    await checkOne(checking, log)
    const end = log.start + lengthOf(log, head.size)
    add(await entriesBetween(database, log, end, logs[place + 1]?.start ?? end))
  }
  const last = logs.at(-1)
  if (last !== undefined) add([...added.map((entry) => finding.entryAdded(last.name, entry, head.size)), ...before.map((entry) => finding.entryBefore(last.name, entry))])
  await checking.entries.end(head.log ?? '')
  return await conclude(deps, { startedAt, found, entries: done, logs: logs.map((log) => ({ name: log.name, origin: log.origin, entries: lengthOf(log, head.size), pruned: records.pruned.has(log.name) })) })
}

const mostNames = 100

/** Where the record ends, under the lock on the head: entries behind it were not written by us, nor were those before 0. */
async function snapshot(database: Database) {
  return database.transaction(async ({ db }) => {
    const head = await readHead(db, { lock: true })
    return { head, logs: await readLogs(db), added: await readNames(db, { from: head.size }, mostNames), before: await readNames(db, { to: 0 }, mostNames) }
  })
}

/** Entries that stand between the end of a log and the start of the next one. */
async function entriesBetween({ db }: Database, log: StoredLog, end: number, next: number): Promise<LogFault[]> {
  if (next <= end) return []
  return (await readNames(db, { from: end, to: next }, mostNames)).map((entry) => finding.entryAdded(log.name, entry, end))
}

async function checkOne({ deps, notes, witnesses, headSize, records, entries, add, progress }: Checking, log: StoredLog): Promise<void> {
  const { db } = deps.database
  const length = lengthOf(log, headSize)
  // Whatever size somebody wrote into the database, only what is there is gone through.
  const size = Math.max(0, ((await readLastEntry(db, log.start + length))?.index ?? -1) + 1 - log.start)
  if (size < length && !records.pruned.has(log.name)) add([finding.entriesMissing(log.name, [[log.start + size, log.start + length - 1]])])
  // A break ends what can be known of the numbers of agreements: those that were lost with it are not given again.
  if (records.opened.get(log.start)?.['reason'] === 'break') entries.skipped()
  const signed = await signedRoots(db, log, { note: notes.find((note) => note.log === log.name), witnesses })
  add(signed.faults)
  const pruned = records.pruned.get(log.name)
  if (pruned !== undefined) {
    entries.skipped()
    if (!pruned.tiles) return
    add(await entriesOfPruned(db, log, await readNames(db, { from: log.start, to: log.start + length }, mostNames)))
    const kept = { name: log.name, start: log.start, size: length, sealed: length, pruned: true, signed: signed.roots.filter((root) => root.size <= length) }
    add(await treeFindings(db, kept, await walkLog(db, kept, () => Promise.resolve())))
    return
  }
  const walking = { name: log.name, start: log.start, size, sealed: Math.min(log.sealed, size), signed: signed.roots.filter((root) => root.size <= size) }
  const walked = await walkLog(db, walking, async (batch) => {
    await entries.see(log.name, batch)
    progress(log.name, batch.entries.length)
  })
  add(await treeFindings(db, walking, walked))
  add(await checkJournal(deps, log, size))
}

async function conclude(deps: CheckDeps, result: { startedAt: Date; found: ReadonlyMap<string, LogFault>; entries: number; logs: CheckReport['logs'] }): Promise<CheckReport> {
  const { database, clock } = deps
  const known = await readFaults(deps, 'all')
  const breaks = known.filter(({ resolvedAt }) => resolvedAt !== null)
  // What was found otherwise, as by a witness, keeps the log stopped: it is as wrong as before.
  const open = known.filter(({ id, resolvedAt }) => resolvedAt === null && !result.found.has(id))
  const past = new Set(breaks.map(({ id }) => id))
  // What was removed after its time while it was being read is not missing.
  const { size } = await readHead(database.db)
  const onRecord = logRecordsOf(withoutForgedPrunings(await readOfTypes(database.db, ['log.pruned'], size), await readLogs(database.db))).pruned
  const pruned = new Set(result.logs.flatMap((log) => (!log.pruned && onRecord.has(log.name) ? [log.name] : [])))
  const findings = [...result.found].filter(([id, { log }]) => !past.has(id) && !pruned.has(log)).map(([id, fault]) => ({ id, ...fault }))
  if (findings.length > 0) await stopLog(deps, findings, clock())
  const told = [...findings, ...open.map(({ id, log, kind, detail, message }) => ({ id, log, kind, detail, message }))]
  return { startedAt: result.startedAt, finishedAt: clock(), entries: result.entries, logs: result.logs, findings: told, breaks }
}
