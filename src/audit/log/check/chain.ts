import { isProblem } from '../../../errors.ts'
import type { JsonValue } from '../../../policy/odrl.ts'
import { parseCheckpoint } from '../../../tlog/checkpoint.ts'
import { openNote, parseNote, parseVkey } from '../../../tlog/note.ts'
import type { AuditRecord } from '../../entry.ts'
import type { AuditRow } from '../../store.ts'
import type { LogFault } from '../log.ts'
import type { StoredLog } from '../store.ts'
import { fieldsOf } from './entries.ts'
import { finding } from './findings.ts'

/** After a break the record goes on at a whole multiple of this, which shows also when the entry that tells of the break was removed after its time. */
export const breakStep = 1_000_000

/** The records that tell of logs, as far as they can be read: openings, closings and prunings. */
export interface LogRecords {
  readonly opened: ReadonlyMap<number, AuditRecord>
  readonly closed: ReadonlyMap<number, AuditRecord>
  /** Logs whose entries were removed after their time, by name, and whether their tiles are kept. */
  readonly pruned: ReadonlyMap<string, { readonly tiles: boolean }>
}

export function logRecordsOf(rows: readonly AuditRow[]): LogRecords {
  const read = rows.flatMap((row) => {
    const fields = fieldsOf(row)
    return fields === undefined ? [] : [{ index: row.index, fields }]
  })
  const of = (type: string) => new Map(read.filter(({ fields }) => fields.type === type).map(({ index, fields }) => [index, fields]))
  return { opened: of('log.opened'), closed: of('log.closed'), pruned: new Map([...of('log.pruned').values()].map(({ name, tiles }) => [wordOf(name), { tiles: tiles !== 'removed' }])) }
}

/** Whether each log begins as its first entry says, and goes on from the one before it. */
export function chainFindings(logs: readonly StoredLog[], head: { readonly size: number; readonly log: string | null }, records: LogRecords): LogFault[] {
  const faults: LogFault[] = []
  for (const [place, log] of logs.entries()) {
    const isGone = records.pruned.has(log.name)
    const opened = records.opened.get(log.start)
    if (opened !== undefined) faults.push(...openingFaults(log, opened, logs[place - 1]))
    else if (!isGone && lengthOf(log, head.size) > 0) faults.push(finding.chainBroken(log.name, { start: log.start }, `entry ${log.start} does not say that the log begins there.`))
    if (log.prunedAt !== null && !isGone) faults.push(finding.prunedUnrecorded(log.name))
    const next = logs[place + 1]
    faults.push(...endFaults(log, { next, opened: records.opened, closed: records.closed, head, isGone, isNextGone: next !== undefined && records.pruned.has(next.name) }))
  }
  for (const index of records.opened.keys()) if (!logs.some(({ start }) => start === index)) faults.push(finding.chainBroken(head.log ?? '', { entry: index }, `entry ${index} begins a log that is not in the list of logs.`))
  return faults
}

export function lengthOf(log: Pick<StoredLog, 'size' | 'start'>, headSize: number): number {
  return log.size ?? headSize - log.start
}

function openingFaults(log: StoredLog, opened: AuditRecord, before: StoredLog | undefined): LogFault[] {
  const { start, previousCheckpoint, reason } = opened
  const [name, origin, vkey] = [wordOf(opened['name']), wordOf(opened['origin']), wordOf(opened['vkey'])]
  const previous = wordOf(opened['previous'] ?? null)
  if (vkey !== log.vkey) return [finding.vkeyReplaced(log.name, vkey, log.vkey)]
  if (name !== log.name || origin !== log.origin || start !== log.start) return [finding.chainBroken(log.name, { entry: log.start, name, origin }, `its first entry names ${origin}, and the list of logs ${log.origin}.`)]
  return goesOn(log, before, { previous, previousCheckpoint, reason })
}

function goesOn(log: StoredLog, before: StoredLog | undefined, { previous, previousCheckpoint, reason }: { previous: string; previousCheckpoint: JsonValue | undefined; reason: JsonValue | undefined }): LogFault[] {
  const expected = before?.name ?? 'none'
  if (previous !== expected) return [finding.chainBroken(log.name, { previous, before: expected }, `its first entry names the log ${previous} before it, and the list of logs ${expected}.`)]
  if (before === undefined || reason === 'break') return []
  if (typeof previousCheckpoint !== 'string') return [finding.chainBroken(log.name, { previous: before.name }, `its first entry does not have the final checkpoint of log ${before.name}.`)]
  return finalCheckpointFaults(log, before, previousCheckpoint)
}

function finalCheckpointFaults(log: StoredLog, before: StoredLog, note: string): LogFault[] {
  const broken = (detail: string) => [finding.chainBroken(log.name, { previous: before.name, found: detail }, `its first entry has a final checkpoint of log ${before.name} that ${detail}.`)]
  try {
    const { text, signedBy } = openNote(note, [parseVkey(before.vkey)])
    const { origin, size, root } = parseCheckpoint(text)
    if (signedBy.length === 0 || origin !== before.origin) return broken('its key did not sign')
    if (size !== before.size) return broken(`has ${size} entries, not ${before.size ?? 'as many as it came to'}`)
    const stored = before.checkpoint === null ? undefined : parseCheckpoint(parseNote(before.checkpoint).text)
    return stored !== undefined && stored.size === size && !stored.root.equals(root) ? broken('is not the stored one') : []
  } catch (error) {
    if (!isProblem(error)) throw error
    return broken('cannot be read')
  }
}

interface End {
  readonly next: StoredLog | undefined
  readonly opened: LogRecords['opened']
  readonly closed: LogRecords['closed']
  readonly head: { readonly size: number; readonly log: string | null }
  readonly isGone: boolean
  readonly isNextGone: boolean
}

function endFaults(log: StoredLog, { next, opened, closed, head, isGone, isNextGone }: End): LogFault[] {
  if (next === undefined) return head.log === log.name && log.closedAt === null ? [] : [finding.chainBroken(log.name, { head: head.log }, `it is the last one, and the database says that entries go to ${head.log ?? 'none'}.`)]
  if (log.size === null) return [finding.chainBroken(log.name, { next: next.name }, `it is open, and log ${next.name} follows it.`)]
  // After a loss, numbers that were signed are left out.
  const isAfterBreak = isNextGone ? next.start > log.start + log.size && next.start % breakStep === 0 : opened.get(next.start)?.['reason'] === 'break'
  if (isAfterBreak) return []
  if (next.start !== log.start + log.size) return [finding.chainBroken(next.name, { start: next.start, end: log.start + log.size }, `it begins at entry ${next.start}, and log ${log.name} ends before entry ${log.start + log.size}.`)]
  return isGone || closed.get(next.start - 1)?.['next'] === next.name ? [] : [finding.chainBroken(next.name, { entry: next.start - 1 }, `log ${log.name} does not say that it ends and that ${next.name} follows.`)]
}

function wordOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : 'none'
}
