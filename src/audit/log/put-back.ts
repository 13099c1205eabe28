import type { Database } from '../../persistence/database.ts'
import { storedEntry } from '../entry.ts'
import { restoreEntries } from '../store.ts'
import { finding } from './check/findings.ts'
import { markLost, readLastEntry } from './check/store.ts'
import { faultOf, LogFaultError } from './fault-error.ts'
import { batchesBackwards } from './journal.ts'
import type { Batch, JournalFile } from './journal.ts'
import type { TreeId } from './tiles.ts'

/** A power cut takes what was written within seconds before it. A database that lacks more was put there by somebody. */
const mostLostMs = 600_000

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
  const [first, last] = [entries[0], entries.at(-1)]
  if (first !== undefined && last !== undefined && last.time.getTime() - first.time.getTime() > mostLostMs) {
    const times = { last: (await readLastEntry(database.db, size))?.time, signed: last.time, by: 'journal' }
    throw new LogFaultError(finding.rewound(journal.log.name, { has: size - journal.log.start, signed: journal.end - journal.log.start }, times))
  }
  await database.transaction(async (tx) => {
    await restoreEntries(tx.db, entries)
    await markLost(tx.db, entries.map(({ index }) => index))
  })
}
