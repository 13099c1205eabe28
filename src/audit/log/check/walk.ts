import { setImmediate } from 'node:timers/promises'
import type { Queries } from '../../../persistence/database.ts'
import { hashOf, tileWidth, widthAt } from '../../../tlog/tiles.ts'
import { leafHashOfText } from '../../../tlog/tree.ts'
import { entryText } from '../../entry.ts'
import type { AuditRow } from '../../store.ts'
import { readTileRange } from '../store.ts'
import { textsOf } from './page-check.ts'
import type { PageVerdict } from './page-check.ts'
import { openPageCheckers } from './page-checkers.ts'
import type { PageCheckers } from './page-checkers.ts'
import { quickEntry, quickLeaf } from './quick.ts'
import type { QuickEntry } from './quick.ts'
import { createTileTree } from './roots.ts'
import { readOpenings, readRows } from './store.ts'

/** An entry that was read. */
export interface ReadEntry {
  readonly row: AuditRow
  /** The objects among the members of its `rest`, where its text put together from them is what the log has: then no other field is in it. */
  readonly objects: QuickEntry['objects'] | undefined
  /** Whether it is known that each of its commitments has its opening, and there are no others. */
  readonly isWhole: boolean
}

/** Entries in order, and what they committed to, as JSON and by their numbers. */
export interface ReadBatch {
  readonly entries: readonly ReadEntry[]
  readonly openings: ReadonlyMap<number, string>
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
const tilesAtOnce = 4
const pageSize = tilesAtOnce * tileWidth
/** How many pages are on their way, from the database or through another thread, while one is worked at. */
const mostAhead = 4
const noHash = Buffer.alloc(32)

/** Goes through all entries of a log and the tiles above them. `sees` is given the entries, in order. Between two pages others have their turn. */
export async function walkLog(db: Queries, log: WalkedLog, sees: (batch: ReadBatch) => Promise<void>, openCheckers = openPageCheckers): Promise<Walked> {
  const found: Found = { missing: [], unreadable: [], differences: [], missingTiles: [], compared: [], tileRoots: [], entryRoots: [] }
  const trees = { entries: createTileTree(), tiles: createTileTree() }
  const signed = [...log.signed]
  const checkers = log.pruned === true ? undefined : openCheckers(log.size)
  try {
    for await (const page of pagesOf(db, log, checkers)) {
      const entries: ReadEntry[] = []
      takePage({ log, trees, found, signed, entries }, page)
      await sees({ entries, openings: page.openings })
      await setImmediate()
    }
  } finally {
    await checkers?.close()
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

interface TileRows {
  /** Those of a tile; undefined where there is none. */
  readonly rows: readonly (AuditRow | undefined)[]
  readonly stored: Buffer | undefined
}

function takePage(taking: Taking, { from, rows, tiles, verdict }: CheckedPage): void {
  const { log } = taking
  let at = 0
  for (let start = from; start < Math.min(log.size, from + pageSize); start += tileWidth) {
    const own: (AuditRow | undefined)[] = []
    for (let part = 0; part < Math.min(tileWidth, log.size - start); part += 1) own.push(rows[at]?.index === log.start + start + part ? rows[at++] : undefined)
    const root = verdict.isRight ? verdict.roots[(start - from) / tileWidth] : undefined
    takeTile(taking, start / tileWidth, { rows: own, stored: tiles.get(start / tileWidth), root: root && Buffer.from(root) })
  }
}

/** `root`: of the tile, where each entry was found right already. */
function takeTile(taking: Taking, tile: number, { rows, stored, root }: TileRows & { readonly root: Buffer | undefined }): void {
  const { log, found } = taking
  const from = tile * tileWidth
  const width = rows.length
  const objects = seeEntries(taking, { rows, stored }, root !== undefined)
  const isKept = log.pruned === true
  // Nothing has to be put together where each entry has the hash that is in the tile.
  const isRight = stored?.length === width * 32 && (isKept || objects.every((each) => each !== undefined))
  const hashed = isRight || isKept ? undefined : hashLeaves(taking, { from: log.start + from, rows, objects, stored })
  const first = (count: number) => (isRight ? stored.subarray(0, count * 32) : joined(hashed?.slice(0, count) ?? Array.from({ length: count }, () => undefined)))
  const known = first(width)
  const isSame = known !== undefined && stored?.equals(known) === true
  if (!isSame && hashed !== undefined) compareTile(found, { tile, rows, leaves: hashed, stored })
  compareRoots(taking, { from, width, first, stored })
  if (stored === undefined && isStored(log, from, width)) found.missingTiles.push(tile)
  if (width === tileWidth) addRoots(taking, { known, stored, isSame, root })
}

/** Goes on with the trees over the roots of full tiles. */
function addRoots({ trees, found }: Pick<Taking, 'trees' | 'found'>, { known, stored, isSame, root }: { known: Buffer | undefined; stored: Buffer | undefined; isSame: boolean; root: Buffer | undefined }): void {
  const entryRoot = root ?? (known && hashOf(known))
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
function compareRoots({ trees, found, signed }: Taking, { from, width, first, stored }: { from: number; width: number; first: (count: number) => Buffer | undefined; stored: Buffer | undefined }): void {
  const end = from + width + (width < tileWidth ? 1 : 0)
  for (let each = signed[0]; each !== undefined && each.size < end; each = signed[0]) {
    signed.shift()
    const own = first(each.size - from)
    const kept = stored?.subarray(0, (each.size - from) * 32) ?? own
    found.compared.push({ ...each, ofEntries: own && trees.entries.root(own), ofTiles: kept && trees.tiles.root(kept) })
  }
}

/** Hashes side by side; undefined when one of them cannot be had. */
function joined(leaves: readonly (Buffer | undefined)[]): Buffer | undefined {
  const known = leaves.filter((leaf) => leaf !== undefined)
  return known.length === leaves.length ? Buffer.concat(known) : undefined
}

/** Adds the entries of a tile to those that were read; gives the objects among their members where an entry, as it stands in the database, has the hash that is in the tile. */
function seeEntries({ entries }: Pick<Taking, 'entries'>, { rows, stored }: TileRows, isWhole: boolean): (QuickEntry['objects'] | undefined)[] {
  const expected = stored?.toString('latin1')
  return rows.map((row, part) => {
    if (row === undefined) return undefined
    const objects = isWhole ? none : objectsIn(row, expected?.slice(part * 32, part * 32 + 32))
    entries.push({ row, objects, isWhole })
    return objects
  })
}

const none: QuickEntry['objects'] = []

function objectsIn(row: AuditRow, expected: string | undefined): QuickEntry['objects'] | undefined {
  const entry = expected === undefined ? undefined : quickEntry(row)
  return entry !== undefined && quickLeaf(entry) === expected ? entry.objects : undefined
}

function hashLeaves({ found }: Pick<Taking, 'found'>, { from, rows, objects, stored }: TileRows & { readonly from: number; readonly objects: readonly (QuickEntry['objects'] | undefined)[] }): (Buffer | undefined)[] {
  return rows.map((row, part) => {
    const index = from + part
    const leaf = objects[part] === undefined ? row && hashOfRow(row) : stored?.subarray(part * 32, part * 32 + 32)
    if (leaf !== undefined) return leaf
    if (row !== undefined) found.unreadable.push(index)
    else if (found.missing.at(-1)?.[1] === index - 1) found.missing.push([found.missing.pop()?.[0] ?? index, index])
    else found.missing.push([index, index])
    return undefined
  })
}

/** The hash of an entry as it is in the database; undefined when it is not even JSON, or its time is none. */
function hashOfRow(row: AuditRow): Buffer | undefined {
  try {
    return leafHashOfText(entryText(row))
  } catch (error) {
    if (isUnreadable(error)) return undefined
    throw error
  }
}

/** Whether `error` says that an entry is not JSON, or its time none that a record can have. */
export function isUnreadable(error: unknown): boolean {
  return Error.isError(error) && ['SyntaxError', 'TypeError', 'RangeError'].includes(error.name)
}

function compareTile(found: Taking['found'], { tile, rows, leaves, stored }: TileRows & { readonly tile: number; readonly leaves: readonly (Buffer | undefined)[] }): void {
  if (stored === undefined) return
  for (const [part, leaf] of leaves.entries()) {
    const row = rows[part]
    const expected = stored.subarray(part * 32, part * 32 + 32)
    if (leaf === undefined || row === undefined || leaf.equals(expected)) continue
    if (found.differences.length < mostDifferences) found.differences.push({ row, tile, part, entryHash: leaf.toString('base64'), tileHash: expected.toString('base64') })
  }
}

interface Page {
  readonly from: number
  /** In ascending order. */
  readonly rows: readonly AuditRow[]
  readonly tiles: ReadonlyMap<number, Buffer>
  readonly openings: ReadonlyMap<number, string>
}

type CheckedPage = Page & { readonly verdict: PageVerdict }

/** The pages of a log in their order; some are on their way while one is worked at. */
async function* pagesOf(db: Queries, log: WalkedLog, checkers: PageCheckers | undefined): AsyncGenerator<CheckedPage> {
  const coming: Promise<CheckedPage>[] = []
  for (let from = 0; from < log.size || coming.length > 0; ) {
    for (; from < log.size && coming.length < mostAhead; from += pageSize) {
      const page = readPage(db, log, from).then(async (read) => ({ ...read, verdict: await verdictOn(log, read, checkers) }))
      // What fails is thrown where it is waited for, if it still is.
      page.catch(() => undefined)
      coming.push(page)
    }
    const next = await coming.shift()
    if (next !== undefined) yield next
  }
}

/** What another thread says of a page; it is given those that can be right, which are most. */
async function verdictOn(log: WalkedLog, { from, rows, tiles, openings }: Page, checkers: PageCheckers | undefined): Promise<PageVerdict> {
  const stored = Array.from({ length: tilesAtOnce }, (_none, place) => tiles.get(from / tileWidth + place)).filter((hashes) => hashes !== undefined)
  const isFull = rows.length === pageSize && stored.length === tilesAtOnce && rows.every(({ index, time }, place) => index === log.start + from + place && time instanceof Date)
  return checkers === undefined || !isFull ? { isRight: false } : checkers.check(textsOf(rows, openings, Buffer.concat(stored)))
}

async function readPage(db: Queries, log: WalkedLog, from: number): Promise<Page> {
  const [first, end] = [log.start + from, log.start + Math.min(log.size, from + pageSize)]
  const rows = log.pruned === true ? [] : await readRows(db, first, end)
  // Read behind the entries: what was erased in between is on record then.
  const openings = rows.length === 0 ? new Map<number, string>() : await readOpenings(db, first, end - 1)
  const last = log.sealed / tileWidth
  const tileEnd = Math.min(log.pruned === true ? Math.ceil(last) : Math.floor(last), from / tileWidth + tilesAtOnce)
  const tiles = tileEnd <= from / tileWidth ? [] : await readTileRange(db, log.name, { level: 0, from: from / tileWidth, to: tileEnd })
  // A tile that is cut off counts as one that is not there.
  const whole = tiles.filter(({ index, hashes }) => hashes.length === widthAt(0, index, log.sealed) * 32)
  return { from, rows, tiles: new Map(whole.map(({ index, hashes }) => [index, hashes])), openings }
}
