import { sql } from 'kysely'
import type { Queries } from '../../persistence/database.ts'
import type { AuditHeadTable } from '../../persistence/audit-schema.ts'
import type { FullTile } from '../../tlog/edge.ts'
import type { LogInfo } from './log.ts'

/** A log, and how far what is stored of its tree goes. */
export interface StoredLog extends LogInfo {
  readonly sealed: number
  readonly checkpoint: string | null
}

/** All logs, oldest first. */
export async function readLogs(db: Queries): Promise<StoredLog[]> {
  const rows = await db.selectFrom('audit_log').select(['name', 'origin', 'vkey', 'start', 'opened_at', 'closed_at', 'size', 'sealed', 'checkpoint', 'pruned_at']).orderBy('start').execute()
  return rows.map(({ opened_at, closed_at, pruned_at, ...row }) => ({ ...row, openedAt: opened_at, closedAt: closed_at, prunedAt: pruned_at }))
}

export async function insertLog(db: Queries, log: Pick<LogInfo, 'name' | 'origin' | 'vkey' | 'start' | 'openedAt'>): Promise<void> {
  const { openedAt, ...row } = log
  await db.insertInto('audit_log').values({ ...row, opened_at: openedAt, closed_at: null, size: null, checkpoint: null, sealed: 0, pruned_at: null }).execute()
}

/** Ends a log: how many entries it came to. */
export async function closeLog(db: Queries, name: string, end: { readonly size: number; readonly now: Date }): Promise<void> {
  await db.updateTable('audit_log').set({ closed_at: end.now, size: end.size }).where('name', '=', name).where('closed_at', 'is', null).execute()
}

/** The head; `lock` keeps all writers out until the transaction ends. */
export async function readHead(db: Queries, options: { readonly lock?: boolean } = {}): Promise<Omit<AuditHeadTable, 'id'>> {
  const select = db.selectFrom('audit_head').select(['size', 'log', 'stopped']).where('id', '=', 1)
  return await (options.lock === true ? select.forUpdate() : select).executeTakeFirstOrThrow()
}

/** Which log takes the entries from now on. */
export async function pointHead(db: Queries, log: string): Promise<void> {
  await db.updateTable('audit_head').set({ log }).where('id', '=', 1).execute()
}

// Four pieces of the 1,996 bytes that PostgreSQL cuts long values into (TOAST_MAX_CHUNK_SIZE).
const firstBytes = 4 * 1996

/** The columns of a tile: hashes of 32 bytes side by side. */
export function tileColumns(hashes: Buffer): { readonly hashes: Buffer; readonly rest: Buffer } {
  return { hashes: hashes.subarray(0, firstBytes), rest: hashes.subarray(firstBytes) }
}

/** Keeps tiles and a checkpoint that they cover. What is kept already stays, and is not made older. */
export async function saveTree(db: Queries, log: string, tree: { readonly tiles: readonly FullTile[]; readonly size: number; readonly checkpoint: string }): Promise<void> {
  if (tree.tiles.length > 0) {
    await db
      .insertInto('audit_tile')
      .values(tree.tiles.map(({ hashes, ...tile }) => ({ log, level: tile.level, index: tile.index, ...tileColumns(hashes) })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  await db.updateTable('audit_log').set({ sealed: tree.size, checkpoint: tree.checkpoint }).where('name', '=', log).where('sealed', '<', tree.size).execute()
}

/** Full tiles, by their places; those that are not there are left out, and there may be others. */
export async function readTiles(db: Queries, log: string, tiles: readonly { readonly level: number; readonly index: number }[]): Promise<{ level: number; index: number; hashes: Buffer }[]> {
  // A session plans the first of them in half the time that a join of the places would take.
  const query = sql<{ level: number; index: number; hashes: Uint8Array }>`
    select level, index, hashes || rest as hashes from audit_tile
    where log = ${log} and level = any(${[...new Set(tiles.map(({ level }) => level))]}::integer[]) and index = any(${[...new Set(tiles.map(({ index }) => index))]}::bigint[])`.compile(db)
  const { rows } = await db.executeQuery(query)
  return rows.map(({ level, index, hashes }) => ({ level, index, hashes: bufferOf(hashes) }))
}

/** Full tiles side by side, in order. */
export async function readTileRange(db: Queries, log: string, range: { readonly level: number; readonly from: number; readonly to: number }): Promise<{ index: number; hashes: Buffer }[]> {
  const rows = await db
    .selectFrom('audit_tile')
    .select(['index', sql<Uint8Array>`hashes || rest`.as('hashes')])
    .where('log', '=', log)
    .where('level', '=', range.level)
    .where('index', '>=', range.from)
    .where('index', '<', range.to)
    .orderBy('index')
    .execute()
  return rows.map(({ index, hashes }) => ({ index, hashes: bufferOf(hashes) }))
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Checkpoints of a log that witnesses were asked about, with ascending sizes. */
export async function readCheckpoints(db: Queries, origin: string): Promise<string[]> {
  const rows = await db.selectFrom('audit_checkpoint').select('note').where('origin', '=', origin).orderBy('size').execute()
  return rows.map(({ note }) => note)
}
