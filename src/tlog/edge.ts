import { isCount, malformed } from './encoding.ts'
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
    const tile = (levels[level] ??= { index: 0, count: 0, hashes: Buffer.alloc(tileWidth * 32) })
    tile.hashes.set(node, tile.count * 32)
    tile.count += 1
    if (tile.count < tileWidth) return
    full.push({ level, index: tile.index, hashes: tile.hashes })
    levels[level] = { index: tile.index + 1, count: 0, hashes: Buffer.alloc(tileWidth * 32) }
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
    levels.push({ index, count, hashes })
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
