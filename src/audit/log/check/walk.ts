import type { Queries } from '../../../persistence/database.ts'
import { hashOf, tileWidth, widthAt } from '../../../tlog/tiles.ts'
import { leafHash } from '../../../tlog/tree.ts'
import { entryText } from '../../entry.ts'
import type { AuditRow } from '../../store.ts'
import type { Openings } from '../../personal/commit.ts'
import { readTileRange } from '../store.ts'
import { membersOf, quickLeaf, quickText } from './quick.ts'
import type { Members } from './quick.ts'
import { createTileTree } from './roots.ts'
import { readOpenings, readRows } from './store.ts'

/** An entry that was read. */
export interface ReadEntry {
  readonly row: AuditRow
  /** The members of its `rest`, where its text put together from them is what the log has: then no other field is in it. */
  readonly members: Members | undefined
}

/** Entries in order, and what they committed to, by their numbers. */
export interface ReadBatch {
  readonly entries: readonly ReadEntry[]
  readonly openings: ReadonlyMap<number, Openings>
}

/** A checkpoint that was signed. */
export interface SignedRoot {
  /** Where it is kept, in words. */
  readonly where: string
  readonly size: number
  readonly root: Buffer
}

/** An entry whose hash is not the one in its tile. */
export interface Difference {
  readonly row: AuditRow
  readonly tile: number
  readonly part: number
  /** Base64: of the entry as it is, and as its tile has it. */
  readonly entryHash: string
  readonly tileHash: string
}

/** How the trees that follow from the entries and from the tiles compare with a checkpoint; undefined where they cannot be had. */
export interface Compared extends SignedRoot {
  readonly ofEntries: Buffer | undefined
  readonly ofTiles: Buffer | undefined
}

export interface Walked {
  /** Numbers of entries that are not there. */
  readonly missing: readonly (readonly [from: number, to: number])[]
  /** Numbers of entries that are no records any more. */
  readonly unreadable: readonly number[]
  readonly differences: readonly Difference[]
  /** Full tiles of level 0 that are not stored. */
  readonly missingTiles: readonly number[]
  readonly compared: readonly Compared[]
  /** Roots of the full tiles of level 0, as stored and as they follow from the entries; where one cannot be had, the other. */
  readonly tileRoots: readonly Buffer[]
  readonly entryRoots: readonly Buffer[]
}

export interface WalkedLog {
  readonly name: string
  readonly start: number
  readonly size: number
  /** Tiles are stored as far as this. */
  readonly sealed: number
  /** Its entries were removed after their time: its tiles stand for them. */
  readonly pruned?: boolean
  /** In ascending order of sizes, none beyond the log's. */
  readonly signed: readonly SignedRoot[]
}

/** More differences than these are not told one by one. */
const mostDifferences = 10_000
const tilesAtOnce = 16
const noHash = Buffer.alloc(32)

/** Goes through all entries of a log and the tiles above them. `sees` is given the entries, in order. */
export async function walkLog(db: Queries, log: WalkedLog, sees: (batch: ReadBatch) => Promise<void>): Promise<Walked> {
  const found: Found = { missing: [], unreadable: [], differences: [], missingTiles: [], compared: [], tileRoots: [], entryRoots: [] }
  const trees = { entries: createTileTree(), tiles: createTileTree() }
  const signed = [...log.signed]
  const read = (from: number) => readBatch(db, log, from)
  let next = log.size > 0 ? read(0) : undefined
  for (let from = 0; next !== undefined; from += tilesAtOnce * tileWidth) {
    const { rows, tiles, openings } = await next
    const more = from + tilesAtOnce * tileWidth < log.size
    // The next ones are on their way while these are hashed.
    next = more ? read(from + tilesAtOnce * tileWidth) : undefined
    const entries: ReadEntry[] = []
    for (let tile = from / tileWidth; tile * tileWidth < Math.min(log.size, from + tilesAtOnce * tileWidth); tile += 1) takeTile({ log, trees, found, signed, entries }, tile, { rows, stored: tiles.get(tile) })
    await sees({ entries, openings })
  }
  // A tree that ends with a full tile is compared behind it.
  for (const each of signed) found.compared.push({ ...each, ofEntries: trees.entries.root(Buffer.alloc(0)), ofTiles: trees.tiles.root(Buffer.alloc(0)) })
  return found
}

type Found = { readonly [K in keyof Walked]: Walked[K][number][] }

interface Taking {
  readonly log: WalkedLog
  readonly trees: { readonly entries: ReturnType<typeof createTileTree>; readonly tiles: ReturnType<typeof createTileTree> }
  readonly found: Found
  /** Those that are not compared yet. */
  readonly signed: SignedRoot[]
  /** What was read so far of the batch. */
  readonly entries: ReadEntry[]
}

function takeTile(taking: Taking, tile: number, { rows, stored }: { readonly rows: ReadonlyMap<number, AuditRow>; readonly stored: Buffer | undefined }): void {
  const { log, trees, found } = taking
  const from = tile * tileWidth
  const width = Math.min(tileWidth, log.size - from)
  const leaves = log.pruned === true ? keptLeaves(stored, width) : hashLeaves(taking, rows, { from, width, stored })
  const known = joined(leaves)
  const isSame = known !== undefined && stored?.equals(known) === true
  if (!isSame) compareTile(found, { tile, from: log.start + from, rows, leaves, stored })
  compareRoots(taking, { from, leaves, stored })
  if (stored === undefined && isStored(log, from, width)) found.missingTiles.push(tile)
  if (width < tileWidth) return
  const entryRoot = known && hashOf(known)
  const tileRoot = isSame ? entryRoot : stored && hashOf(stored)
  const roots = { entries: entryRoot ?? tileRoot ?? noHash, tiles: tileRoot ?? entryRoot ?? noHash }
  trees.entries.add(roots.entries)
  trees.tiles.add(roots.tiles)
  found.entryRoots.push(roots.entries)
  found.tileRoots.push(roots.tiles)
}

/** The last tile is stored when its entries were removed, also where it is not full. */
function isStored({ pruned, sealed }: WalkedLog, from: number, width: number): boolean {
  return pruned === true || (width === tileWidth && from + tileWidth <= sealed)
}

/** The checkpoints whose sizes lie within a tile; one at its very end is compared with the next, or at the end of the log. */
function compareRoots({ trees, found, signed }: Taking, { from, leaves, stored }: { from: number; leaves: readonly (Buffer | undefined)[]; stored: Buffer | undefined }): void {
  const end = from + leaves.length + (leaves.length < tileWidth ? 1 : 0)
  for (let each = signed[0]; each !== undefined && each.size < end; each = signed[0]) {
    signed.shift()
    const own = joined(leaves.slice(0, each.size - from))
    const kept = stored?.subarray(0, (each.size - from) * 32) ?? own
    found.compared.push({ ...each, ofEntries: own && trees.entries.root(own), ofTiles: kept && trees.tiles.root(kept) })
  }
}

/** Hashes side by side; undefined when one of them cannot be had. */
function joined(leaves: readonly (Buffer | undefined)[]): Buffer | undefined {
  const known = leaves.filter((leaf) => leaf !== undefined)
  return known.length === leaves.length ? Buffer.concat(known) : undefined
}

function keptLeaves(stored: Buffer | undefined, width: number): (Buffer | undefined)[] {
  return Array.from({ length: width }, (_none, part) => stored?.subarray(part * 32, part * 32 + 32))
}

function hashLeaves({ log, found, entries }: Pick<Taking, 'log' | 'found' | 'entries'>, rows: ReadonlyMap<number, AuditRow>, { from, width, stored }: { from: number; width: number; stored: Buffer | undefined }): (Buffer | undefined)[] {
  const leaves: (Buffer | undefined)[] = []
  const expected = stored?.toString('latin1')
  for (let part = 0; part < width; part += 1) {
    const index = log.start + from + part
    const row = rows.get(index)
    const members = row && expected !== undefined ? membersIn(row, expected.slice(part * 32, part * 32 + 32)) : undefined
    if (row !== undefined) entries.push({ row, members })
    const leaf = members === undefined ? row && hashOfRow(row) : stored?.subarray(part * 32, part * 32 + 32)
    leaves.push(leaf)
    if (leaf !== undefined) continue
    if (row !== undefined) found.unreadable.push(index)
    else if (found.missing.at(-1)?.[1] === index - 1) found.missing.push([found.missing.pop()?.[0] ?? index, index])
    else found.missing.push([index, index])
  }
  return leaves
}

/** The members of an entry whose text, as it stands in the database, has the hash `expected`. */
function membersIn(row: AuditRow, expected: string): Members | undefined {
  const members = membersOf(row.rest)
  const text = members && quickText(row, members)
  return text !== undefined && quickLeaf(text) === expected ? members : undefined
}

/** The hash of an entry as it is in the database; undefined when it is not even JSON. */
function hashOfRow(row: AuditRow): Buffer | undefined {
  try {
    return leafHash(Buffer.from(entryText(row)))
  } catch (error) {
    if (Error.isError(error) && (error.name === 'SyntaxError' || error.name === 'TypeError')) return undefined
    throw error
  }
}

function compareTile(found: Taking['found'], { tile, from, rows, leaves, stored }: { tile: number; from: number; rows: ReadonlyMap<number, AuditRow>; leaves: readonly (Buffer | undefined)[]; stored: Buffer | undefined }): void {
  if (stored === undefined) return
  for (const [part, leaf] of leaves.entries()) {
    const row = rows.get(from + part)
    const expected = stored.subarray(part * 32, part * 32 + 32)
    if (leaf === undefined || row === undefined || leaf.equals(expected)) continue
    if (found.differences.length < mostDifferences) found.differences.push({ row, tile, part, entryHash: leaf.toString('base64'), tileHash: expected.toString('base64') })
  }
}

interface Batch {
  readonly rows: ReadonlyMap<number, AuditRow>
  readonly tiles: ReadonlyMap<number, Buffer>
  readonly openings: ReadonlyMap<number, Openings>
}

async function readBatch(db: Queries, log: WalkedLog, from: number): Promise<Batch> {
  const [first, end] = [log.start + from, log.start + Math.min(log.size, from + tilesAtOnce * tileWidth)]
  const rows = log.pruned === true ? [] : await readRows(db, first, end)
  // Read behind the entries: what was erased in between is on record then.
  const openings = rows.length === 0 ? new Map<number, Openings>() : await readOpenings(db, first, end - 1)
  const last = log.sealed / tileWidth
  const tileEnd = Math.min(log.pruned === true ? Math.ceil(last) : Math.floor(last), from / tileWidth + tilesAtOnce)
  const tiles = tileEnd <= from / tileWidth ? [] : await readTileRange(db, log.name, { level: 0, from: from / tileWidth, to: tileEnd })
  // A tile that is cut off counts as one that is not there.
  const whole = tiles.filter(({ index, hashes }) => hashes.length === widthAt(0, index, log.sealed) * 32)
  return { rows: new Map(rows.map((row) => [row.index, row])), tiles: new Map(whole.map(({ index, hashes }) => [index, hashes])), openings }
}
