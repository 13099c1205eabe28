import { hash } from 'node:crypto'

import { isCount, malformed, maxSize } from './encoding.ts'
import { emptyRoot, nodeHash } from './tree.ts'

/** A tile of hashes (C2SP tlog-tiles): `width` of the 256 subtrees of height `8 * level` from number `256 * index` on. */
export interface TileId {
  readonly level: number
  readonly index: number
  /** 1 to 256; 256 is a full tile. */
  readonly width: number
}

/** Gives the hashes of tiles, `32 * width` bytes each, in the order asked for. */
export type ReadTiles = (tiles: readonly TileId[]) => Promise<readonly Buffer[]>

/** How many hashes a full tile holds. */
export const tileWidth = 256

/** `tile/0/x001/234.p/5` */
export function tilePath({ level, index, width }: TileId): string {
  return `tile/${level}/${placePath(index, width)}`
}

/** `tile/entries/x001/234.p/5` */
export function entriesPath(index: number, width: number): string {
  return `tile/entries/${placePath(index, width)}`
}

/** undefined when `path` is not exactly the path of a tile. */
export function parseTilePath(path: string): TileId | undefined {
  const match = /^tile\/(0|[1-9]|[1-5][0-9]|6[0-3])\/(.+)$/.exec(path)
  const place = parsePlace(match?.[2])
  return place === undefined ? undefined : { level: Number(match?.[1]), ...place }
}

/** undefined when `path` is not exactly the path of a bundle of entries. */
export function parseEntriesPath(path: string): { readonly index: number; readonly width: number } | undefined {
  return parsePlace(/^tile\/entries\/(.+)$/.exec(path)?.[1])
}

/** A bundle of entries: each with its length in two bytes before it. */
export function encodeEntries(entries: readonly Uint8Array[]): Buffer {
  if (entries.length < 1 || entries.length > tileWidth) throw new RangeError(`a bundle has 1 to ${tileWidth} entries, not ${entries.length}`)
  return Buffer.concat(entries.flatMap((entry) => {
    if (entry.length > 0xffff) throw new RangeError(`an entry has at most 65,535 bytes, not ${entry.length}`)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(entry.length)
    return [length, entry]
  }))
}

/** The entries of a bundle. */
export function decodeEntries(bundle: Uint8Array): Buffer[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength)
  const entries: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 2 > bytes.length ? Infinity : at + 2 + bytes.readUInt16BE(at)
    if (end > bytes.length) throw malformed('The bundle of entries', 'it ends within an entry')
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  if (entries.length < 1 || entries.length > tileWidth) throw malformed('The bundle of entries', `it has ${entries.length} entries, and must have 1 to ${tileWidth}`)
  return entries
}

/** How wide the tile `index` of `level` is in a tree of `size` leaves; 0 when it is not there. */
export function widthAt(level: number, index: number, size: number): number {
  return Math.max(0, Math.min(tileWidth, Math.floor(size / tileWidth ** level) - index * tileWidth))
}

/** A node of a tree, by the hashes of a tile that it stands over: a power of two, 128 at most. */
export interface TreeNode {
  readonly level: number
  /** Of the tile. */
  readonly index: number
  /** The first of the hashes. */
  readonly offset: number
  readonly count: number
}

/** Roots of subtrees of one tree, which never change: neighbours have most of their proofs in common. */
export interface KnownRoots {
  get(node: TreeNode): Buffer | undefined
  set(node: TreeNode, root: Buffer): unknown
  /** Those at the right edge, from the leaf `from` to before `to`, which a larger tree does not have. */
  getEdge(from: number, to: number): Buffer | undefined
  setEdge(from: number, to: number, root: Buffer): unknown
}

/** RFC 6962 §2.1.1: from the leaf's sibling to the root's child. Calls `read` once. */
export async function inclusionProof(read: ReadTiles, index: number, size: number, known?: KnownRoots): Promise<Buffer[]> {
  if (!isCount(index) || !isCount(size) || index >= size) throw new RangeError(`there is no leaf ${index} in a tree of ${size}`)
  const siblings: Range[] = []
  for (let [from, to] = [0, size]; to - from > 1;) {
    const middle = from + split(to - from)
    siblings.push(index < middle ? [middle, to] : [from, middle])
    if (index < middle) to = middle
    else from = middle
  }
  return await hashRanges(read, { ranges: siblings.toReversed(), known }, size)
}

/** RFC 6962 §2.1.2: that the tree of `oldSize` leaves is the beginning of the one of `size`. Calls `read` once. */
export async function consistencyProof(read: ReadTiles, oldSize: number, size: number): Promise<Buffer[]> {
  if (!isCount(oldSize) || !isCount(size) || oldSize > size) throw new RangeError(`a tree of ${oldSize} is not the beginning of one of ${size}`)
  if (oldSize === 0 || oldSize === size) return await hashRanges(read, { ranges: [] }, size)
  const nodes: Range[] = []
  let [from, to] = [0, size]
  while (to !== oldSize) {
    const middle = from + split(to - from)
    nodes.push(oldSize <= middle ? [middle, to] : [from, middle])
    if (oldSize <= middle) to = middle
    else from = middle
  }
  // The old root is not repeated where it is a node of the new tree.
  if (from !== 0) nodes.push([from, to])
  return await hashRanges(read, { ranges: nodes.toReversed() }, size)
}

/** The root of the first `size` leaves. Calls `read` once. */
export async function rootAt(read: ReadTiles, size: number): Promise<Buffer> {
  if (!isCount(size)) throw new RangeError(`there is no tree of ${size}`)
  const [root] = await hashRanges(read, { ranges: size === 0 ? [] : [[0, size]] }, size)
  return root ?? emptyRoot
}

/** The root over hashes side by side, which are a power of two many. */
export function hashOf(hashes: Buffer): Buffer {
  if (hashes.length === 32) return hashes
  const input = Buffer.alloc(65, 1)
  let level = hashes
  while (level.length > 32) {
    const above = Buffer.allocUnsafe(level.length / 2)
    for (let at = 0; at < above.length; at += 32) {
      level.copy(input, 1, 2 * at, 2 * at + 64)
      // As Latin-1 for speed, see tree.ts.
      above.write(hash('sha256', input, 'binary'), at, 'latin1')
    }
    level = above
  }
  return level
}

/** Leaves, from the first to before the last. */
type Range = readonly [from: number, to: number]

/** The largest power of two below `count`. */
function split(count: number): number {
  return 2 ** heightOf(count - 1)
}

/** The height of the highest whole tree of up to `count` leaves, which are one at least. */
function heightOf(count: number): number {
  return count < 2 ** 31 ? 31 - Math.clz32(count) : 31 + heightOf(Math.floor(count / 2 ** 31))
}

/** The whole subtrees that `range` consists of, widest first. It begins where its widest may begin. */
function nodesOf([from, to]: Range): TreeNode[] {
  const nodes: TreeNode[] = []
  for (let at = from; at < to;) {
    const height = heightOf(to - at)
    const level = Math.floor(height / 8)
    const first = at / 2 ** (8 * level)
    nodes.push({ level, index: Math.floor(first / tileWidth), offset: first % tileWidth, count: 2 ** (height % 8) })
    at += 2 ** height
  }
  return nodes
}

async function hashRanges(read: ReadTiles, { ranges, known }: { readonly ranges: readonly Range[]; readonly known?: KnownRoots | undefined }, size: number): Promise<Buffer[]> {
  const wanted = ranges.map((range) => wantedOf(range, known))
  const tiles: TileId[] = []
  for (const { nodes, roots, root } of wanted) {
    if (root !== undefined) continue
    for (const [place, { level, index }] of nodes.entries()) {
      if (roots[place] === undefined && !tiles.some((tile) => tile.index === index && tile.level === level)) tiles.push({ level, index, width: widthAt(level, index, size) })
    }
  }
  const found = await read(tiles)
  for (const [place, tile] of tiles.entries()) {
    const bytes = found[place]
    if (bytes?.length !== tile.width * 32) throw malformed(`The tile ${tilePath(tile)}`, `it has ${bytes?.length ?? 0} bytes in place of ${tile.width * 32}`)
  }
  const rootOf = (node: TreeNode) => {
    const { level, index, offset, count } = node
    const root = hashOf((found[tiles.findIndex((tile) => tile.index === index && tile.level === level)] ?? emptyRoot).subarray(offset * 32, (offset + count) * 32))
    // A hash stands in its tile as it is.
    if (count > 1) known?.set(node, root)
    return root
  }
  return wanted.map(({ range: [from, to], nodes, roots, root }) => {
    if (root !== undefined) return root
    const computed = nodes.map((node, place) => roots[place] ?? rootOf(node)).reduceRight((right, left) => nodeHash(left, right))
    if (nodes.length > 1) known?.setEdge(from, to, computed)
    return computed
  })
}

interface Wanted {
  readonly range: Range
  readonly nodes: readonly TreeNode[]
  /** What is known of the roots of its nodes. */
  readonly roots: readonly (Buffer | undefined)[]
  /** Its own root where that is known. */
  readonly root: Buffer | undefined
}

function wantedOf(range: Range, known: KnownRoots | undefined): Wanted {
  const nodes = nodesOf(range)
  const root = nodes.length > 1 ? known?.getEdge(...range) : undefined
  const roots = known === undefined || root !== undefined ? [] : nodes.map((node) => known.get(node))
  return { range, nodes, roots, root: nodes.length === 1 ? roots[0] : root }
}

function placePath(index: number, width: number): string {
  if (!isCount(index) || !Number.isInteger(width) || width < 1 || width > tileWidth) throw new RangeError(`there is no tile ${index} of width ${width}`)
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? []
  const path = groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group)).join('/')
  return width === tileWidth ? path : `${path}.p/${width}`
}

function parsePlace(path: string | undefined): { index: number; width: number } | undefined {
  const match = /^((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path ?? '')
  if (match?.[1] === undefined || match[1].startsWith('x000/')) return undefined
  const index = Number(match[1].replaceAll(/[x/]/g, ''))
  const width = match[2] === undefined ? tileWidth : Number(match[2])
  if (index > maxSize || (match[2] !== undefined && width >= tileWidth)) return undefined
  return { index, width }
}
