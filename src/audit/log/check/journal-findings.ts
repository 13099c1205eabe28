import { join } from 'node:path'
import type { Database } from '../../../persistence/database.ts'
import { entryText } from '../../entry.ts'
import { batchesBackwards } from '../journal.ts'
import type { LogFault } from '../log.ts'
import type { StoredLog } from '../store.ts'
import { finding } from './findings.ts'
import { fieldsOf } from './entries.ts'
import { readRows } from './store.ts'

/** The journal of a log on the embedded database, batch by batch, against the database. */
export async function checkJournal({ database, directory }: { readonly database: Database; readonly directory: string }, log: StoredLog, size: number): Promise<LogFault[]> {
  if (database.kind !== 'pglite' || log.closedAt !== null) return []
  const faults: LogFault[] = []
  const file = `${log.name}_${log.start}.journal`
  let next: number | undefined
  for await (const batch of batchesBackwards(join(directory, file))) {
    if (batch === undefined) return [...faults, finding.journalDamaged(log.name, file, next ?? log.start + size)]
    if (next !== undefined && batch.first + batch.entries.length !== next) return [...faults, finding.journalDamaged(log.name, file, next)]
    next = batch.first
    // What was written since the check began is left to the next.
    const stored = new Map((await readRows(database.db, batch.first, Math.min(log.start + size, batch.first + batch.entries.length))).map((row) => [row.index, row]))
    for (const [place, text] of batch.entries.entries()) {
      const row = stored.get(batch.first + place)
      if (row !== undefined && (fieldsOf(row) === undefined || entryText(row) !== text)) faults.push(finding.journalDiffers(log.name, { index: row.index, type: row.type, time: row.time.toISOString() }))
    }
  }
  return next !== undefined && next !== log.start ? [...faults, finding.journalDamaged(log.name, file, next)] : faults
}
