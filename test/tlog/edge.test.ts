import { describe, expect, test } from 'vitest'
import fc from 'fast-check'

import { createEdge } from '../../src/tlog/edge.ts'
import type { Edge } from '../../src/tlog/edge.ts'
import type { KnownRoots, TileId } from '../../src/tlog/tiles.ts'
import { inclusionProof, rootAt, tilePath, widthAt } from '../../src/tlog/tiles.ts'
import { emptyRoot, treeHash } from '../../src/tlog/tree.ts'
import { leavesOf, tileOf } from './memory-tiles.ts'

const none = () => Buffer.alloc(0)
const leaves = leavesOf(66_200)

/** The edge at `size`, from the last tiles alone. */
function edgeAt(size: number): Edge {
  return createEdge(size, (level) => {
    const nodes = Math.floor(size / 256 ** level)
    return tileOf(leaves, { level, index: Math.floor(nodes / 256), width: nodes % 256 })
  })
}

const appendUpTo = (edge: Edge, size: number) => {
  while (edge.size < size) edge.append(leaves[edge.size] ?? emptyRoot)
}

/** The roots of all sizes, from one edge that began with nothing. */
function rootsOfAll(): Buffer[] {
  const edge = createEdge(0, none)
  return [emptyRoot, ...leaves.map((leaf) => {
    edge.append(leaf)
    return edge.root()
  })]
}
const roots = rootsOfAll()

describe('the edge', () => {
  test('has the root of the tree at every size', () => {
    const edge = createEdge(0, none)
    expect(edge.root()).toEqual(emptyRoot)
    for (let size = 1; size <= 600; size += 1) {
      appendUpTo(edge, size)
      expect(edge.size).toBe(size)
      expect(edge.root().equals(treeHash(leaves.slice(0, size)))).toBe(true)
    }
  })

  test('has it across the sizes where tiles become full', () => {
    for (const size of [65_280, 65_535, 65_536, 65_537]) expect(roots[size]).toEqual(treeHash(leaves.slice(0, size)))
  })

  test.each([1, 2, 255, 256, 257, 511, 65_279, 65_534, 65_535, 65_536, 65_537, 65_792])('begun again at %i, it goes on as if it had never stopped', (size) => {
    const edge = edgeAt(size)
    for (let next = size; next <= size + 300; next += 1) {
      appendUpTo(edge, next)
      expect(edge.root().equals(roots[next] ?? emptyRoot)).toBe(true)
    }
    for (const { level, index, hashes } of edge.takeFull()) expect(hashes).toEqual(tileOf(leaves, { level, index, width: 256 }))
  })

  test('gives each full tile once, in the order in which they became full', async () => {
    const edge = createEdge(0, none)
    appendUpTo(edge, 65_536 + 256)
    const taken = edge.takeFull()
    expect(taken).toHaveLength(258)
    expect(taken.slice(254, 258).map(({ level, index }) => [level, index])).toEqual([[0, 254], [0, 255], [1, 0], [0, 256]])
    const stored = new Map(taken.map(({ level, index, hashes }) => [tilePath({ level, index, width: 256 }), hashes]))
    expect(edge.takeFull()).toEqual([])
    expect(edge.tile(0, 0, 256)).toBeUndefined()
    const root = await rootAt(async (tiles) => tiles.map((tile) => stored.get(tilePath({ ...tile, width: 256 })) ?? edge.tile(tile.level, tile.index, tile.width) ?? emptyRoot), edge.size)
    expect(root).toEqual(edge.root())
  })

  test('has the tiles that are not taken, up to the width that they have', () => fc.assert(fc.property(fc.integer({ min: 0, max: 1500 }), fc.nat({ max: 600 }), (start, more) => {
    const edge = edgeAt(start)
    appendUpTo(edge, start + more)
    for (let level = 0; level < 3; level += 1) {
      const index = Math.floor(Math.floor(start / 256 ** level) / 256)
      const width = widthAt(level, index, edge.size)
      expect(edge.tile(level, index, width + 1)).toBeUndefined()
      expect(edge.tile(level, index, 0)).toBeUndefined()
      if (width > 0) expect(edge.tile(level, index, width)).toEqual(tileOf(leaves, { level, index, width }))
      if (width > 1) expect(edge.tile(level, index, width - 1)).toEqual(tileOf(leaves, { level, index, width: width - 1 }))
      expect(edge.tile(level, index + 1_000, 1)).toBeUndefined()
    }
  }), { numRuns: 15 }))

  test.each([0, 37, 250, 65_300])('begun at %i, the nodes that it has of its last tiles make the proofs of what is new', async (start) => {
    const [whole, edge] = [createEdge(0, none), edgeAt(start)]
    appendUpTo(whole, leaves.length)
    const full = new Map(whole.takeFull().map(({ level, index, hashes }) => [`${level}/${index}`, hashes]))
    const all = async (tiles: readonly TileId[]) => tiles.map(({ level, index, width }) => (full.get(`${level}/${index}`) ?? whole.tile(level, index, width) ?? emptyRoot).subarray(0, width * 32))
    const known: KnownRoots = { get: (node) => edge.node(node), set: () => undefined, getEdge: () => undefined, setEdge: () => undefined }
    for (let size = start + 1; size <= start + 600; size += 7) {
      appendUpTo(edge, size)
      for (const index of [size - 1, Math.max(start, size - 3), Math.max(start, size - 130)]) expect(await inclusionProof(all, index, size, known)).toEqual(await inclusionProof(all, index, size))
    }
  })

  test('needs no tile for the proof of what was appended to the last one', async () => {
    const edge = createEdge(0, none)
    appendUpTo(edge, 200)
    const asked: TileId[] = []
    const known: KnownRoots = { get: (node) => edge.node(node), set: () => undefined, getEdge: () => undefined, setEdge: () => undefined }
    await inclusionProof(async (tiles) => {
      asked.push(...tiles)
      return []
    }, 77, 200, known)
    expect(asked).toEqual([])
    expect(edge.node({ level: 0, index: 0, offset: 192, count: 16 })).toBeUndefined()
    expect(edge.node({ level: 0, index: 1, offset: 0, count: 1 })).toBeUndefined()
  })

  test('cannot be changed through what it gave', () => {
    const edge = edgeAt(300)
    const root = edge.root()
    edge.node({ level: 0, index: 1, offset: 0, count: 1 })?.fill(0)
    edge.tile(0, 1, 44)?.fill(0)
    expect(edge.tile(0, 1, 44)).toEqual(tileOf(leaves, { level: 0, index: 1, width: 44 }))
    expect(edge.root()).toEqual(root)
  })

  test('refuses tiles that do not fit its size, and what is not a hash', () => {
    expect(() => createEdge(300, none)).toThrow(expect.objectContaining({ code: 'invalid-evidence' }))
    expect(() => createEdge(3, () => Buffer.alloc(4 * 32))).toThrow(expect.objectContaining({ code: 'invalid-evidence' }))
    expect(() => createEdge(-1, none)).toThrow(RangeError)
    expect(() => createEdge(0, none).append(Buffer.alloc(31))).toThrow(RangeError)
  })
})
