import { ProblemError } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import { formatProof } from '../../tlog/proof.ts'
import { consistencyProof, inclusionProof, tileWidth, widthAt } from '../../tlog/tiles.ts'
import type { TileId } from '../../tlog/tiles.ts'
import { readTexts } from '../store.ts'
import { readFaults, stopLog } from './faults/store.ts'
import type { Checkpoint, Inclusion, LogInfo, LogStatus, TransparencyLog } from './log.ts'
import type { OpenLog } from './open-log.ts'
import type { Sealer } from './sealer.ts'
import { readHead, readLogs } from './store.ts'
import type { StoredLog } from './store.ts'

export interface TransparencyLogDeps {
  readonly database: Database
  readonly clock: () => Date
  readonly sealer: Sealer
  readonly openLog: (start: number) => Promise<OpenLog>
}

const mostEntries = 2048

export function createTransparencyLog(deps: TransparencyLogDeps): TransparencyLog {
  const { database, clock, sealer } = deps
  const closed = new Map<string, Promise<OpenLog>>()

  /** The log with its tree, up to date. */
  async function openOf(log: StoredLog): Promise<OpenLog> {
    if (sealer.current()?.log.name === log.name) return await caughtUp(log)
    if (log.closedAt === null) return await caughtUp(log)
    const known = closed.get(log.name) ?? openClosed(log)
    closed.set(log.name, known)
    return await known.catch((error: unknown) => {
      closed.delete(log.name)
      throw error
    })
  }
  async function caughtUp(log: LogInfo): Promise<OpenLog> {
    await sealer.catchUp()
    const open = sealer.current()
    if (open?.log.name === log.name) return open
    const stored = (await readLogs(database.db)).find(({ name }) => name === log.name)
    if (stored === undefined || (stored.closedAt === null && open !== undefined)) throw notFound(log.name)
    if (stored.closedAt === null) return await deps.openLog(log.start)
    return await openOf(stored)
  }
  /** A process that stopped while the log was closed may have left its last entries unsigned. */
  async function openClosed(log: StoredLog): Promise<OpenLog> {
    const open = await deps.openLog(log.start)
    const end = log.start + (log.size ?? 0)
    while (open.end() < end) {
      const entries = await readTexts(database.db, { from: open.end(), to: end, limit: mostEntries })
      if (entries.length === 0) break
      await open.seal(entries)
    }
    await open.close()
    return open
  }

  async function named(name: string): Promise<StoredLog> {
    const log = (await readLogs(database.db)).find((each) => each.name === name)
    if (log === undefined) throw notFound(name)
    return log
  }
  async function holding(index: number): Promise<OpenLog> {
    const open = sealer.current()
    if (open !== undefined && index >= open.log.start) {
      if (index >= sealer.end()) await sealer.catchUp()
      const now = sealer.current()
      if (now !== undefined && index >= now.log.start) return now
    }
    const log = (await readLogs(database.db)).findLast(({ start }) => start <= index)
    if (log === undefined) throw new ProblemError('not-found', `Number ${index} of the record is from before there was a log.`)
    return await openOf(log)
  }
  const checkpoint = async (name?: string) => {
    if (name !== undefined) return (await openOf(await named(name))).checkpoint()
    await sealer.catchUp()
    return sealer.current()?.checkpoint()
  }
  const inclusion = async (index: number, against?: Checkpoint) => await inclusionIn(await holding(index), index, against)

  return {
    logs: async () => (await readLogs(database.db)).map(({ sealed: _sealed, checkpoint: _checkpoint, ...log }) => log),
    checkpoint,
    inclusion,
    receipt: async (index) => {
      const { leafIndex, proof, leafHash, checkpoint: signed } = await inclusion(index)
      return formatProof({ index: leafIndex, proof, checkpoint: signed.note, extra: leafHash })
    },
    consistency: async (name, oldSize, size) => {
      const open = await openOf(await named(name))
      const signed = open.checkpoint()?.size ?? 0
      if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(size) || oldSize < 0 || oldSize > size || size > signed) throw new ProblemError('not-found', `The log ${name} has ${signed} entries; there is no proof from ${oldSize} to ${size}.`)
      return await consistencyProof(open.read, oldSize, size)
    },
    tile: async (name, tile) => {
      const open = await openOf(await named(name))
      return await tileOf(open, tile)
    },
    leaves: async (name, from, count) => {
      const log = await named(name)
      const open = await openOf(log)
      const to = Math.min(from + count, open.checkpoint()?.size ?? 0)
      const rows = to <= from ? [] : await readTexts(database.db, { from: log.start + from, to: log.start + to, limit: Math.min(count, mostEntries) })
      return rows.map(({ index, entry }) => ({ index: index - log.start, entry }))
    },
    status: () => statusOf(deps),
    stop: async (fault) => void (await stopLog(database, [fault], clock())),
    onCheckpoint: sealer.onCheckpoint,
  }
}

async function inclusionIn(open: OpenLog, index: number, against: Checkpoint | undefined): Promise<Inclusion> {
  const { name, start } = open.log
  const newest = open.checkpoint()
  const signed = against ?? newest
  const leafIndex = index - start
  if (signed === undefined || newest === undefined || signed.log !== name || signed.size > newest.size || leafIndex >= signed.size) throw new ProblemError('not-found', `No checkpoint covers number ${index} of the record.`)
  const { size } = signed
  const place = Math.floor(leafIndex / tileWidth)
  let leaves = Buffer.alloc(0)
  // The tile with the leaf is read together with those of the proof.
  const proof = await inclusionProof(
    async (tiles) => {
      const [own = Buffer.alloc(0), ...others] = await open.read([{ level: 0, index: place, width: widthAt(0, place, size) }, ...tiles])
      leaves = Buffer.from(own)
      return others
    },
    leafIndex,
    size,
  )
  const at = (leafIndex % tileWidth) * 32
  return { log: name, leafIndex, leafHash: leaves.subarray(at, at + 32), proof, checkpoint: signed }
}

async function tileOf(open: OpenLog, { level, index, width }: TileId): Promise<Buffer | undefined> {
  const valid = [level, index, width].every((part) => Number.isSafeInteger(part) && part >= 0) && width >= 1 && width <= tileWidth && level < 64
  if (!valid || width > widthAt(level, index, open.checkpoint()?.size ?? 0)) return undefined
  const [hashes] = await open.read([{ level, index, width }])
  return hashes
}

async function statusOf({ database, sealer }: TransparencyLogDeps): Promise<LogStatus> {
  const [head, logs, faults] = await Promise.all([readHead(database.db), readLogs(database.db), readFaults(database.db)])
  const stored = logs.find(({ name }) => name === head.log)
  const { sealed, checkpoint: _checkpoint, ...log } = stored ?? { sealed: 0, checkpoint: null }
  return {
    state: head.stopped ? 'stopped' : 'running',
    log: 'name' in log ? log : undefined,
    size: head.size,
    sealed: Math.max(sealer.end(), (stored?.start ?? 0) + sealed),
    faults: faults.map(({ id: _id, resolvedAt: _resolvedAt, ...fault }) => fault),
  }
}

function notFound(name: string): ProblemError {
  return new ProblemError('not-found', `There is no log ${name}. GET /log lists them.`)
}
