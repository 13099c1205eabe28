import { ProblemError } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { parseNote } from '../../tlog/note.ts'
import { formatProof } from '../../tlog/proof.ts'
import { consistencyProof, inclusionProof, tileWidth, widthAt } from '../../tlog/tiles.ts'
import type { TileId } from '../../tlog/tiles.ts'
import { readTexts } from '../store.ts'
import { readFaults } from './faults/store.ts'
import { faultIn } from './fault-error.ts'
import type { Checkpoint, Inclusion, LogFault, LogInfo, LogStatus, TransparencyLog } from './log.ts'
import type { OpenLog } from './open-log.ts'
import type { Sealer } from './sealer.ts'
import { readCheckpoints, readHead, readLogs } from './store.ts'
import type { StoredLog } from './store.ts'

export interface TransparencyLogDeps {
  readonly database: Database
  readonly sealer: Sealer
  /** Where it is kept which faults are on record. */
  readonly directory: string
  readonly openLog: (start: number) => Promise<OpenLog>
  readonly stop: (fault: LogFault) => Promise<void>
}

const mostEntries = 2048

/** Logs with their trees: the one that takes the entries, and those that are closed. */
interface Logs {
  readonly named: (name: string) => Promise<StoredLog>
  /** The log with its tree, up to date. */
  readonly open: (log: StoredLog) => Promise<OpenLog>
  /** The log with entry `index` of the record. */
  readonly holding: (index: number) => Promise<OpenLog>
}

function createLogs({ database, sealer, openLog }: TransparencyLogDeps): Logs {
  const closed = new Map<string, Promise<OpenLog>>()

  /** A process that ended while the log was closed may have left its last entries unsigned. After a break nothing more is signed of it. */
  async function openClosed(log: StoredLog): Promise<OpenLog> {
    const opened = await openLog(log.start)
    const broken = await brokenAt(database, log)
    if (broken !== undefined) return await showBroken(opened, log, [...(await readCheckpoints(database.db, log.origin)), ...(broken.signed === undefined ? [] : [broken.signed])])
    const end = log.start + (log.size ?? 0)
    while (opened.end() < end) {
      const entries = await readTexts(database.db, { from: opened.end(), to: end, limit: mostEntries })
      if (entries.length === 0) break
      await opened.seal(entries)
    }
    await opened.close()
    return opened
  }
  async function open(log: StoredLog): Promise<OpenLog> {
    if (log.closedAt === null) return await newest(log).catch((error: unknown) => refuseBroken(log, error))
    // Opened anew once its entries are removed.
    const key = `${log.name} ${log.prunedAt === null ? '' : 'pruned'}`
    const known = closed.get(key) ?? openClosed(log)
    closed.set(key, known)
    return await known.catch((error: unknown) => {
      closed.delete(key)
      return refuseBroken(log, error)
    })
  }
  async function newest(log: StoredLog): Promise<OpenLog> {
    await sealer.catchUp()
    const current = sealer.current()
    if (current?.log.name === log.name) return current
    const stored = (await readLogs(database.db)).find(({ name }) => name === log.name)
    if (stored === undefined) throw notFound(log.name)
    if (stored.closedAt !== null) return await open(stored)
    // While the log is stopped, what was signed before can still be read.
    const opened = await openLog(log.start)
    await opened.abandon()
    return opened
  }

  return {
    open,
    named: async (name) => {
      const log = (await readLogs(database.db)).find((each) => each.name === name)
      if (log === undefined) throw notFound(name)
      return log
    },
    holding: async (index) => {
      const current = sealer.current()
      if (current !== undefined && index >= current.log.start && index < sealer.end()) return current
      const log = (await readLogs(database.db)).findLast(({ start }) => start <= index)
      if (log === undefined) throw new ProblemError('not-found', `Number ${index} of the record is from before there was a log.`)
      return await open(log)
    },
  }
}

export function createTransparencyLog(deps: TransparencyLogDeps): TransparencyLog {
  const { database, sealer } = deps
  const { named, open, holding } = createLogs(deps)
  const inclusion = async (index: number, against?: Checkpoint) => await inclusionIn(await holding(index), index, against)

  return {
    logs: async () => (await readLogs(database.db)).map(infoOf),
    checkpoint: async (name) => {
      if (name !== undefined) return (await open(await named(name))).checkpoint()
      await sealer.catchUp()
      return sealer.current()?.checkpoint()
    },
    inclusion,
    receipt: async (index) => {
      const { leafIndex, proof, leafHash, checkpoint: signed } = await inclusion(index)
      return formatProof({ index: leafIndex, proof, checkpoint: signed.note, extra: leafHash })
    },
    consistency: async (name, oldSize, size) => await consistencyIn(await open(await named(name)), oldSize, size),
    tile: async (name, tile) => await tileOf(await open(await named(name)), tile),
    leaves: async (name, from, count) => {
      const log = await named(name)
      if (log.prunedAt !== null) throw new ProblemError('gone', `The entries of the log ${name} were removed after their time. Its final checkpoint stays.`)
      const end = (await open(log)).checkpoint()?.size ?? 0
      const to = Math.min(from + count, end)
      const rows = to <= from ? [] : await readTexts(database.db, { from: log.start + from, to: log.start + to, limit: Math.min(count, mostEntries) })
      return rows.map(({ index, entry }) => ({ index: index - log.start, entry }))
    },
    status: () => statusOf(deps),
    stop: deps.stop,
    onCheckpoint: sealer.onCheckpoint,
  }
}

async function consistencyIn(log: OpenLog, oldSize: number, size: number): Promise<readonly Buffer[]> {
  const signed = log.checkpoint()?.size ?? 0
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(size) || oldSize < 0 || oldSize > size || size > signed) throw new ProblemError('not-found', `The log ${log.log.name} has ${signed} entries; there is no proof from ${oldSize} to ${size}.`)
  return await consistencyProof(log.read, oldSize, size)
}

async function inclusionIn(open: OpenLog, index: number, against: Checkpoint | undefined): Promise<Inclusion> {
  const { name, start } = open.log
  const newest = open.checkpoint()
  const signed = against ?? newest
  const leafIndex = index - start
  if (signed === undefined || newest === undefined || signed.log !== name || signed.size > newest.size || leafIndex >= signed.size) throw new ProblemError('not-found', `No checkpoint covers number ${index} of the record.`)
  const { size } = signed
  const place = Math.floor(leafIndex / tileWidth)
  const offset = leafIndex % tileWidth
  let leaf = open.known?.get({ level: 0, index: place, offset, count: 1 })
  // The tile with the leaf is read together with those of the proof.
  const proof = await inclusionProof(
    async (tiles) => {
      if (leaf !== undefined) return await open.read(tiles)
      const [own, ...others] = await open.read([{ level: 0, index: place, width: widthAt(0, place, size) }, ...tiles])
      leaf = own?.subarray(offset * 32, (offset + 1) * 32)
      return others
    },
    leafIndex,
    size,
    open.known,
  )
  return { log: name, leafIndex, leafHash: Buffer.from(leaf ?? []), proof, checkpoint: signed }
}

async function tileOf(open: OpenLog, { level, index, width }: TileId): Promise<Buffer | undefined> {
  const valid = [level, index, width].every((part) => Number.isSafeInteger(part) && part >= 0) && width >= 1 && width <= tileWidth && level < 64
  if (!valid || width > widthAt(level, index, open.checkpoint()?.size ?? 0)) return undefined
  const [hashes] = await open.read([{ level, index, width }])
  return hashes
}

async function statusOf({ database, directory, sealer }: TransparencyLogDeps): Promise<LogStatus> {
  const [head, logs, faults] = await Promise.all([readHead(database.db), readLogs(database.db), readFaults({ database, directory })])
  const stored = logs.find(({ name }) => name === head.log)
  return {
    state: head.stopped ? 'stopped' : 'running',
    log: stored === undefined ? undefined : infoOf(stored),
    size: head.size,
    sealed: Math.max(sealer.end(), stored === undefined ? 0 : stored.start + stored.sealed),
    faults: faults.map(({ id: _id, resolvedAt: _resolvedAt, ...fault }) => fault),
  }
}

function infoOf({ name, origin, vkey, start, openedAt, closedAt, size, prunedAt }: StoredLog): LogInfo {
  return { name, origin, vkey, start, openedAt, closedAt, size, prunedAt }
}

/** A broken log, up to the last of the checkpoints that its entries still give; `notes` with ascending sizes. */
async function showBroken(opened: OpenLog, { start, size }: StoredLog, notes: readonly string[]): Promise<OpenLog> {
  const length = size ?? 0
  let fits = opened.end() < start + length
  for (const note of notes) {
    const signed = parseCheckpoint(parseNote(note).text).size
    if (fits && signed > (opened.checkpoint()?.size ?? 0) && signed <= length) fits = await opened.adopt(note)
  }
  await (fits ? opened.close() : opened.abandon())
  return opened
}

/** What the log that took the place of a broken one says was signed of it last; undefined when `log` did not end with a break. */
async function brokenAt({ db }: Database, { start }: StoredLog): Promise<{ readonly signed: string | undefined } | undefined> {
  const next = (await readLogs(db)).find((log) => log.start > start)
  const [opened] = next === undefined ? [] : await readTexts(db, { from: next.start, to: next.start + 1, limit: 1 })
  const { reason, previousCheckpoint }: { reason?: unknown; previousCheckpoint?: unknown } = opened === undefined ? {} : JSON.parse(opened.entry)
  return reason === 'break' ? { signed: typeof previousCheckpoint === 'string' ? previousCheckpoint : undefined } : undefined
}

// What a break left can often not be proven any more. The fault itself is on record: checks find it.
function refuseBroken({ name }: StoredLog, error: unknown): never {
  const fault = faultIn(error)
  if (fault === undefined) throw error
  throw new ProblemError('record-unavailable', `The log ${name} is broken, so nothing of it can be proven here. ${fault.message}`, { cause: error })
}

function notFound(name: string): ProblemError {
  return new ProblemError('not-found', `There is no log ${name}. GET /log lists them.`)
}
