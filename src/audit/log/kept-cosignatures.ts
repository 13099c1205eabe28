import type { Database } from '../../persistence/database.ts'
import { cosignedSizes, insertCheckpoint, putCosignature } from '../witness/store.ts'
import { lengthOf } from './check/chain.ts'
import { finding } from './check/findings.ts'
import { readCosignedFiles } from './cosigned-file.ts'
import type { CosignedFile } from './cosigned-file.ts'
import type { LogFault } from './log.ts'
import { readHead, readLogs } from './store.ts'

export interface KeptDeps {
  readonly database: Database
  readonly directory: string
}

/** Cosignatures that are kept beside the database and are no longer in it: of the log that takes the entries, or of all. */
export async function cosignatureFaults({ database, directory }: KeptDeps, which: 'open' | 'all'): Promise<LogFault[]> {
  // The embedded database may have lost them with the power.
  if (database.kind === 'pglite') return []
  const [{ log: open, size: end }, logs] = await Promise.all([readHead(database.db), readLogs(database.db)])
  const start = logs.find(({ name }) => name === open)?.start
  const files = await readCosignedFiles(directory, which === 'open' ? start : undefined)
  const missing = await missingOf(database, files)
  // What was removed with a log after its time, or went with entries that the database does not have, is told of otherwise.
  const counts = (file: CosignedFile) => logs.some((log) => log.name === file.log && log.origin === file.origin && log.prunedAt === null && lengthOf(log, end) >= file.size)
  return missing.filter(counts).map(({ log, witness, size }) => finding.cosignatureMissing(log, witness, size))
}

/** Puts cosignatures back that the embedded database lost with the power. */
export async function restoreCosignatures({ database, directory }: KeptDeps, now: Date): Promise<void> {
  if (database.kind !== 'pglite') return
  for (const { origin, size, note, line, witness } of await missingOf(database, await readCosignedFiles(directory))) {
    await insertCheckpoint(database.db, { origin, size, note }, now)
    await putCosignature(database.db, { origin, size, witness, line }, now)
  }
}

async function missingOf({ db }: Database, files: readonly CosignedFile[]): Promise<CosignedFile[]> {
  if (files.length === 0) return []
  const sizes = await cosignedSizes(db, [...new Set(files.map(({ origin }) => origin))])
  return files.filter(({ origin, witness, size }) => (sizes.get(`${origin} ${witness}`) ?? 0) < size)
}
