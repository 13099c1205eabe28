import { uptime } from 'node:os'
import type { Database, Transaction } from '../../persistence/database.ts'
import type { AuditRecord } from '../entry.ts'
import { prepareRecord } from '../personal/commit.ts'
import { readTexts, restoreEntries } from '../store.ts'
import { finding } from './check/findings.ts'
import { edgeOf } from './check/stored-tree.ts'
import { markLost, readLastEntry } from './check/store.ts'
import { faultOf, LogFaultError } from './fault-error.ts'
import { edgeWith, followsBreak, followsOn, readFoundLog, recordOf, textIn, unknownLog } from './found-log.ts'
import type { Before, FoundLog } from './found-log.ts'
import type { LogKeys } from './keys.ts'
import type { LogInfo } from './log.ts'
import { endOfJournal, journalOf, journalsIn, lostEntries } from './lost-entries.ts'
import type { LostEntry, OpenFile } from './lost-entries.ts'
import { readOwnNote } from './open-log.ts'
import { originOf } from './opening.ts'
import { endLog, moveHead, raiseCounters, resolveFaults } from './recovery/store.ts'
import { insertLog, pointHead, readHead, readLogs } from './store.ts'
import type { StoredLog } from './store.ts'
import { appendReady, beginLog } from './switch.ts'

export interface RestoreDeps {
  readonly database: Database
  readonly keys: LogKeys
  readonly directory: string
  readonly publicUrl: string
  readonly clock: () => Date
  readonly openFile?: OpenFile
}

interface Restoring {
  readonly head: { readonly size: number; readonly log: string | null; readonly stopped: boolean }
  readonly logs: readonly StoredLog[]
  /** The log that the database says takes the entries. */
  readonly open: StoredLog | undefined
  /** When the database's last entry was written. */
  readonly last: Date | undefined
}

/** What is put back, in this order. */
interface Plan {
  /** Of the log that the database knows. */
  readonly entries: readonly LostEntry[]
  /** Logs that begin behind it. */
  readonly found: readonly FoundLog[]
  /** The last log ends with an entry that names the next, of which nothing was signed: it is begun now. */
  readonly unbegun: { readonly from: Pick<Before, 'name' | 'origin' | 'vkey' | 'start' | 'end'>; readonly closed: AuditRecord; readonly checkpoint: string } | undefined
}

/** What was put back, for those who must look at what else the database lost. */
export interface Restored {
  readonly from: number
  readonly to: number
  readonly count: number
  /** When the first of the entries was written (ISO 8601, UTC): the rest of the database is as it was before then. */
  readonly since: string
  /** How many there are of each type: what they tell of is on record, and not in the other tables. */
  readonly types: Readonly<Record<string, number>>
  /** When this machine was started: what was written after that was not lost with its power. */
  readonly booted: string
}

/**
 * Before anything is signed: when the power was cut, or when its folder was put back as it was minutes ago, PGlite may lack entries, and
 * logs that began with them, that the journals have; they are put back, and a record tells of it, and of what they were: nothing brings
 * back what the other tables had of it. Their openings are lost, so that their committed fields can no longer be read. What does not fit
 * is a fault.
 */
export async function restoreFromJournals(deps: RestoreDeps): Promise<Restored | undefined> {
  const { database } = deps
  if (database.kind !== 'pglite') return undefined
  const [logs, head] = await Promise.all([readLogs(database.db), readHead(database.db)])
  const open = logs.find(({ name }) => name === head.log)
  const restoring: Restoring = { head, logs, open, last: (await readLastEntry(database.db, head.size))?.time }
  const plan = await planOf(deps, restoring)
  if (plan.entries.length === 0 && plan.found.length === 0) return undefined
  return database.transaction((tx) => putBack(tx, deps, { restoring, plan }))
}

async function planOf(deps: RestoreDeps, restoring: Restoring): Promise<Plan> {
  const found = await unknownLogs(deps, restoring)
  const [first] = found
  const { open, head } = restoring
  const broken = open === undefined ? undefined : { ...open, end: head.size }
  const afterBreak = first !== undefined && followsBreak(first, broken)
  const known = open === undefined || afterBreak ? undefined : await knownLog(deps, restoring, { open, next: first })
  let before: Before | undefined = known?.before
  for (const [place, log] of found.entries()) {
    if (!(place === 0 && afterBreak) && !followsOn(log, before)) throw unknownLog(log, log.edge.size, { last: restoring.last, signed: log.openedAt })
    before = { ...log, end: log.start + log.edge.size, last: log.entries.at(-1)?.text }
  }
  const entries = known?.entries ?? []
  return { entries, found, unbegun: await unbegunOf(deps, entries.length + found.length === 0 ? undefined : before) }
}

/** Logs that have a journal and that the database should know: what lies before the one that it writes was ended by a recovery. */
async function unknownLogs(deps: RestoreDeps, { logs, open, last }: Restoring): Promise<FoundLog[]> {
  const found: FoundLog[] = []
  for (const journal of await journalsIn(deps.directory)) {
    if (logs.some(({ name, start }) => name === journal.name || start === journal.start) || journal.start < (open?.start ?? 0)) continue
    const log = await readFoundLog(journal, { keys: deps.keys, openFile: deps.openFile, last })
    if (log !== undefined) found.push(log)
  }
  return found
}

/** The log that the database writes, with what its journal has beyond that; undefined when that is nothing, and no log follows it. */
async function knownLog(deps: RestoreDeps, restoring: Restoring, { open, next }: { readonly open: StoredLog; readonly next: FoundLog | undefined }): Promise<{ before: Before; entries: readonly LostEntry[] } | undefined> {
  const { db } = deps.database
  const { size } = restoring.head
  const beyond = await beyondDatabase(deps, restoring, open)
  if (beyond === undefined && next === undefined) return undefined
  const entries = beyond?.entries ?? []
  const edge = await edgeOf(db, open, size - open.start)
  if (!('root' in edge)) throw new LogFaultError(edge)
  edgeWith(edge, entries)
  if (beyond !== undefined && !beyond.root.equals(edge.root())) throw faultOf(open.name, 'journal-damaged', `The journal of the log ${open.name} and the database have different entries.`, { size: edge.size })
  const last = entries.at(-1)?.text ?? (await readTexts(db, { from: size - 1, to: size, limit: 1 }))[0]?.entry
  return { entries, before: { ...open, end: size + entries.length, edge, last } }
}

/** What a log's journal has beyond the database, and the root that was signed with it. */
async function beyondDatabase({ directory, openFile }: RestoreDeps, { head, last }: Restoring, open: StoredLog): Promise<{ readonly entries: readonly LostEntry[]; readonly root: Buffer } | undefined> {
  const journal = journalOf(directory, open)
  const signed = await endOfJournal(journal, openFile)
  if (signed === undefined || signed.end <= head.size) return undefined
  const { size, root } = readOwnNote(open, signed.note)
  if (signed.end !== open.start + size) throw faultOf(open.name, 'journal-damaged', `The journal ${journal.path} ends at another entry than its checkpoint.`, { end: signed.end, signed: open.start + size })
  const tooMany = (newest: Date) => new LogFaultError(finding.rewound(open.name, { has: head.size - open.start, signed: size }, { last, signed: newest, by: 'journal' }))
  return { entries: await lostEntries(journal, { from: head.size, end: signed.end, tooMany }, openFile), root }
}

/** The power was cut when the end of a log was signed, and the beginning of the next was not. */
async function unbegunOf({ directory, openFile }: RestoreDeps, before: Before | undefined): Promise<Plan['unbegun']> {
  const closed = recordOf(before?.last)
  if (before === undefined || closed.type !== 'log.closed') return undefined
  const signed = await endOfJournal(journalOf(directory, before), openFile)
  return signed?.end === before.end ? { from: before, closed, checkpoint: signed.note } : undefined
}

async function putBack(tx: Transaction, deps: RestoreDeps, { restoring, plan }: { readonly restoring: Restoring; readonly plan: Plan }): Promise<Restored | undefined> {
  const { db } = tx
  const now = deps.clock()
  const lost = [...plan.entries, ...plan.found.flatMap(({ entries }) => entries)]
  await restoreEntries(db, plan.entries.map(({ row }) => row))
  let open: Pick<LogInfo, 'name' | 'origin' | 'vkey' | 'start'> | undefined = restoring.open
  let { stopped } = restoring.head
  for (const log of plan.found) {
    const { name, origin, vkey, start, openedAt, entries } = log
    if (open !== undefined) await endLog(db, open.name, { size: await lengthOf(tx, open, log), now: openedAt })
    await insertLog(db, { name, origin, vkey, start, openedAt })
    if (log.reason === 'break') {
      await moveHead(db, start)
      await raiseCounters(db)
      await resolveFaults(db, faultsIn(entries[1]?.text), openedAt)
      stopped = false
    }
    await restoreEntries(db, entries.map(({ row }) => row))
    await pointHead(db, name)
    open = log
  }
  await markLost(db, lost.map(({ row }) => row.index))
  // What a stopped log lacked is told by its recovery.
  if (stopped || open === undefined) return undefined
  const begun = plan.unbegun === undefined ? undefined : await beginNext(tx, deps, plan.unbegun)
  const { name, origin, vkey } = begun?.log ?? open
  const restored = restoredOf(lost, now)
  const told = { type: 'log.restored', name, origin, vkey, ...restored, ...(plan.found.length === 0 ? {} : { logs: plan.found.map((log) => log.name) }) }
  appendReady(tx, { keys: deps.keys, clock: () => now, committed: () => undefined }, [...(begun === undefined ? [] : [prepareRecord(begun.opened)]), prepareRecord(told)])
  return restored
}

function restoredOf(lost: readonly LostEntry[], now: Date): Restored {
  const rows = lost.map(({ row }) => row)
  const types: Record<string, number> = {}
  for (const { type } of rows) types[type] = (types[type] ?? 0) + 1
  const since = Math.min(...rows.map(({ time }) => time.getTime()))
  return { from: rows[0]?.index ?? 0, to: rows.at(-1)?.index ?? 0, count: rows.length, since: new Date(since).toISOString(), types, booted: new Date(now.getTime() - uptime() * 1000).toISOString() }
}

/** How many entries a log came to that `next` follows: after a break, as many as there are. */
async function lengthOf({ db }: Transaction, { start }: Pick<LogInfo, 'start'>, next: FoundLog): Promise<number> {
  if (next.reason !== 'break') return next.start - start
  return Math.max(0, ((await readLastEntry(db, next.start))?.index ?? start - 1) + 1 - start)
}

/** The faults that the record of a recovery names. */
function faultsIn(text: string | undefined): string[] {
  const { type, faults, others } = recordOf(text)
  if (type !== 'log.recovered') return []
  const named = Array.isArray(faults) ? faults.flatMap((fault) => (typeof fault === 'object' && fault !== null && 'id' in fault && typeof fault.id === 'string' ? [fault.id] : [])) : []
  return [...named, ...(Array.isArray(others) ? others.filter((id) => typeof id === 'string') : [])]
}

async function beginNext(tx: Transaction, { keys, publicUrl, clock }: RestoreDeps, { from, closed, checkpoint }: NonNullable<Plan['unbegun']>): Promise<{ readonly opened: AuditRecord; readonly log: { readonly name: string; readonly origin: string; readonly vkey: string } }> {
  const [name, nextVkey] = [textIn(closed, 'next'), textIn(closed, 'nextVkey')]
  const origin = originOf(publicUrl, name)
  const key = nextVkey === '' ? keys.find(from.origin, from.vkey) : keys.find(origin, nextVkey)
  if (key === undefined) throw faultOf(from.name, 'key-missing', `The key of the log ${name}, which follows ${from.name}, is not in the folder log/keys.`, { vkey: nextVkey })
  await endLog(tx.db, from.name, { size: from.end - from.start, now: clock() })
  const opened = await beginLog(tx, { publicUrl }, { name, key, start: from.end, now: clock() })
  return { opened: { ...opened, reason: closed['reason'] ?? 'key', previous: from.name, previousCheckpoint: checkpoint }, log: { name, origin, vkey: key.vkey(origin) } }
}
