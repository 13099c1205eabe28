import { hash } from 'node:crypto'

import { isCount } from './encoding.ts'

/** The root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const emptyRoot: Buffer = sha256(Buffer.alloc(0))

/** The hash of an entry as a leaf: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(entry.length + 1)
  input[0] = 0
  input.set(entry, 1)
  return sha256(input)
}

/** As `leafHash`, of an entry that is text: it needs not be put into bytes first. */
export function leafHashOfText(entry: string): Buffer {
  // U+0000 is the byte 0x00.
  return Buffer.from(hash('sha256', `\u0000${entry}`, 'binary'), 'latin1')
}

/** The hash of two subtrees: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(65)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 33)
  return sha256(input)
}

/** The root over `leafHashes` (RFC 6962 §2.1, MTH). */
export function treeHash(leafHashes: readonly Buffer[]): Buffer {
  // Pairing from the left level by level, an odd last one going up as it is, gives the same tree as splitting at powers of two.
  let level = leafHashes
  while (level.length > 1) {
    const above: Buffer[] = []
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = level.slice(index, index + 2)
      if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right))
    }
    level = above
  }
  return level[0] ?? emptyRoot
}

/** Whether `proof` (RFC 6962 §2.1.1) shows that the leaf with the hash `leaf` is number `index` in the tree of `size` leaves with this root. */
export function verifyInclusion({ leaf, index, size, proof, root }: { leaf: Uint8Array; index: number; size: number; proof: readonly Uint8Array[]; root: Uint8Array }): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || ![leaf, root, ...proof].every(isHash)) return false
  const steps = stepsOf(index, size - 1, proof)
  if (steps === undefined) return false
  const node = steps.reduce((below, { sibling, left }) => (left ? nodeHash(sibling, below) : nodeHash(below, sibling)), leaf)
  return same(node, root)
}

/** Whether `proof` (RFC 6962 §2.1.2) shows that the tree of `oldSize` leaves is the beginning of the one of `size` leaves. */
export function verifyConsistency({ oldSize, oldRoot, size, root, proof }: Continuation): boolean {
  if (!isCount(oldSize) || !isCount(size) || oldSize > size || ![oldRoot, root, ...proof].every(isHash)) return false
  if (oldSize === 0 || oldSize === size) return proof.length === 0 && same(oldRoot, oldSize === 0 ? emptyRoot : root) && (size > 0 || same(root, emptyRoot))
  return continues({ oldSize, oldRoot, size, root, proof })
}

interface Continuation {
  readonly oldSize: number
  readonly oldRoot: Uint8Array
  readonly size: number
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

function continues({ oldSize, oldRoot, size, root, proof }: Continuation): boolean {
  // The widest whole subtree at the end of the old tree is where the way begins.
  const width = 2 ** trailingZeroes(oldSize)
  const place = oldSize / width - 1
  const last = Math.ceil(size / width) - 1
  // A whole old tree is a node of the new one: the proof need not repeat it.
  const [first, ...rest] = place === 0 ? [oldRoot, ...proof] : proof
  if (first === undefined) return false
  const steps = stepsOf(place, last, rest)
  if (steps === undefined) return false
  // What lies right of the old tree is in the new one alone.
  const before = steps.filter(({ left }) => left).reduce((below, { sibling }) => nodeHash(sibling, below), first)
  const after = steps.reduce((below, { sibling, left }) => (left ? nodeHash(sibling, below) : nodeHash(below, sibling)), first)
  return same(before, oldRoot) && same(after, root)
}

/** On which side each of `siblings` stands on the way up from node `place`, where `last` is the last node of that height; undefined when the way is not as long. */
function stepsOf(place: number, last: number, siblings: readonly Uint8Array[]): { sibling: Uint8Array; left: boolean }[] | undefined {
  const steps: { sibling: Uint8Array; left: boolean }[] = []
  let [at, end] = [place, last]
  for (const sibling of siblings) {
    if (end === 0) return undefined
    const left = isOdd(at) || at === end
    steps.push({ sibling, left })
    // A node without a right neighbour goes up as it is until it has a left one.
    const skipped = left && at !== 0 ? trailingZeroes(at) : 0
    at = Math.floor(at / 2 ** (skipped + 1))
    end = Math.floor(end / 2 ** (skipped + 1))
  }
  return end === 0 ? steps : undefined
}

/** As text of Latin-1 a hash is handed over twice as fast as in a buffer of its own. */
function sha256(input: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', input, 'binary'), 'latin1')
}

// Sizes may be beyond 32 bits, where bit operators would cut them.
const isOdd = (value: number) => value % 2 === 1
const trailingZeroes = (value: number): number => (isOdd(value) ? 0 : 1 + trailingZeroes(value / 2))
const isHash = (bytes: Uint8Array) => bytes.length === 32
const same = (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) === 0
