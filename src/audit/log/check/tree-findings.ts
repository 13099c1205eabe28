import type { Queries } from '../../../persistence/database.ts'
import { hashOf, tileWidth } from '../../../tlog/tiles.ts'
import type { LogFault } from '../log.ts'
import { readTileRange } from '../store.ts'
import { finding } from './findings.ts'
import { readTilesBeyond } from './store.ts'
import type { Compared, Difference, Walked, WalkedLog } from './walk.ts'

/** What the walk through a log says: which entries and which tiles are not those that were signed. */
export async function treeFindings(db: Queries, log: WalkedLog, walked: Walked): Promise<LogFault[]> {
  const { compared } = walked
  const last = compared.at(-1)
  // The last checkpoint vouches for all that is before it.
  const right = { tiles: last !== undefined && last.ofTiles?.equals(last.root) === true, entries: last !== undefined && last.ofEntries?.equals(last.root) === true }
  const levels = await upperLevels(db, log, walked, right.tiles)
  return [
    ...(walked.missing.length === 0 ? [] : [finding.entriesMissing(log.name, walked.missing)]),
    ...walked.unreadable.map((index) => finding.entryUnreadable(log.name, index)),
    ...walked.missingTiles.map((tile) => finding.tileMissing(log.name, 0, tile)),
    ...differenceFindings(log.name, walked, { right, parents: levels.parents }),
    ...levels.findings,
    ...rootFindings(log, compared),
    // A pruned log keeps its last tile, which is not full.
    ...(await readTilesBeyond(db, log.name, log.pruned === true ? Math.ceil(log.size / tileWidth) * tileWidth : log.size)).map(({ level, index }) => finding.tileAdded(log.name, level, index)),
  ]
}

/** More than these are told together: an entry that was put in moves all behind it. */
const mostTold = 50

function rangesOf(numbers: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last?.[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges
}

interface Judging {
  readonly right: { readonly tiles: boolean; readonly entries: boolean }
  /** The hashes of level 1 as stored, by tile of level 0. */
  readonly parents: ReadonlyMap<number, Buffer>
}

function differenceFindings(log: string, { differences, tileRoots, entryRoots }: Walked, { right, parents }: Judging): LogFault[] {
  if (differences.length > mostTold) return [finding.entriesChanged(log, rangesOf(differences.map(({ row }) => row.index)), differences.length)]
  const places = new Map(differences.map(({ tileHash, row }) => [tileHash, row.index]))
  return differences.map((difference) => {
    const parent = parents.get(difference.tile)
    const tileIsWrong = right.tiles ? false : right.entries || (parent !== undefined && entryRoots[difference.tile]?.equals(parent) === true && tileRoots[difference.tile]?.equals(parent) !== true)
    return tileIsWrong ? finding.tileHashChanged(log, { level: 0, index: difference.tile, part: difference.part }, nameOf(difference)) : changed(log, difference, places)
  })
}

function changed(log: string, difference: Difference, places: ReadonlyMap<string, number>): LogFault {
  const hashes = { found: difference.entryHash, expected: difference.tileHash }
  const from = places.get(difference.entryHash)
  return from === undefined ? finding.entryChanged(log, nameOf(difference), hashes) : finding.entryMoved(log, nameOf(difference), { ...hashes, from })
}

function nameOf({ row }: Difference) {
  return { index: row.index, type: row.type, time: row.time.toISOString() }
}

/** Stored tiles above level 0, against the ones that follow from the level below them. */
async function upperLevels(db: Queries, log: WalkedLog, { tileRoots }: Walked, lowerIsRight: boolean): Promise<{ findings: LogFault[]; parents: Map<number, Buffer> }> {
  const findings: LogFault[] = []
  const parents = new Map<number, Buffer>()
  let below: readonly Buffer[] = tileRoots
  for (let level = 1; below.length >= tileWidth; level += 1) {
    const roots: Buffer[] = []
    const tiles = Math.floor(below.length / tileWidth)
    const covered = Math.floor(log.sealed / tileWidth ** (level + 1))
    const stored = new Map((await readTileRange(db, log.name, { level, from: 0, to: Math.min(tiles, covered) })).map(({ index, hashes }) => [index, hashes]))
    for (let index = 0; index < tiles; index += 1) {
      const computed = below.slice(index * tileWidth, (index + 1) * tileWidth)
      roots.push(hashOf(Buffer.concat(computed)))
      const hashes = stored.get(index)
      if (hashes?.length === tileWidth * 32) findings.push(...compareLevel(log.name, { level, index, lowerIsRight }, computed, hashes))
      else if (index < covered) findings.push(finding.tileMissing(log.name, level, index))
      if (level === 1 && hashes?.length === tileWidth * 32) for (let part = 0; part < tileWidth; part += 1) parents.set(index * tileWidth + part, hashes.subarray(part * 32, part * 32 + 32))
    }
    below = roots
  }
  return { findings, parents }
}

function compareLevel(log: string, { level, index, lowerIsRight }: { level: number; index: number; lowerIsRight: boolean }, computed: readonly Buffer[], hashes: Buffer): LogFault[] {
  return computed.flatMap((hash, part) => {
    const stored = hashes.subarray(part * 32, part * 32 + 32)
    if (hash.equals(stored)) return []
    const [here, below] = [stored.toString('base64'), hash.toString('base64')]
    return lowerIsRight
      ? [finding.upperTileChanged(log, { level, index, part }, { found: here, expected: below })]
      : [finding.tileChanged(log, { level: level - 1, index: index * tileWidth + part, part: 0 }, { found: below, expected: here })]
  })
}

/** The first signed root that neither the tiles nor the entries give. */
function rootFindings(log: WalkedLog, compared: readonly Compared[]): LogFault[] {
  let right = 0
  for (const { where, size, root, ofEntries, ofTiles } of compared) {
    const fits = [ofEntries, ofTiles].some((found) => found?.equals(root) === true)
    if (fits) right = size
    const found = ofTiles ?? ofEntries
    if (fits || found === undefined) continue
    return [finding.rootDiffers(log.name, size, { found: found.toString('base64'), expected: root.toString('base64') }, { where, from: log.start + right, to: log.start + size - 1 })]
  }
  return []
}
