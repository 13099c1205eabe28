import { emptyRoot, nodeHash, treeHash } from '../../../tlog/tree.ts'

/** A tree that grows by whole tiles, and its root at any size within the next one. */
export interface TileTree {
  /** Adds the root of a full tile of level 0. */
  add(tileRoot: Buffer): void
  /** The root of all tiles and of `rest`, the hashes of up to 255 leaves behind them. */
  root(rest: Buffer): Buffer
}

/** RFC 6962 §2.1: 256 is a power of two, so a tree over leaves is the tree over the roots of tiles, the last of which may be smaller. */
export function createTileTree(): TileTree {
  // One root for each bit of the number of tiles, widest first.
  const roots: Buffer[] = []
  let tiles = 0
  return {
    add: (tileRoot) => {
      let node = tileRoot
      for (let rest = tiles; rest % 2 === 1; rest = Math.floor(rest / 2)) node = nodeHash(roots.pop() ?? emptyRoot, node)
      roots.push(node)
      tiles += 1
    },
    root: (rest) => {
      const all = rest.length === 0 ? roots : [...roots, treeHash(hashesIn(rest))]
      return all.length === 0 ? emptyRoot : all.reduceRight((right, left) => nodeHash(left, right))
    },
  }
}

/** The hashes that stand side by side in `bytes`. */
function hashesIn(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length / 32 }, (_, place) => bytes.subarray(32 * place, 32 * place + 32))
}
