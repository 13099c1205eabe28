import { isCount, malformed } from './encoding.ts'
import type { TreeNode } from './tiles.ts'
import { hashOf, tileWidth, widthAt } from './tiles.ts'
import { emptyRoot, nodeHash } from './tree.ts'

/** A tile that has become full. */
export interface FullTile {
  readonly level: number
  readonly index: number
  /** 8,192 bytes. */
  readonly hashes: Buffer
}

/** The right edge of a tree: all that is needed to append to it, and the tiles that are not stored yet. */
export interface Edge {
  readonly size: number
  /** Appends the hash of a leaf. */
  append(leaf: Buffer): void
  root(): Buffer
  /** The first `width` hashes of a tile that is not full yet, or is full and not taken; undefined when they are not here. */
  tile(level: number, index: number, width: number): Buffer | undefined
  /** A node over hashes of a tile that is not full yet; undefined when it is not here. */
  node(node: TreeNode): Buffer | undefined
  /** The tiles that became full since this was last called, in the order in which they did; they are forgotten here. */
  takeFull(): readonly FullTile[]
}

/** The edge of a tree of `size` leaves; `partial` gives the hashes of the last tile of a level, where that is not full. */
export function createEdge(size: number, partial: (level: number) => Buffer): Edge {
  if (!isCount(size)) throw new RangeError(`there is no tree of ${size}`)
  const levels = readLevels(size, partial)
  // The roots of the whole subtrees that the tree consists of, widest first: one for each bit of the size.
  const roots = levels.flatMap(({ hashes, count }) => rootsOf(hashes, count)).toReversed()
  let leaves = size
  let full: FullTile[] = []

  function put(level: number, node: Buffer): void {
    const tile = (levels[level] ??= emptyLevel(0))
    tile.hashes.set(node, tile.count * 32)
    tile.count += 1
    if (tile.count < tileWidth) return
    full.push({ level, index: tile.index, hashes: tile.hashes })
    levels[level] = emptyLevel(tile.index + 1)
  }

  /** Node `place` of its height: proofs of what is new are made of these. */
  function keep(height: number, place: number, node: Buffer): void {
    const tile = levels[Math.floor(height / 8)]
    const count = 2 ** (height % 8)
    // The tile was full with the hash before.
    if (tile !== undefined && tile.count > 0) tile.nodes[heapPlace((place % (tileWidth / count)) * count, count)] = node
  }

  return {
    get size() {
      return leaves
    },
    append(leaf) {
      if (leaf.length !== 32) throw new RangeError(`a hash has 32 bytes, not ${leaf.length}`)
      put(0, leaf)
      let node = leaf
      let height = 0
      for (let rest = leaves; rest % 2 === 1; rest = Math.floor(rest / 2)) {
        node = nodeHash(roots.pop() ?? emptyRoot, node)
        height += 1
        if (height % 8 === 0) put(height / 8, node)
        else keep(height, Math.floor(rest / 2), node)
      }
      roots.push(node)
      leaves += 1
    },
    root() {
      return roots.length === 0 ? emptyRoot : roots.reduceRight((right, left) => nodeHash(left, right))
    },
    tile(level, index, width) {
      if (width < 1 || width > widthAt(level, index, leaves)) return undefined
      const current = levels[level]
      const hashes = current?.index === index ? current.hashes : full.find((tile) => tile.level === level && tile.index === index)?.hashes
      return hashes === undefined ? undefined : Buffer.from(hashes.subarray(0, width * 32))
    },
    node({ level, index, offset, count }) {
      const current = levels[level]
      if (current?.index !== index || offset + count > current.count) return undefined
      const node = count === 1 ? current.hashes.subarray(offset * 32, (offset + 1) * 32) : current.nodes[heapPlace(offset, count)]
      return node === undefined ? undefined : Buffer.from(node)
    },
    takeFull() {
      const taken = full
      full = []
      return taken
    },
  }
}

interface Level {
  readonly index: number
  count: number
  readonly hashes: Buffer
  /** Nodes over its hashes that were made here, as in a heap. */
  readonly nodes: (Buffer | undefined)[]
}

function emptyLevel(index: number): Level {
  return { index, count: 0, hashes: Buffer.alloc(tileWidth * 32), nodes: [] }
}

/** The root over all hashes of a tile would be 1, those over its halves 2 and 3. */
function heapPlace(offset: number, count: number): number {
  return (tileWidth + offset) / count
}

function readLevels(size: number, partial: (level: number) => Buffer): Level[] {
  const levels: Level[] = []
  for (let level = 0, nodes = size; nodes > 0; level += 1, nodes = Math.floor(nodes / tileWidth)) {
    const index = Math.floor(nodes / tileWidth)
    const count = nodes % tileWidth
    const hashes = Buffer.alloc(tileWidth * 32)
    if (count > 0) {
      const given = partial(level)
      if (given.length !== count * 32) throw malformed(`The last tile of level ${level} of the tree of ${size}`, `it has ${given.length} bytes in place of ${count * 32}`)
      hashes.set(given)
    }
    levels.push({ ...emptyLevel(index), count, hashes })
  }
  return levels
}

/** The roots of the whole subtrees within a tile that is not full, narrowest first. */
function rootsOf(hashes: Buffer, count: number): Buffer[] {
  const roots: Buffer[] = []
  let end = count
  for (let width = 1; width <= end; width *= 2) {
    if (Math.floor(end / width) % 2 === 0) continue
    roots.push(Buffer.from(hashOf(hashes.subarray((end - width) * 32, end * 32))))
    end -= width
  }
  return roots
}
