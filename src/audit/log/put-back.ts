import type { Database } from '../../persistence/database.ts'
import { storedEntry } from '../entry.ts'
import { restoreEntries } from '../store.ts'
import { faultOf } from './fault-error.ts'
import { batchesBackwards } from './journal.ts'
import type { Batch, JournalFile } from './journal.ts'
import type { TreeId } from './tiles.ts'

/** Puts entries of the journal that the database, which has `size`, does not have into it. */
export async function putBack(deps: { readonly database: Database; readonly openFile?: ((path: string) => Promise<JournalFile>) | undefined }, journal: { readonly log: TreeId; readonly path: string; readonly end: number; readonly size: number }): Promise<void> {
  const { database } = deps
  const { size } = journal
  const lost: Batch[] = []
  for await (const batch of batchesBackwards(journal.path, deps.openFile)) {
    if (batch === undefined) throw faultOf(journal.log.name, 'journal-damaged', `The journal ${journal.path} is damaged before the entries that the database lacks.`, { from: size })
    lost.unshift(batch)
    if (batch.first <= size) break
  }
  const entries = lost.flatMap(({ first, entries: texts }) => texts.map((text, place) => ({ index: first + place, ...storedEntry(text) }))).filter(({ index }) => index >= size)
  if (entries[0]?.index !== size || entries.length !== journal.end - size) throw faultOf(journal.log.name, 'journal-damaged', `The journal ${journal.path} does not go on where the database ends.`, { size, end: journal.end })
  await database.transaction((tx) => restoreEntries(tx.db, entries))
}
