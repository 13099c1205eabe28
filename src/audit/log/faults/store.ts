import type { Database, Queries } from '../../../persistence/database.ts'
import { readRecoveries } from '../kept-recoveries.ts'
import type { FaultKind, LogFault } from '../log.ts'
import { faultKinds } from '../log.ts'
import { readLogs } from '../store.ts'
import { faultId } from './faults.ts'

export interface FaultDeps {
  readonly database: Database
  /** Where it is kept which faults a recovery has put on record. */
  readonly directory: string
}

/** A fault that was found, and since when it does not count any more. */
export interface StoredFault extends LogFault {
  readonly id: string
  readonly foundAt: Date
  readonly resolvedAt: Date | null
}

/** Notes faults and stops the log for all replicas, unless each of them was resolved before. Gives whether it is stopped now because of them. */
export async function stopLog({ database, directory }: FaultDeps, faults: readonly LogFault[], now: Date): Promise<boolean> {
  return database.transaction(async ({ db }) => {
    const ids = faults.map(faultId)
    for (const [place, fault] of faults.entries()) {
      await db
        .insertInto('audit_fault')
        .values({ id: ids[place] ?? '', log: fault.log, kind: fault.kind, detail: JSON.stringify(fault.detail), message: fault.message, found_at: now })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute()
    }
    const resolved = await idsOnRecord(db, directory)
    const open = ids.filter((id) => !resolved.has(id))
    if (open.length === 0) return false
    // Somebody may have written that they are resolved.
    await db.updateTable('audit_fault').set({ resolved_at: null }).where('id', 'in', open).execute()
    await db.updateTable('audit_head').set({ stopped: true }).where('id', '=', 1).execute()
    return true
  })
}

/** Faults that a recovery has put on record. Nothing else resolves one: the tables are written easily, the folder of the log is not. */
async function idsOnRecord(db: Queries, directory: string): Promise<ReadonlySet<string>> {
  return await readRecoveries(directory, await readLogs(db))
}

/** Faults in the order in which they were found: those that count, or `all`. */
export async function readFaults({ database: { db }, directory }: FaultDeps, which: 'open' | 'all' = 'open'): Promise<StoredFault[]> {
  const rows = await db.selectFrom('audit_fault').select(['id', 'log', 'kind', 'detail', 'message', 'found_at', 'resolved_at']).orderBy('found_at').orderBy('id').execute()
  const resolved = rows.some((row) => row.resolved_at !== null) ? await idsOnRecord(db, directory) : new Set<string>()
  const faults = rows.map((row) => ({ id: row.id, log: row.log, kind: kindOf(row.kind), detail: row.detail, message: row.message, foundAt: row.found_at, resolvedAt: resolved.has(row.id) ? row.resolved_at : null }))
  return which === 'all' ? faults : faults.filter(({ resolvedAt }) => resolvedAt === null)
}

function kindOf(word: string): FaultKind {
  const known: readonly string[] = Object.keys(faultKinds)
  const isKind = (text: string): text is FaultKind => known.includes(text)
  if (!isKind(word)) throw new Error(`The database has a fault of the unknown kind ${word}`)
  return word
}
