import { hash, randomInt } from 'node:crypto'

/** Marks what is written, so that it is known for ours, once. */
export interface Marks {
  /** The mark of a text that is written; no two are alike, whatever the texts. */
  readonly make: (text: string) => string
  /** Whether `mark` was made of `text` with this key. */
  readonly fits: (text: string, mark: string | null) => boolean
}

// FIPS 180-4 §1, FIPS 198-1 §4 for SHA-256.
const blockBytes = 64
const digestBytes = 32

// 64 bits are enough: each guess that fails stops the log.
const markBytes = 8

// Tells apart what was written in the same millisecond, so that a copy of an entry is known for one.
const countBytes = 3
const countLength = 4
const counts = 2 ** (countBytes * 8)

/**
 * A mark is a count, and the beginning of the HMAC-SHA-256 (FIPS 198-1) of it and the text under `key`, which has at most 64 bytes;
 * both base64url. Where a process begins to count is left to chance: others with the same key write at the same time.
 */
export function createMarks(key: Buffer): Marks {
  const hmac = createHmacText(key)
  const bytes = Buffer.alloc(countBytes)
  let count = randomInt(counts)
  return {
    make: (text) => {
      count = (count + 1) % counts
      bytes.writeUIntBE(count, 0, countBytes)
      const counted = bytes.toString('base64url')
      return counted + hmac(counted + text)
    },
    fits: (text, mark) => {
      const counted = mark?.slice(0, countLength) ?? ''
      return mark !== null && mark === counted + hmac(counted + text)
    },
  }
}

/** Made of two hashes, each of one call: an object for each text would take four times as long, and every record is marked. */
function createHmacText(key: Buffer): (text: string) => string {
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
