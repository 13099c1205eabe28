import type { Database } from '../../persistence/database.ts'
import { lengthOf } from './check/chain.ts'
import { openSigned } from './check/checkpoints.ts'
import { finding } from './check/findings.ts'
import type { Witnessed } from './check/findings.ts'
import { rootOf } from './check/stored-tree.ts'
import type { LogKeys } from './keys.ts'
import type { LogFault } from './log.ts'
import { namesFrom } from './names.ts'
import { readNoteFiles } from './note-file.ts'
import { originOf } from './opening.ts'
import { readHead, readLogs } from './store.ts'
import type { StoredLog } from './store.ts'

/** The newest checkpoint of a log that a witness has cosigned and shows. Nobody has looked yet whose signatures it has. */
export interface ShownCheckpoint extends Witnessed {
  readonly origin: string
  readonly root: Buffer
}

/** What witnesses say when they are asked what they know of logs. */
export interface WitnessAnswers {
  /** The names of those who were asked, and of those who told of each log what they know. */
  readonly asked: readonly string[]
  readonly answered: readonly string[]
  readonly shown: readonly ShownCheckpoint[]
}

/** Asks witnesses about logs by their origins, without showing them anything. Never fails for what a witness does, and ends within a bounded time. */
export type AskOutside = (origins: readonly string[]) => Promise<WitnessAnswers>

/** What is known of our logs outside of database and data folder, which may both come from a backup. */
export interface Outside {
  /** Those whom the database knows, in about a second: a start waits for it. */
  readonly atStart: AskOutside
  /** Everybody, in a few seconds. */
  readonly atRecovery: AskOutside
}

export interface AskDeps {
  readonly database: Database
  readonly directory: string
  readonly publicUrl: string
  readonly clock: () => Date
  readonly outside?: Pick<Outside, 'atStart'> | undefined
}

/** So many logs may have begun in the time that was lost; each is behind the one before it. */
const namesAhead = 3

/**
 * Before the first number is given: what witnesses know of the log that takes the entries, and of logs that would come next. A
 * database that was put back together with the data folder shows nowhere else, and numbers of the lost time would be given once more
 * until a round of cosigning finds out. While no witness answers, the connector starts all the same: its partners being down must not
 * keep it down. What is then given twice is found by the first witness that answers, and is a break on record like any other.
 */
export async function askAtStart({ database, directory, publicUrl, clock, outside }: AskDeps): Promise<readonly ShownCheckpoint[]> {
  const [{ log, stopped }, logs, { files }] = await Promise.all([readHead(database.db), readLogs(database.db), readNoteFiles(directory)])
  const open = logs.find(({ name }) => name === log)
  if (outside === undefined || open === undefined || stopped) return []
  const next = namesFrom({ taken: [...logs.map(({ name }) => name), ...files.map((file) => file.log)], from: open.name, now: clock() }, namesAhead)
  return (await outside.atStart([open.origin, ...next.map((name) => originOf(publicUrl, name))])).shown
}

/** What witnesses have cosigned, as they `shown`, that the database does not have. Only what a key of ours has signed counts: a witness alone must not be able to stop a log. */
export async function outsideFaults({ database, keys }: { readonly database: Database; readonly keys: Pick<LogKeys, 'list'> }, shown: readonly ShownCheckpoint[]): Promise<LogFault[]> {
  // Read after the answers: what other processes of ours have shown to witnesses meanwhile is in the database.
  const [{ size }, logs] = await Promise.all([readHead(database.db), readLogs(database.db)])
  const faults: LogFault[] = []
  for (const each of shown) {
    const log = logs.find(({ origin }) => origin === each.origin)
    const fault = log === undefined ? unknownTo(keys, each) : await compared(database, { log, here: lengthOf(log, size) }, each)
    if (fault !== undefined) faults.push(fault)
  }
  return faults
}

function unknownTo(keys: Pick<LogKeys, 'list'>, shown: ShownCheckpoint): LogFault | undefined {
  return isOurs(keys, shown) ? finding.witnessUnknown({ name: nameIn(shown.origin), origin: shown.origin }, shown) : undefined
}

/** Whether one of the keys that we have signed a checkpoint. */
export function isOurs(keys: Pick<LogKeys, 'list'>, { origin, note }: Pick<ShownCheckpoint, 'origin' | 'note'>): boolean {
  return keys.list().some((key) => 'checkpoint' in openSigned({ name: nameIn(origin), origin, vkey: key.vkey(origin) }, { where: 'a witness', note }))
}

async function compared(database: Database, { log, here }: { readonly log: StoredLog; readonly here: number }, shown: ShownCheckpoint): Promise<LogFault | undefined> {
  if (log.prunedAt !== null || !('checkpoint' in openSigned(log, { where: 'a witness', note: shown.note }))) return undefined
  if (shown.size > here) return finding.witnessAhead(log, shown, here)
  const root = await rootOf(database.db, log, shown.size)
  // What is missing or changed in the tree is told by the check of what is stored.
  return Buffer.isBuffer(root) && !root.equals(shown.root) ? finding.witnessDiffers(log, shown, here) : undefined
}

const nameIn = (origin: string) => origin.slice(origin.lastIndexOf('/') + 1)
