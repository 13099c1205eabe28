import type { Queries } from '../../../persistence/database.ts'
import { tileWidth } from '../../../tlog/tiles.ts'
import { leafHashOfText } from '../../../tlog/tree.ts'
import { entryText } from '../../entry.ts'
import type { AuditRow } from '../../store.ts'
import type { LogFault } from '../log.ts'
import { readTileRange } from '../store.ts'
import type { StoredLog } from '../store.ts'
import { fieldsOf } from './entries.ts'
import { finding } from './findings.ts'
import type { EntryName } from './findings.ts'
import { readRows } from './store.ts'

const hashBytes = 32

/** Those of the entries that are there which a pruned log never had. Those that it had are there until the pruning has come to them. */
export async function entriesOfPruned(db: Queries, log: StoredLog, there: readonly EntryName[]): Promise<LogFault[]> {
  const faults: LogFault[] = []
  for (const entry of there) {
    const leaf = entry.index - log.start
    const tile = Math.floor(leaf / tileWidth)
    const [row] = await readRows(db, entry.index, entry.index + 1)
    const [stored] = await readTileRange(db, log.name, { level: 0, from: tile, to: tile + 1 })
    const at = (leaf % tileWidth) * hashBytes
    const isOurs = row !== undefined && stored !== undefined && fieldsOf(row) !== undefined && leafHashOfText(entryText(row)).equals(stored.hashes.subarray(at, at + hashBytes))
    if (row !== undefined && !isOurs) faults.push(finding.entryAfterPruning(log.name, entry))
  }
  return faults
}

/**
 * Without the records of prunings that cannot be true: a pruning is recorded in a later log than the one that it was done to, whose
 * entries are still there, so that they are gone through themselves.
 */
export function withoutForgedPrunings(rows: readonly AuditRow[], logs: readonly StoredLog[]): AuditRow[] {
  const pruned = new Set<string>()
  const counts = (row: AuditRow) => {
    if (row.type !== 'log.pruned') return true
    const name = fieldsOf(row)?.['name']
    const log = logs.find((each) => each.name === name)
    const holder = logs.findLast(({ start }) => start <= row.index)
    if (log === undefined || holder === undefined || log.start >= holder.start || pruned.has(holder.name)) return false
    pruned.add(log.name)
    return true
  }
  // The pruning of a log is recorded behind all of its own entries.
  return rows.toReversed().filter(counts).toReversed()
}
