import { isProblem } from '../../errors.ts'
import type { JsonValue } from '../../policy/odrl.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import type { CheckpointText } from '../../tlog/checkpoint.ts'
import { createEdge } from '../../tlog/edge.ts'
import type { Edge } from '../../tlog/edge.ts'
import { openNote, parseVkey } from '../../tlog/note.ts'
import { leafHashOfText } from '../../tlog/tree.ts'
import type { AuditRecord } from '../entry.ts'
import { finding } from './check/findings.ts'
import { LogFaultError } from './fault-error.ts'
import type { LogKeys } from './keys.ts'
import { endOfJournal, lostEntries } from './lost-entries.ts'
import type { LogJournal, LostEntry, OpenFile } from './lost-entries.ts'

/** A log of which the database knows nothing, as its journal has it. */
export interface FoundLog {
  readonly name: string
  readonly origin: string
  readonly vkey: string
  readonly start: number
  readonly openedAt: Date
  readonly reason: JsonValue
  readonly entries: readonly LostEntry[]
  /** With all of its entries. */
  readonly edge: Edge
  readonly opened: AuditRecord
}

/** The log that a new one goes on from. */
export interface Before {
  readonly name: string
  readonly origin: string
  readonly vkey: string
  readonly start: number
  /** Behind its last entry. */
  readonly end: number
  readonly edge: Edge
  /** Its last entry. */
  readonly last: string | undefined
}

/** Reads a log from its journal; undefined while nothing in it is signed. A fault when its entries are not those that its key has signed: the database must know it then. */
export async function readFoundLog(journal: LogJournal, deps: { readonly keys: Pick<LogKeys, 'find'>; readonly openFile: OpenFile; readonly last: Date | undefined }): Promise<FoundLog | undefined> {
  const signed = await endOfJournal(journal, deps.openFile)
  if (signed === undefined) return undefined
  const { name, start } = journal
  const entries = await lostEntries(journal, { from: start, end: signed.end, tooMany: (newest) => unknownLog(journal, signed.end - start, { last: deps.last, signed: newest }) }, deps.openFile)
  const edge = edgeWith(createEdge(0, () => Buffer.alloc(0)), entries)
  const opened = recordOf(entries[0]?.text)
  const openedAt = entries[0]?.row.time ?? new Date(0)
  const [origin, vkey] = [textIn(opened, 'origin'), textIn(opened, 'vkey')]
  const checkpoint = openedBy({ origin, vkey }, signed.note)
  const fits = opened.type === 'log.opened' && opened['name'] === name && opened['start'] === start && checkpoint?.size === edge.size && checkpoint.root.equals(edge.root())
  if (!fits || deps.keys.find(origin, vkey) === undefined) throw unknownLog(journal, edge.size, { last: deps.last, signed: openedAt })
  return { name, origin, vkey, start, openedAt, reason: opened['reason'] ?? null, entries, edge, opened }
}

/** That the database does not know a log which was signed. */
export function unknownLog({ name }: Pick<LogJournal, 'name'>, size: number, times: { readonly last: Date | undefined; readonly signed: Date }): LogFaultError {
  return new LogFaultError(finding.logUnknown(name, size, times))
}

/** Whether `found` goes on from the end of `before`: either says so of the other, and the final checkpoint is the one of its tree. */
export function followsOn(found: FoundLog, before: Before | undefined): boolean {
  const { opened } = found
  if (before === undefined) return found.reason === 'first' && opened['previous'] === undefined
  const closed = recordOf(before.last)
  const checkpoint = openedBy(before, textIn(opened, 'previousCheckpoint'))
  const named = opened['previous'] === before.name && closed.type === 'log.closed' && closed['next'] === found.name && (closed['nextVkey'] ?? found.vkey) === found.vkey
  return named && found.start === before.end && checkpoint?.size === before.end - before.start && checkpoint.root.equals(before.edge.root())
}

/** Whether `found` began after a break of `before`. What was last known of it to be signed, if anything, is under its key. */
export function followsBreak(found: FoundLog, before: Pick<Before, 'name' | 'origin' | 'vkey' | 'end'> | undefined): boolean {
  if (before === undefined || found.reason !== 'break' || found.opened['previous'] !== before.name || found.start < before.end) return false
  const checkpoint = textIn(found.opened, 'previousCheckpoint')
  return checkpoint === '' || openedBy(before, checkpoint) !== undefined
}

/** Appends entries to a tree. */
export function edgeWith(edge: Edge, entries: readonly LostEntry[]): Edge {
  for (const { text } of entries) edge.append(leafHashOfText(text))
  edge.takeFull()
  return edge
}

export function recordOf(text: string | undefined): AuditRecord {
  const record: AuditRecord = text === undefined ? { type: '' } : JSON.parse(text)
  return record
}

export function textIn(record: AuditRecord, name: string): string {
  const value = record[name]
  return typeof value === 'string' ? value : ''
}

function openedBy({ origin, vkey }: { readonly origin: string; readonly vkey: string }, note: string): CheckpointText | undefined {
  try {
    const { text, signedBy } = openNote(note, [parseVkey(vkey)])
    const checkpoint = parseCheckpoint(text)
    return signedBy.length > 0 && checkpoint.origin === origin ? checkpoint : undefined
  } catch (error) {
    if (!isProblem(error)) throw error
    return undefined
  }
}
