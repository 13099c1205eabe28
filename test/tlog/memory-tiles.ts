import type { TileId } from '../../src/tlog/tiles.ts'
import { leafHash, treeHash } from '../../src/tlog/tree.ts'

/** The hashes of so many entries, each different. */
export function leavesOf(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => leafHash(Buffer.from(`entry ${index}`)))
}

/** The hashes of one tile of the tree over `leaves`, from scratch. */
export function tileOf(leaves: readonly Buffer[], { level, index, width }: TileId): Buffer {
  const span = 256 ** level
  return Buffer.concat(Array.from({ length: width }, (_, place) => {
    const from = (index * 256 + place) * span
    return treeHash(leaves.slice(from, from + span))
  }))
}

/** Gives tiles of the tree over `leaves`. */
export function readerOf(leaves: readonly Buffer[]): (tiles: readonly TileId[]) => Promise<Buffer[]> {
  return async (tiles) => tiles.map((tile) => tileOf(leaves, tile))
}
