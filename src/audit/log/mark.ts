import { hash } from 'node:crypto'

// FIPS 180-4 §1, FIPS 198-1 §4 for SHA-256.
const blockBytes = 64
const digestBytes = 32

// 64 bits are enough: each guess that fails stops the log.
const markBytes = 8

/**
 * Marks texts with the beginning of their HMAC-SHA-256 (FIPS 198-1) under `key`, which has at most 64 bytes. Made of two hashes, each
 * of one call: an object for each text would take four times as long, and every record is marked.
 */
export function createMark(key: Buffer): (text: string) => string {
  if (key.length > blockBytes) throw new Error(`The key of marks has ${key.length} bytes, and may have ${blockBytes}`)
  const padded = (pad: number) => {
    const block = Buffer.alloc(blockBytes, pad)
    for (const [place, byte] of key.entries()) block[place] = byte ^ pad
    return block
  }
  // Written over with each text: they are read before this returns.
  let first = padded(0x36)
  const second = Buffer.concat([padded(0x5c), Buffer.alloc(digestBytes)])
  return (text) => {
    // A UTF-16 code unit comes to three bytes of UTF-8 at most.
    const most = blockBytes + text.length * 3
    if (first.length < most) first = Buffer.concat([first.subarray(0, blockBytes), Buffer.alloc(most)])
    const bytes = first.write(text, blockBytes)
    // As text of Latin-1 a hash is handed over twice as fast as in a buffer of its own.
    second.write(hash('sha256', first.subarray(0, blockBytes + bytes), 'binary'), blockBytes, 'latin1')
    return hash('sha256', second, 'buffer').toString('base64url', 0, markBytes)
  }
}
