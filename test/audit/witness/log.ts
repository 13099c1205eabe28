import { createHash, generateKeyPairSync } from 'node:crypto'
import { formatCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { ed25519Signer, formatNote, vkeyOf } from '../../../src/tlog/note.ts'
import { consistencyProof } from '../../../src/tlog/tiles.ts'
import type { TileId } from '../../../src/tlog/tiles.ts'
import { leafHash, treeHash } from '../../../src/tlog/tree.ts'
import { formatAddCheckpoint } from '../../../src/tlog/witness-messages.ts'

/** A log of somebody else whose every signature a test chooses: its leaves are texts. */
export interface ForeignLog {
  readonly origin: string
  readonly vkey: string
  readonly x: string
  checkpoint(leaves: readonly string[]): string
  /** The body of `add-checkpoint` for the first `size` of `leaves`. */
  request(leaves: readonly string[], oldSize: number, size?: number): Promise<string>
}

export function foreignLog(origin: string): ForeignLog {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const signer = ed25519Signer(origin, privateKey)
  const checkpoint = (leaves: readonly string[]) => formatNote(formatCheckpoint({ origin, size: leaves.length, root: treeHash(hashes(leaves)) }), [signer])
  return {
    origin,
    vkey: vkeyOf(origin, 1, publicKey),
    x: String(publicKey.export({ format: 'jwk' }).x),
    checkpoint,
    request: async (leaves, oldSize, size = leaves.length) => {
      const shown = leaves.slice(0, size)
      const proof = oldSize > size ? [] : await consistencyProof(async (tiles) => tiles.map((tile) => tileOf(shown, tile)), oldSize, size)
      return formatAddCheckpoint({ oldSize, proof, checkpoint: checkpoint(shown) })
    },
  }
}

/** `count` leaves; those of another `branch` differ from `from` on. */
export function leavesOf(count: number, branch = '', from = 0): string[] {
  return Array.from({ length: count }, (_, place) => (place < from ? `leaf ${place}` : `leaf ${place}${branch}`))
}

export function rootOf(leaves: readonly string[]): Buffer {
  return treeHash(hashes(leaves))
}

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hashes(leaves: readonly string[]): Buffer[] {
  return leaves.map((leaf) => leafHash(Buffer.from(leaf)))
}

function tileOf(leaves: readonly string[], { level, index, width }: TileId): Buffer {
  const span = 256 ** level
  return Buffer.concat(Array.from({ length: width }, (_, place) => rootOf(leaves.slice((index * 256 + place) * span, (index * 256 + place + 1) * span))))
}
