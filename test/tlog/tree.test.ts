import { describe, expect, test } from 'vitest'
import fc from 'fast-check'

import { consistencyProof, inclusionProof, rootAt } from '../../src/tlog/tiles.ts'
import { emptyRoot, leafHash, leafHashOfText, nodeHash, treeHash, verifyConsistency, verifyInclusion } from '../../src/tlog/tree.ts'
import { leavesOf, readerOf } from './memory-tiles.ts'

const bytes = (hex: string) => Buffer.from(hex, 'hex')

/** The entries of the reference tree of Certificate Transparency, and the roots of its beginnings. */
const entries = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(bytes)
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
].map(bytes)
const leaves = entries.map(leafHash)

describe('the reference tree', () => {
  test('has the known roots', () => {
    expect(roots.map((_, size) => treeHash(leaves.slice(0, size)))).toEqual(roots)
    expect(emptyRoot).toEqual(roots[0])
  })

  test.each([
    [0, 1, []],
    [0, 8, ['96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4']],
    [5, 8, ['bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7']],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
    [1, 5, ['6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b']],
  ])('has the known proof that entry %i is among %i', async (index, size, hashes) => {
    const proof = hashes.map(bytes)
    expect(await inclusionProof(readerOf(leaves.slice(0, size)), index, size)).toEqual(proof)
    expect(verifyInclusion({ leaf: leaves[index] ?? emptyRoot, index, size, proof, root: roots[size] ?? emptyRoot })).toBe(true)
  })

  test.each([
    [1, 1, []],
    [1, 8, ['96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4']],
    [6, 8, ['0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7']],
    [2, 5, ['5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b']],
  ])('has the known proof that %i are the beginning of %i', async (oldSize, size, hashes) => {
    const proof = hashes.map(bytes)
    expect(await consistencyProof(readerOf(leaves.slice(0, size)), oldSize, size)).toEqual(proof)
    expect(verifyConsistency({ oldSize, oldRoot: roots[oldSize] ?? emptyRoot, size, root: roots[size] ?? emptyRoot, proof })).toBe(true)
  })
})

describe('any tree', () => {
  const most = 700
  const all = leavesOf(most)
  const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 250, max: 260 }), fc.integer({ min: 1, max: most }))
  const tree = size.chain((count) => fc.record({ size: fc.constant(count), index: fc.nat({ max: count - 1 }), oldSize: fc.nat({ max: count }) }))
  const rootOf = (count: number) => treeHash(all.slice(0, count))

  test('proves every entry, and nothing else', () => {
    for (let count = 1; count <= 40; count += 1) {
      const proofs = all.slice(0, count).map((_, index) => proofByDefinition(all.slice(0, count), index))
      const root = rootOf(count)
      for (const [index, proof] of proofs.entries()) {
        for (let claimed = 0; claimed < count + 2; claimed += 1) {
          expect(verifyInclusion({ leaf: all[index] ?? emptyRoot, index: claimed, size: count, proof, root })).toBe(claimed === index)
        }
      }
    }
  })

  test('gives the same proofs from tiles as RFC 6962 defines them', () => fc.assert(fc.asyncProperty(tree, async ({ size: count, index }) => {
    const proof = await inclusionProof(readerOf(all.slice(0, count)), index, count)
    expect(proof).toEqual(proofByDefinition(all.slice(0, count), index))
    expect(verifyInclusion({ leaf: all[index] ?? emptyRoot, index, size: count, proof, root: rootOf(count) })).toBe(true)
  }), { numRuns: 60 }))

  test('a change of any byte of leaf, proof or root, and of the proof\'s length, is found', () => fc.assert(fc.asyncProperty(tree, fc.nat(), fc.integer({ min: 1, max: 255 }), async ({ size: count, index }, place, mask) => {
    const proof = await inclusionProof(readerOf(all.slice(0, count)), index, count)
    const claim = { leaf: all[index] ?? emptyRoot, index, size: count, proof, root: rootOf(count) }
    const parts = [claim.leaf, claim.root, ...proof].map((part) => Buffer.from(part))
    const changed = parts[place % parts.length]
    if (changed !== undefined) changed[place % 32] = (changed[place % 32] ?? 0) ^ mask
    const [leaf = emptyRoot, root = emptyRoot, ...rest] = parts
    expect(verifyInclusion({ ...claim, leaf, root, proof: rest })).toBe(false)
    expect(verifyInclusion({ ...claim, proof: [...proof, emptyRoot] })).toBe(false)
    expect(verifyInclusion({ ...claim, proof: [emptyRoot, ...proof] })).toBe(false)
    expect(verifyInclusion({ ...claim, proof: [Buffer.concat([...proof.slice(0, 1), emptyRoot]), ...proof.slice(1)] })).toBe(false)
    if (proof.length > 0) expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false)
    for (const wrong of [index - 1, index + 1, -1, index + 0.5, Number.NaN, count]) expect(verifyInclusion({ ...claim, index: wrong })).toBe(false)
  }), { numRuns: 100 }))

  test('any two sizes are consistent, and a change is found', () => fc.assert(fc.asyncProperty(tree, fc.nat(), fc.integer({ min: 1, max: 255 }), async ({ size: count, oldSize }, place, mask) => {
    const proof = await consistencyProof(readerOf(all.slice(0, count)), oldSize, count)
    const claim = { oldSize, oldRoot: rootOf(oldSize), size: count, root: rootOf(count), proof }
    expect(verifyConsistency(claim)).toBe(true)
    expect(verifyConsistency({ ...claim, proof: [...proof, emptyRoot] })).toBe(false)
    if (proof.length > 0) expect(verifyConsistency({ ...claim, proof: proof.slice(0, -1) })).toBe(false)
    const parts = [claim.oldRoot, claim.root, ...proof].map((part) => Buffer.from(part))
    const part = place % parts.length
    const changed = parts[part]
    if (changed !== undefined) changed[place % 32] = (changed[place % 32] ?? 0) ^ mask
    const [oldRoot = emptyRoot, root = emptyRoot, ...rest] = parts
    // From the empty tree, every tree follows: there is nothing that its root could contradict.
    if (oldSize > 0 || part !== 1) expect(verifyConsistency({ ...claim, oldRoot, root, proof: rest })).toBe(false)
    for (const wrong of [oldSize - 1, oldSize + 1, count + 1, 0.5]) expect(verifyConsistency({ ...claim, oldSize: wrong })).toBe(false)
  }), { numRuns: 150 }))

  test('another history is not a beginning', async () => {
    const forked = [...all.slice(0, 299), leafHash(Buffer.from('another')), ...all.slice(300, 600)]
    const proof = await consistencyProof(readerOf(forked), 300, 600)
    expect(verifyConsistency({ oldSize: 300, oldRoot: rootOf(300), size: 600, root: treeHash(forked), proof })).toBe(false)
  })

  test('sizes beyond 32 bits are counted as they are', async () => {
    // A tree of 2^40 + 1 leaves which are all the same: its subtrees are known without it.
    const leaf = leafHash(Buffer.from('x'))
    const heights = Array.from({ length: 41 }).reduce<Buffer[]>((nodes, _, height) => [...nodes, height === 0 ? leaf : nodeHash(nodes[height - 1] ?? leaf, nodes[height - 1] ?? leaf)], [])
    const read = async (tiles: readonly { level: number; width: number }[]) => tiles.map(({ level, width }) => Buffer.concat(Array.from({ length: width }, () => heights[level * 8] ?? leaf)))
    const size = 2 ** 40 + 1
    const root = nodeHash(heights[40] ?? leaf, leaf)
    expect(await rootAt(read, size)).toEqual(root)
    for (const index of [0, 2 ** 32 + 5, 2 ** 40 - 1, 2 ** 40]) expect(verifyInclusion({ leaf, index, size, root, proof: await inclusionProof(read, index, size) })).toBe(true)
    for (const oldSize of [1, 2 ** 33, 2 ** 33 + 7, 2 ** 40]) {
      expect(verifyConsistency({ oldSize, oldRoot: await rootAt(read, oldSize), size, root, proof: await consistencyProof(read, oldSize, size) })).toBe(true)
      expect(verifyConsistency({ oldSize: oldSize + 1, oldRoot: await rootAt(read, oldSize), size, root, proof: await consistencyProof(read, oldSize, size) })).toBe(false)
    }
  })
})

/** RFC 6962 §2.1.1, PATH as it is written there. */
function proofByDefinition(hashes: readonly Buffer[], index: number): Buffer[] {
  if (hashes.length === 1) return []
  let middle = 1
  while (middle * 2 < hashes.length) middle *= 2
  const [left, right] = [hashes.slice(0, middle), hashes.slice(middle)]
  return index < middle ? [...proofByDefinition(left, index), treeHash(right)] : [...proofByDefinition(right, index - middle), treeHash(left)]
}

test('an entry that is text has the hash of its bytes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('', '\u0000', '{"name":"Núria 😀"}', '\ud800')), (text) => {
      expect(leafHashOfText(text)).toEqual(leafHash(Buffer.from(text)))
    }),
  )
})
