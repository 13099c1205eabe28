import { describe, expect, test } from 'vitest'
import fc from 'fast-check'

import { consistencyProof, decodeEntries, encodeEntries, entriesPath, inclusionProof, parseEntriesPath, parseTilePath, rootAt, tilePath, widthAt } from '../../src/tlog/tiles.ts'
import type { KnownRoots, TileId } from '../../src/tlog/tiles.ts'
import { emptyRoot, treeHash } from '../../src/tlog/tree.ts'
import { leavesOf, readerOf, tileOf } from './memory-tiles.ts'

describe('paths', () => {
  test.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 1, index: 999, width: 17 }, 'tile/1/999.p/17'],
    [{ level: 63, index: 1000, width: 1 }, 'tile/63/x001/000.p/1'],
  ])('%j is %s', (tile, path) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual(tile)
  })

  test('round trip', () => fc.assert(fc.property(fc.nat({ max: 63 }), fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
    expect(parseTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width })
    expect(parseEntriesPath(entriesPath(index, width))).toEqual({ index, width })
  })))

  test.each([
    '', 'tile', 'tile/0', 'tile/0/', '/tile/0/000', 'tile/0/000/', 'tile/00/000', 'tile/64/000', 'tile/-1/000', 'tile/0/0', 'tile/0/0000', 'tile/0/1234', 'tile/0/x000/001',
    'tile/0/x001', 'tile/0/001/002', 'tile/0/x001/x002', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/01', 'tile/0/000.p/', 'tile/0/000.p/1/', 'tile/0/000.P/1', 'tile/0/000.p/1000',
    'tile/0/../000', 'tile/0/000\n', 'tile/0/０００', 'tile/entries/000', 'tile/0/x999/x999/x999/x999/x999/999', 'tile/0/x001/x000/x000/x000/x000/x000/000',
  ])('%j is no path of a tile', (path) => expect(parseTilePath(path)).toBeUndefined())

  test.each(['tile/entries/', 'tile/entries/0', 'tile/0/000', 'tile/entries/000.p/256', 'tile/entries/x000/000', 'tile/entries/000 ', 'entries/000'])('%j is no path of entries', (path) => {
    expect(parseEntriesPath(path)).toBeUndefined()
  })

  test.each([[-1, 1], [0.5, 1], [0, 0], [0, 257], [2 ** 53, 1], [0, 1.5]])('there is none for tile %d of width %d', (index, width) => {
    expect(() => entriesPath(index, width)).toThrow(RangeError)
  })
})

describe('bundles of entries', () => {
  test('round trip', () => fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 }), (entries) => {
    expect(decodeEntries(encodeEntries(entries)).map((entry) => [...entry])).toEqual(entries.map((entry) => [...entry]))
  }), { numRuns: 30 }))

  test('hold an entry of 65,535 bytes, and none that is longer', () => {
    expect(decodeEntries(encodeEntries([Buffer.alloc(65_535, 7)]))).toEqual([Buffer.alloc(65_535, 7)])
    expect(() => encodeEntries([Buffer.alloc(65_536)])).toThrow(RangeError)
    expect(() => encodeEntries([])).toThrow(RangeError)
    expect(() => encodeEntries(Array.from({ length: 257 }, () => Buffer.alloc(1)))).toThrow(RangeError)
  })

  test.each([['nothing', ''], ['half a length', '00'], ['an entry that is cut', '000301'], ['something after the last', '00010100'], ['more than 256', '0000'.repeat(257)]])('with %s are refused', (_, hex) => {
    expect(() => decodeEntries(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ code: 'invalid-evidence' }))
  })
})

describe('what is computed from tiles', () => {
  const leaves = leavesOf(66_000)
  const full = new Map<string, Buffer>()
  /** Tiles from scratch, each made once. */
  const read = async (tiles: readonly TileId[]) => tiles.map((tile) => {
    const path = tilePath(tile)
    const found = full.get(path) ?? tileOf(leaves, tile)
    full.set(path, found)
    return found
  })

  test.each([0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_000])('the root of %i', async (size) => {
    expect(await rootAt(read, size)).toEqual(treeHash(leaves.slice(0, size)))
  })

  test('asks once, for each tile once, and only for tiles that the size has', async () => {
    for (const size of [1, 256, 257, 65_535, 65_536, 66_000]) {
      const asked: (readonly TileId[])[] = []
      const watched = async (tiles: readonly TileId[]) => {
        asked.push(tiles)
        return await read(tiles)
      }
      await inclusionProof(watched, Math.floor(size / 3), size)
      await consistencyProof(watched, Math.ceil(size / 3), size)
      await rootAt(watched, size)
      expect(asked).toHaveLength(3)
      for (const tiles of asked) {
        expect(new Set(tiles.map(tilePath)).size).toBe(tiles.length)
        expect(tiles.length).toBeLessThanOrEqual(6)
        for (const { level, index, width } of tiles) expect(width).toBe(widthAt(level, index, size))
      }
    }
  })

  test('what proofs of a growing tree share changes none of them', async () => {
    const [inner, right] = [new Map<string, Buffer>(), new Map<string, Buffer>()]
    const known: KnownRoots = {
      get: (node) => inner.get(JSON.stringify(node)),
      set: (node, root) => inner.set(JSON.stringify(node), root),
      getEdge: (from, to) => right.get(`${from}-${to}`),
      setEdge: (from, to, root) => right.set(`${from}-${to}`, root),
    }
    for (const size of [...Array.from({ length: 80 }, (_none, grown) => 480 + grown), 65_500, 65_536, 65_800, 66_000]) {
      for (const index of [0, size - 1, size - 2, Math.floor(size / 2), Math.floor(size / 3)]) expect(await inclusionProof(read, index, size, known)).toEqual(await inclusionProof(read, index, size))
    }
    expect(inner.size).toBeGreaterThan(30)
    expect(right.size).toBeGreaterThan(30)
  })

  test('a tile of another width is refused', async () => {
    const short = async (tiles: readonly TileId[]) => (await read(tiles)).map((tile) => tile.subarray(32))
    await expect(rootAt(short, 300)).rejects.toMatchObject({ code: 'invalid-evidence' })
    await expect(rootAt(async () => [], 300)).rejects.toMatchObject({ code: 'invalid-evidence' })
  })

  test('what is not there cannot be proven', async () => {
    await expect(inclusionProof(readerOf([]), 0, 0)).rejects.toThrow(RangeError)
    await expect(inclusionProof(read, 5, 5)).rejects.toThrow(RangeError)
    await expect(inclusionProof(read, -1, 5)).rejects.toThrow(RangeError)
    await expect(consistencyProof(read, 6, 5)).rejects.toThrow(RangeError)
    expect(await rootAt(read, 0)).toEqual(emptyRoot)
  })
})
