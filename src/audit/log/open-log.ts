import { isProblem } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import { formatCheckpoint, parseCheckpoint } from '../../tlog/checkpoint.ts'
import type { CheckpointText } from '../../tlog/checkpoint.ts'
import type { Edge } from '../../tlog/edge.ts'
import { formatNote, openNote, parseVkey } from '../../tlog/note.ts'
import type { Signer } from '../../tlog/note.ts'
import type { KnownRoots, ReadTiles, TreeNode } from '../../tlog/tiles.ts'
import { rootAt, tileWidth, widthAt } from '../../tlog/tiles.ts'
import { leafHashOfText } from '../../tlog/tree.ts'
import { readTexts } from '../store.ts'
import type { EntryText } from '../store.ts'
import { createBackground } from './background.ts'
import { faultOf } from './fault-error.ts'
import { openJournal } from './journal.ts'
import type { Journal, JournalFile } from './journal.ts'
import type { LogKeys } from './keys.ts'
import type { Checkpoint } from './log.ts'
import { journalOf } from './lost-entries.ts'
import { writeNoteFile } from './note-file.ts'
import { openPrunedLog } from './pruned-log.ts'
import { readHead, readLogs } from './store.ts'
import type { StoredLog } from './store.ts'
import type { Trees } from './tiles.ts'

/** A log whose tree is at hand. */
export interface OpenLog {
  readonly log: StoredLog
  /** The number in the record of the entry that the tree takes next. */
  end(): number
  /** The newest that was signed; undefined before the first. */
  checkpoint(): Checkpoint | undefined
  /** Appends entries, which follow `end()`, and signs the log with them. None: signs what was appended when the last attempt failed. */
  seal(entries: readonly EntryText[]): Promise<Checkpoint>
  /** Takes over a checkpoint that was signed before, when the entries give its tree. Whether they do. */
  adopt(note: string): Promise<boolean>
  readonly read: ReadTiles
  /** What proofs of this tree share. */
  readonly known?: KnownRoots
  /** The hashes of leaves, by their numbers in the log. */
  readonly leafHashes: (leaves: readonly number[]) => Promise<readonly Buffer[]>
  /** Stores what is to be stored. */
  close(): Promise<void>
  /** After a fault: stores nothing. */
  abandon(): Promise<void>
}

export interface OpenLogDeps {
  readonly database: Database
  readonly keys: LogKeys
  readonly trees: Trees
  /** The folder of journals and checkpoints. */
  readonly directory: string
  readonly onError: (error: unknown) => void
  readonly openFile?: ((path: string) => Promise<JournalFile>) | undefined
}

/** Between two writes of the newest checkpoint to its file. */
const noteFileMs = 200
const mostInBatch = 2048

/** Opens the log that takes the entries, or the one that begins at `start`. What is stored of its tree is checked against the checkpoint that is stored with it. */
export async function openLog(deps: OpenLogDeps, start?: number): Promise<OpenLog> {
  const { database, trees } = deps
  const [logs, head] = await Promise.all([readLogs(database.db), readHead(database.db)])
  const log = logs.find((each) => (start === undefined ? each.name === head.log : each.start === start))
  if (log === undefined) throw faultOf(head.log ?? '', 'chain-broken', start === undefined ? `The log ${head.log ?? ''} is not in the list of logs.` : `Number ${start} of the record begins a log that is not in the list of logs.`, { start: start ?? null })
  if (log.prunedAt !== null) return openPrunedLog(trees, log, log.checkpoint === null ? undefined : checkpointIn(log, log.checkpoint))
  const edge = await trees.edge(log, log.sealed)
  const stored = storedCheckpoint(log, edge)
  const journal = database.kind === 'pglite' && log.closedAt === null ? await matchingJournal(deps, log, edge) : undefined
  return createOpenLog(deps, { log, edge, journal, stored })
}

/** The checkpoint that is stored with the log, which fits the tree that is stored of it. */
function storedCheckpoint(log: StoredLog, edge: Edge): Checkpoint | undefined {
  const stored = log.checkpoint === null ? undefined : checkpointIn(log, log.checkpoint)
  const root = edge.root()
  if ((stored?.size ?? 0) === log.sealed && (stored === undefined || stored.root.equals(root))) return stored
  throw faultOf(log.name, 'root-differs', `The tree that is stored of the log ${log.name} is not the one of its stored checkpoint.`, { size: log.sealed, signed: stored?.size ?? 0, root: root.toString('base64') })
}

function checkpointIn(log: StoredLog, note: string): Checkpoint {
  const { origin, size, root } = readOwnNote(log, note)
  return { log: log.name, origin, size, root, note }
}

/** What a checkpoint of ours says; a fault when the key of the log did not sign it. */
export function readOwnNote(log: StoredLog, note: string): CheckpointText {
  try {
    const { text, signedBy } = openNote(note, [parseVkey(log.vkey)])
    const checkpoint = parseCheckpoint(text)
    if (signedBy.length > 0 && checkpoint.origin === log.origin) return checkpoint
  } catch (error) {
    if (!isProblem(error)) throw error
  }
  throw faultOf(log.name, 'checkpoint-changed', `A checkpoint that is kept of the log ${log.name} is not signed by its key.`, { note })
}

function createOpenLog(deps: OpenLogDeps, parts: { log: StoredLog; edge: Edge; journal: Journal | undefined; stored: Checkpoint | undefined }): OpenLog {
  const { keys, trees } = deps
  const { log, edge, journal } = parts
  const read = trees.reader(log, edge)
  let signers: readonly Signer[] | undefined
  const keeper = createKeeper(deps, log, parts.stored)

  return {
    log,
    end: () => log.start + edge.size,
    read,
    known: createKnownRoots(edge),
    checkpoint: keeper.newest,
    seal: async (entries) => {
      for (const { entry } of entries) edge.append(leafHashOfText(entry))
      trees.keep(log, edge.takeFull())
      signers ??= signersOf(keys, log)
      const checkpoint = sign(log, edge, signers)
      if (journal !== undefined) await writeJournal(deps, { log, journal, end: log.start + edge.size }, entries, checkpoint.note)
      keeper.keep(checkpoint)
      return checkpoint
    },
    adopt: async (note) => {
      const signed = checkpointIn(log, note)
      if (signed.size > edge.size) await follow(deps, log, { edge, size: signed.size })
      trees.keep(log, edge.takeFull())
      if (signed.size !== edge.size || !signed.root.equals(edge.root())) return false
      keeper.adopt(signed)
      return true
    },
    leafHashes: async (leaves) => {
      const indexes = [...new Set(leaves.map((leaf) => Math.floor(leaf / tileWidth)))]
      const tiles = await read(indexes.map((index) => ({ level: 0, index, width: widthAt(0, index, edge.size) })))
      return leaves.map((leaf) => tiles[indexes.indexOf(Math.floor(leaf / tileWidth))]?.subarray((leaf % tileWidth) * 32, (leaf % tileWidth) * 32 + 32) ?? Buffer.alloc(0))
    },
    close: async () => {
      await keeper.close()
      await journal?.close()
    },
    abandon: async () => {
      await keeper.abandon()
      await journal?.close()
    },
  }
}

/** So many are enough for the tiles of the newest requests. */
const mostKnownRoots = 4096
/** Every size has its own; those of a size that is asked for again and again are a few. */
const mostEdgeRoots = 256

/** What is newest is in the edge of the tree, from when it was appended. */
function createKnownRoots(edge: Edge): KnownRoots {
  const [inner, right] = [new Map<string, Buffer>(), new Map<string, Buffer>()]
  const keyOf = ({ level, index, offset, count }: TreeNode) => `${level}/${index}/${offset}/${count}`
  return {
    get: (node) => edge.node(node) ?? (node.count > 1 ? inner.get(keyOf(node)) : undefined),
    set: (node, root) => {
      if (inner.size >= mostKnownRoots) inner.clear()
      inner.set(keyOf(node), root)
    },
    getEdge: (from, to) => right.get(`${from}-${to}`),
    setEdge: (from, to, root) => {
      if (right.size >= mostEdgeRoots) right.clear()
      right.set(`${from}-${to}`, root)
    },
  }
}

/** Stores the newest checkpoint and the tiles behind it, never on the path of who waits for it. */
function createKeeper({ trees, directory, onError }: OpenLogDeps, log: StoredLog, stored: Checkpoint | undefined) {
  let newest = stored
  let saved = newest?.size ?? 0
  let abandoned = false
  const saving = createBackground(async () => {
    if (abandoned || newest === undefined || newest.size === saved) return
    const { size, note } = newest
    await trees.save(log, { size, note })
    saved = size
  }, { everyMs: 0, onError })
  const noteFile = createBackground(async () => {
    if (!abandoned && newest !== undefined) await writeNoteFile(directory, { log: log.name, start: log.start }, newest.note)
  }, { everyMs: noteFileMs, onError })
  const settle = async () => {
    await saving.settle()
    await noteFile.settle()
  }
  return {
    newest: () => newest,
    adopt: (checkpoint: Checkpoint) => {
      newest = checkpoint
    },
    keep: (checkpoint: Checkpoint) => {
      newest = checkpoint
      if (trees.waiting(log) > 0) saving.start()
      noteFile.start()
    },
    close: async () => {
      saving.start()
      await settle()
    },
    abandon: async () => {
      abandoned = true
      await settle()
    },
  }
}

function signersOf(keys: LogKeys, log: StoredLog): readonly Signer[] {
  const key = keys.find(log.origin, log.vkey)
  if (key === undefined) throw faultOf(log.name, 'key-missing', `The key of the log ${log.name} is not in the folder log/keys.`, { vkey: log.vkey })
  return key.signers(log.origin)
}

function sign(log: StoredLog, edge: Edge, signers: readonly Signer[]): Checkpoint {
  const root = edge.root()
  const note = formatNote(formatCheckpoint({ origin: log.origin, size: edge.size, root }), signers)
  return { log: log.name, origin: log.origin, size: edge.size, root, note }
}

/** Writes `entries`, which end before `to.end`, and before them what the journal lacks after a failure. */
async function writeJournal({ database }: OpenLogDeps, to: { log: StoredLog; journal: Journal; end: number }, entries: readonly EntryText[], note: string): Promise<void> {
  const { log, journal } = to
  const from = to.end - entries.length
  let first = journal.end ?? log.start
  while (first < from) {
    const rows = await readTexts(database.db, { from: first, to: from, limit: mostInBatch })
    if (rows[0]?.index !== first || rows.at(-1)?.index !== first + rows.length - 1) throw faultOf(log.name, 'entry-missing', `Entry ${first} of the record is not there.`, { index: first })
    const last = first + rows.length === to.end
    await journal.write({ first, entries: rows.map(({ entry }) => entry), note: last ? note : '' })
    first += rows.length
  }
  if (entries.length > 0) await journal.write({ first, entries: entries.map(({ entry }) => entry), note })
}

/** The journal of a log on PGlite. What it lacks after a crash is written with the next checkpoint. */
async function matchingJournal(deps: OpenLogDeps, log: StoredLog, edge: Edge): Promise<Journal> {
  const { trees, directory } = deps
  const { path } = journalOf(directory, log)
  const journal = await openJournal(path, deps.openFile)
  try {
    const note = journal.last?.note
    if (note === undefined) {
      if (log.sealed > 0) throw faultOf(log.name, 'journal-damaged', `The journal ${path} is not there, or has no whole batch.`, { sealed: log.sealed })
      return journal
    }
    const signed = readOwnNote(log, note)
    if (journal.end !== log.start + signed.size) throw faultOf(log.name, 'journal-damaged', `The journal ${path} ends at another entry than its checkpoint.`, { end: journal.end ?? null, signed: log.start + signed.size })
    await follow(deps, log, { edge, size: signed.size })
    trees.keep(log, edge.takeFull())
    const root = await rootAt(trees.reader(log, edge), signed.size)
    if (!root.equals(signed.root)) throw faultOf(log.name, 'journal-damaged', `The journal ${path} and the database have different entries.`, { size: signed.size, root: root.toString('base64'), signed: signed.root.toString('base64') })
    return journal
  } catch (error) {
    await journal.close()
    throw error
  }
}

/** Brings the tree up to `size` with what is in the database. */
async function follow({ database }: OpenLogDeps, log: StoredLog, to: { edge: Edge; size: number }): Promise<void> {
  while (to.edge.size < to.size) {
    const from = log.start + to.edge.size
    const rows = await readTexts(database.db, { from, to: log.start + to.size, limit: mostInBatch })
    if (rows.length === 0) throw faultOf(log.name, 'entry-missing', `Entry ${from} of the record is not there.`, { index: from })
    for (const [place, { index, entry }] of rows.entries()) {
      if (index !== from + place) throw faultOf(log.name, 'entry-missing', `Entry ${from + place} of the record is not there.`, { index: from + place })
      to.edge.append(leafHashOfText(entry))
    }
  }
}
