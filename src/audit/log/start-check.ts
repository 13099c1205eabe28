import type { Database, Queries } from '../../persistence/database.ts'
import { tileWidth } from '../../tlog/tiles.ts'
import { lengthOf } from './check/chain.ts'
import { openSigned } from './check/checkpoints.ts'
import { finding } from './check/findings.ts'
import { readLastEntry, readNames, readNumbers, readRows } from './check/store.ts'
import { gaps, rootOf } from './check/stored-tree.ts'
import { readFaults, stopLog } from './faults/store.ts'
import type { LogKeys } from './keys.ts'
import { cosignatureFaults } from './kept-cosignatures.ts'
import type { LogFault } from './log.ts'
import { readNoteFiles } from './note-file.ts'
import type { NoteFile } from './note-file.ts'
import { outsideFaults } from './outside.ts'
import type { ShownCheckpoint } from './outside.ts'
import { readHead, readLogs } from './store.ts'
import type { StoredLog } from './store.ts'

export interface StartCheckDeps {
  readonly database: Database
  readonly keys: Pick<LogKeys, 'find' | 'list'>
  /** Where the note files are. */
  readonly directory: string
}

/** Before anything is signed: what is wrong with the log, also as witnesses have `shown`, stops it. */
export async function checkAtStart(deps: StartCheckDeps & { readonly clock: () => Date }, shown: readonly ShownCheckpoint[]): Promise<void> {
  // What was found before counts until a recovery is on record, whatever the head says.
  const faults = [...(await readFaults(deps)), ...(await findFaultsAtStart(deps)), ...(await outsideFaults(deps, shown)), ...(await cosignatureFaults(deps, 'open'))]
  if (faults.length > 0) await stopLog(deps, faults, deps.clock())
}

/** What is found wrong, and the log that it was found in. */
interface Looking {
  readonly db: Queries
  readonly size: number
  readonly last: Date | undefined
}

/**
 * What is wrong with the log as it lies in the database, as far as that shows without reading all of it: its key, its signed
 * checkpoints in and outside the database, and the tree that goes on from them. Reads a few hundred rows, however long the log is.
 */
export async function findFaultsAtStart(deps: StartCheckDeps): Promise<readonly LogFault[]> {
  const notes = await notesIn(deps.directory)
  // Under the lock on the head: other processes may be writing.
  return deps.database.transaction(async ({ db }) => {
    const head = await readHead(db, { lock: true })
    const logs = await readLogs(db)
    const looking = { db, size: head.size, last: (await readLastEntry(db, head.size))?.time }
    const open = logs.find(({ name }) => name === head.log)
    const rewound = notes.files.flatMap((note) => comparedWithNote(looking, logs, note))
    const inOpen = open === undefined ? [] : await faultsOfOpen(deps, { ...looking, open, note: notes.files.find(({ log }) => log === open.name) })
    return [...notes.faults, ...rewound, ...inOpen]
  })
}

async function notesIn(directory: string): Promise<{ files: readonly NoteFile[]; faults: readonly LogFault[] }> {
  const { files, damaged } = await readNoteFiles(directory)
  return { files, faults: damaged.map(({ log, file, why }) => finding.checkpointUnreadable(log, `the file ${file}`, why)) }
}

function comparedWithNote({ size, last }: Looking, logs: readonly StoredLog[], note: NoteFile): LogFault[] {
  const log = logs.find(({ name }) => name === note.log)
  if (log === undefined) return [finding.logUnknown(note.log, note.size, { last, signed: note.writtenAt })]
  const has = lengthOf(log, size)
  return has < note.size ? [finding.rewound(log.name, { has, signed: note.size }, { last, signed: note.writtenAt, by: 'note file' })] : []
}

interface Opened extends Looking {
  readonly open: StoredLog
  readonly note: NoteFile | undefined
}

async function faultsOfOpen(deps: StartCheckDeps, looking: Opened): Promise<LogFault[]> {
  const faults = [...keyFaults(deps, looking.open), ...closedFaults(looking), ...(await firstEntryFaults(looking)), ...(await numberFaults(looking))]
  // A tree that is not there whole, or that another key vouches for, is compared with nothing.
  return faults.length > 0 ? faults : treeFaults(looking)
}

function keyFaults({ keys, directory }: StartCheckDeps, { name, origin, vkey }: StoredLog): LogFault[] {
  if (keys.find(origin, vkey) !== undefined) return []
  const found = keys.list().map((key) => key.vkey(origin))
  return [found.length === 0 ? finding.keyMissing(name, `${directory}/keys`) : finding.keyReplaced(name, vkey, found)]
}

/** A log that ended, or is said to be removed after its time, takes no entries: its last one was written together with the beginning of the next. */
function closedFaults({ open }: Opened): LogFault[] {
  if (open.prunedAt !== null) return [finding.prunedUnrecorded(open.name)]
  return open.closedAt === null ? [] : [finding.chainBroken(open.name, { head: open.name }, `it has ended, and the database says that entries go to it.`)]
}

/** C2SP signed-note: the key under which a log is known. Its first entry says it as well, and that is in the tree. */
async function firstEntryFaults({ db, open, size }: Opened): Promise<LogFault[]> {
  // A log and its first entry are written together.
  if (size <= open.start) return [finding.entriesMissing(open.name, [[open.start, open.start]])]
  const [first] = await readRows(db, open.start, open.start + 1)
  if (first?.index !== open.start) return []
  const opened = openedOf(first.rest)
  return opened !== open.vkey ? [finding.vkeyReplaced(open.name, opened ?? 'none', open.vkey)] : []
}

function openedOf(rest: string): string | undefined {
  try {
    const { vkey }: { vkey?: unknown } = JSON.parse(rest)
    return typeof vkey === 'string' ? vkey : undefined
  } catch {
    return undefined
  }
}

const mostNames = 5

/** Entries that no full tile covers yet, and those behind the end. */
async function numberFaults({ db, open, size, last }: Opened): Promise<LogFault[]> {
  const sealed = open.start + open.sealed
  if (sealed > size) return [finding.rewound(open.name, { has: size - open.start, signed: open.sealed }, { last, signed: undefined, by: 'stored checkpoint' })]
  const from = sealed - (open.sealed % tileWidth)
  const missing = gaps(await readNumbers(db, from, size), from, size)
  const added = await readNames(db, { from: size }, mostNames)
  const before = await readNames(db, { to: 0 }, mostNames)
  return [
    ...(missing.length === 0 ? [] : [finding.entriesMissing(open.name, missing)]),
    ...added.map((entry) => finding.entryAdded(open.name, entry, size)),
    ...before.map((entry) => finding.entryBefore(open.name, entry)),
  ]
}

/** The tree at the sizes that were signed, against the roots that were signed. */
async function treeFaults({ db, open, note, size }: Opened): Promise<LogFault[]> {
  const signed = [
    ...(open.checkpoint === null ? [] : [{ where: 'the database', note: open.checkpoint }]),
    ...(note === undefined ? [] : [{ where: 'the note file', note: note.note }]),
  ].map((each) => openSigned(open, each))
  const faults: LogFault[] = signed.flatMap((each) => ('fault' in each ? [each.fault] : []))
  const checkpoints = signed.flatMap((each) => ('checkpoint' in each ? [each.checkpoint] : [])).toSorted((left, right) => left.size - right.size)
  for (const checkpoint of checkpoints) {
    if (checkpoint.size > size - open.start) continue
    const root = await rootOf(db, open, checkpoint.size)
    if (!Buffer.isBuffer(root)) return [...faults, root]
    if (!root.equals(checkpoint.root)) faults.push(finding.rootDiffers(open.name, checkpoint.size, { found: root.toString('base64'), expected: checkpoint.root.toString('base64') }))
  }
  return faults
}
