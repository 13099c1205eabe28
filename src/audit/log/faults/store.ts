import type { Database, Queries } from '../../../persistence/database.ts'
import type { FaultKind, LogFault } from '../log.ts'
import { faultKinds } from '../log.ts'
import { faultId } from './faults.ts'

/** A fault that was found, and since when it does not count any more. */
export interface StoredFault extends LogFault {
  readonly id: string
  readonly foundAt: Date
  readonly resolvedAt: Date | null
}

/** Notes faults and stops the log for all replicas, unless each of them was resolved before. Gives whether it is stopped now because of them. */
export async function stopLog(database: Database, faults: readonly LogFault[], now: Date): Promise<boolean> {
  return database.transaction(async ({ db }) => {
    const ids = faults.map(faultId)
    for (const [place, fault] of faults.entries()) {
      await db
        .insertInto('audit_fault')
        .values({ id: ids[place] ?? '', log: fault.log, kind: fault.kind, detail: JSON.stringify(fault.detail), message: fault.message, found_at: now })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute()
    }
    const open = ids.length === 0 ? [] : await db.selectFrom('audit_fault').select('id').where('id', 'in', ids).where('resolved_at', 'is', null).execute()
    if (open.length === 0) return false
    await db.updateTable('audit_head').set({ stopped: true }).where('id', '=', 1).execute()
    return true
  })
}

/** Faults in the order in which they were found: those that count, or `all`. */
export async function readFaults(db: Queries, which: 'open' | 'all' = 'open'): Promise<StoredFault[]> {
  let select = db.selectFrom('audit_fault').select(['id', 'log', 'kind', 'detail', 'message', 'found_at', 'resolved_at']).orderBy('found_at').orderBy('id')
  if (which === 'open') select = select.where('resolved_at', 'is', null)
  const rows = await select.execute()
  return rows.map((row) => ({ id: row.id, log: row.log, kind: kindOf(row.kind), detail: row.detail, message: row.message, foundAt: row.found_at, resolvedAt: row.resolved_at }))
}

function kindOf(word: string): FaultKind {
  const known: readonly string[] = Object.keys(faultKinds)
  const isKind = (text: string): text is FaultKind => known.includes(text)
  if (!isKind(word)) throw new Error(`The database has a fault of the unknown kind ${word}`)
  return word
}
