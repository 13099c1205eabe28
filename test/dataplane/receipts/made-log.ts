import { generateKeyPairSync } from 'node:crypto'
import { formatCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { signatureTypes } from '../../../src/tlog/keys.ts'
import { ed25519Signer, formatNote, vkeyOf } from '../../../src/tlog/note.ts'
import { formatProof } from '../../../src/tlog/proof.ts'
import { leafHash, nodeHash, treeHash } from '../../../src/tlog/tree.ts'

/** A log that a test makes by hand, to give true and false receipts of it. */
export interface MadeLog {
  readonly origin: string
  readonly vkey: string
  /** Adds entries; gives the place of the last. */
  add(...entries: readonly string[]): number
  /** The receipt for a leaf, as a header carries it. */
  receipt(index: number, change?: { readonly size?: number; readonly text?: (text: string) => string; readonly leaf?: Buffer }): string
}

export function makeLog(origin: string): MadeLog {
  const { privateKey } = generateKeyPairSync('ed25519')
  const signer = ed25519Signer(origin, privateKey)
  const leaves: Buffer[] = []
  return {
    origin,
    vkey: vkeyOf(origin, signatureTypes.ed25519, privateKey),
    add(...entries) {
      leaves.push(...entries.map((entry) => leafHash(Buffer.from(entry))))
      return leaves.length - 1
    },
    receipt(index, { size = leaves.length, text = (same: string) => same, leaf = leaves[index] ?? Buffer.alloc(32) } = {}) {
      const covered = leaves.slice(0, size)
      const checkpoint = formatNote(formatCheckpoint({ origin, size, root: treeHash(covered) }), [signer])
      return Buffer.from(text(formatProof({ index, proof: pathOf(covered, index), checkpoint, extra: leaf }))).toString('base64')
    },
  }
}

// RFC 6962 §2.1.1.
function pathOf(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length <= 1) return []
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - split), rootOf(left)]
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves
  if (first === undefined || leaves.length === 1) return first ?? treeHash([])
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return nodeHash(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)))
}
