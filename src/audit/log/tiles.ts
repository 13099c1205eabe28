import { ProblemError } from '../../errors.ts'
import type { Queries } from '../../persistence/database.ts'
import type { Edge, FullTile } from '../../tlog/edge.ts'
import { createEdge } from '../../tlog/edge.ts'
import type { ReadTiles, TileId } from '../../tlog/tiles.ts'
import { hashOf, tileWidth } from '../../tlog/tiles.ts'
import { leafHashOfText } from '../../tlog/tree.ts'
import { readTexts } from '../store.ts'
import { faultOf } from './fault-error.ts'
import { readTileRange, readTiles, saveTree } from './store.ts'

/** Which log, and the number of its entry 0 in the record. */
export interface TreeId {
  readonly name: string
  readonly start: number
  /** Set when its entries were removed after their time. */
  readonly prunedAt?: Date | null
}

/** The trees of our logs: full tiles in the database, and those on their way there. */
export interface Trees {
  /** The edge of a tree, without going through its entries: from those of its last tile, and from the tiles that are stored. */
  edge(log: TreeId, size: number): Promise<Edge>
  /** Reads tiles: what the edge has not is looked up in one query. */
  reader(log: TreeId, edge: Edge): ReadTiles
  /** Takes over tiles that became full; they are stored with the next `save`. */
  keep(log: TreeId, tiles: readonly FullTile[]): void
  /** How many tiles of `log` wait to be stored. */
  waiting(log: TreeId): number
  /** Stores what waits, and the checkpoint of `size` that it belongs to. */
  save(log: TreeId, checkpoint: { readonly size: number; readonly note: string }): Promise<void>
}

/** How many tiles of 8 KiB are kept in memory. */
const mostCached = 512

export function createTrees(db: Queries): Trees {
  const cache = new Map<string, Buffer>()
  const unsaved = new Map<string, Map<string, FullTile>>()

  function remember(key: string, hashes: Buffer): void {
    cache.delete(key)
    cache.set(key, hashes)
    const [oldest] = cache.keys()
    if (cache.size > mostCached && oldest !== undefined) cache.delete(oldest)
  }
  const unsavedOf = (log: TreeId) => {
    const known = unsaved.get(log.name) ?? new Map<string, FullTile>()
    unsaved.set(log.name, known)
    return known
  }
  const keyOf = (log: TreeId, { level, index }: { readonly level: number; readonly index: number }) => `${log.name}/${level}/${index}`
  function inMemory(log: TreeId, tile: TileId): Buffer | undefined {
    const key = keyOf(log, tile)
    return unsaved.get(log.name)?.get(key)?.hashes ?? cache.get(key)
  }

  return {
    edge: (log, size) => loadEdge(db, log, size),
    reader: (log, edge) => async (tiles) => {
      const found = tiles.map((tile) => edge.tile(tile.level, tile.index, tile.width) ?? inMemory(log, tile)?.subarray(0, tile.width * 32))
      const missing = tiles.filter((_tile, place) => found[place] === undefined)
      const stored = new Map(missing.length === 0 ? [] : (await readTiles(db, log.name, missing)).map((tile) => [keyOf(log, tile), tile.hashes]))
      for (const [key, hashes] of stored) remember(key, hashes)
      return tiles.map((tile, place) => {
        const hashes = found[place] ?? stored.get(keyOf(log, tile))?.subarray(0, tile.width * 32)
        if (hashes === undefined) throw missingTile(log, tile.level, tile.index)
        return hashes
      })
    },
    keep: (log, tiles) => {
      const known = unsavedOf(log)
      for (const tile of tiles) {
        known.set(keyOf(log, tile), tile)
        remember(keyOf(log, tile), tile.hashes)
      }
    },
    waiting: (log) => unsaved.get(log.name)?.size ?? 0,
    save: async (log, { size, note }) => {
      const known = unsavedOf(log)
      const tiles = [...known.entries()]
      await saveTree(db, log.name, { tiles: tiles.map(([, tile]) => tile), size, checkpoint: note })
      for (const [key] of tiles) known.delete(key)
    },
  }
}

async function loadEdge(db: Queries, log: TreeId, size: number): Promise<Edge> {
  const partial = [await leavesOf(db, log, size)]
  for (let level = 1, nodes = Math.floor(size / tileWidth); nodes > 0; level += 1, nodes = Math.floor(nodes / tileWidth)) {
    // Each hash of a tile is the root of a full tile of the level below.
    const from = nodes - (nodes % tileWidth)
    const tiles = await readTileRange(db, log.name, { level: level - 1, from, to: nodes })
    partial.push(
      Buffer.concat(
        Array.from({ length: nodes - from }, (_, place) => {
          const tile = tiles[place]
          if (tile?.index !== from + place || tile.hashes.length !== tileWidth * 32) throw missingTile(log, level - 1, from + place)
          return hashOf(tile.hashes)
        }),
      ),
    )
  }
  return createEdge(size, (level) => partial[level] ?? Buffer.alloc(0))
}

/** The hashes of the last tile of level 0, which is not full. */
async function leavesOf(db: Queries, log: TreeId, size: number): Promise<Buffer> {
  const { name, start } = log
  if (log.prunedAt != null) return keptLeaves(db, log, size)
  const from = start + size - (size % tileWidth)
  const entries = await readTexts(db, { from, to: start + size, limit: tileWidth })
  const hashes = Array.from({ length: start + size - from }, (_, place) => {
    const entry = entries[place]
    if (entry?.index !== from + place) throw faultOf(name, 'entry-missing', `Entry ${from + place} of the record is not there.`, { index: from + place })
    return leafHashOfText(entry.entry)
  })
  return Buffer.concat(hashes)
}

/** The last tile of a pruned log: it was stored before the entries were removed. */
async function keptLeaves(db: Queries, log: TreeId, size: number): Promise<Buffer> {
  const index = Math.floor(size / tileWidth)
  const width = size % tileWidth
  if (width === 0) return Buffer.alloc(0)
  const [tile] = await readTileRange(db, log.name, { level: 0, from: index, to: index + 1 })
  if (tile?.hashes.length !== width * 32) throw goneTiles(log)
  return tile.hashes
}

/** What can no longer be proven. */
export function goneTiles({ name }: TreeId): ProblemError {
  return new ProblemError('gone', `The entries and the tiles of the log ${name} were removed after their time. Its final checkpoint stays.`)
}

function missingTile(log: TreeId, level: number, index: number) {
  const { name } = log
  if (log.prunedAt != null) return goneTiles(log)
  return faultOf(name, 'tile-changed', `The tile ${level}/${index} of the log ${name} is not there, or not whole.`, { level, index })
}
