import { createCipheriv, createDecipheriv } from 'node:crypto'
import { ProblemError } from '../errors.ts'

/** A place between two datasets in the catalog's order: the page after it, or the page that ends before it. */
export interface Place {
  readonly direction: 'after' | 'before'
  readonly seq: number
}

/** Turns places into opaque tokens and back. */
export interface Cursors {
  encode(place: Place): string
  /** ProblemError('invalid-cursor') when `token` is not one of ours. */
  decode(token: string): Place
}

const directions = ['after', 'before'] as const

/**
 * Tokens are one AES block, because a bare number would tell a partner how many datasets lie between two pages that it
 * may not see. Seven zero bytes inside make a made-up token fail.
 */
export function createCursors(key: Buffer): Cursors {
  return {
    encode: ({ direction, seq }) => {
      const block = Buffer.alloc(16)
      block.writeBigUInt64BE(BigInt(seq), 0)
      block.writeUInt8(directions.indexOf(direction), 8)
      const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
      return Buffer.concat([cipher.update(block), cipher.final()]).toString('base64url')
    },
    decode: (token) => {
      const sealed = Buffer.from(token, 'base64url')
      if (sealed.length !== 16 || sealed.toString('base64url') !== token) throw invalid()
      const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false)
      const block = Buffer.concat([decipher.update(sealed), decipher.final()])
      const direction = directions[block.readUInt8(8)]
      const seq = Number(block.readBigUInt64BE(0))
      if (direction === undefined || !Number.isSafeInteger(seq) || block.subarray(9).some((byte) => byte !== 0)) throw invalid()
      return { direction, seq }
    },
  }
}

function invalid(): ProblemError {
  return new ProblemError('invalid-cursor', 'The page token is not one that this connector gave. Start again from the first page.')
}
