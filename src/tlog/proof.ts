import { parseCheckpoint } from './checkpoint.ts'
import type { CheckpointText } from './checkpoint.ts'
import { decodeBase64, decodeHash, decodeNumber, isCount, malformed } from './encoding.ts'
import { noteLimits, parseNote } from './note.ts'

/** That an entry is in a log (C2SP tlog-proof); nothing of it is verified yet. */
export interface LogProof {
  readonly index: number
  /** RFC 6962 §2.1.1. */
  readonly proof: readonly Buffer[]
  /** The signed note. */
  readonly checkpoint: string
  /** What the checkpoint's text says. */
  readonly tree: CheckpointText
  /** Not covered by any signature. */
  readonly extra: Buffer | undefined
}

/** A tree of 2^63 leaves has no longer proofs (C2SP tlog-witness has the same limit). */
export const maxProof = 63

const header = 'c2sp.org/tlog-proof@v1'
const maxExtra = 64 * 1024

/** A proof in the format of C2SP tlog-proof. */
export function formatProof({ index, proof, checkpoint, extra }: { index: number; proof: readonly Uint8Array[]; checkpoint: string; extra?: Uint8Array }): string {
  if (!isCount(index) || proof.length > maxProof) throw new RangeError('a proof has an index and at most 63 hashes')
  return [
    header,
    ...(extra === undefined || extra.length === 0 ? [] : [`extra ${Buffer.from(extra).toString('base64')}`]),
    `index ${index}`,
    ...proof.map(({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length).toString('base64')),
    '',
    checkpoint,
  ].join('\n')
}

/** Reads a proof; whether it holds is for `openNote` and `verifyInclusion` to say. */
export function parseProof(text: string): LogProof {
  const refuse = (why: string) => malformed('The proof', why)
  if (text.length > noteLimits.bytes + 2 * maxExtra) throw refuse('it is too long')
  const end = text.indexOf('\n\n')
  if (end < 0) throw refuse('it has no checkpoint')
  const [first, ...lines] = text.slice(0, end).split('\n')
  if (first !== header) throw refuse(`it does not begin with ${header}`)
  const extra = lines[0]?.startsWith('extra ') ? parseExtra(lines.shift() ?? '', refuse) : undefined
  const indexLine = lines.shift() ?? ''
  const index = indexLine.startsWith('index ') ? decodeNumber(indexLine.slice(6)) : undefined
  if (index === undefined) throw refuse('its index is not a number as it must be written')
  const proof = parseHashes(lines, refuse)
  const checkpoint = text.slice(end + 2)
  const tree = parseCheckpoint(parseNote(checkpoint).text)
  if (index >= tree.size) throw refuse('its index is beyond its checkpoint')
  return { index, proof, checkpoint, tree, extra }
}

function parseExtra(line: string, refuse: (why: string) => Error): Buffer {
  const extra = decodeBase64(line.slice('extra '.length))
  if (extra === undefined || extra.length === 0 || extra.length > maxExtra) throw refuse('its extra data is not base64, or too long')
  return extra
}

/** One hash a line. */
export function parseHashes(lines: readonly string[], refuse: (why: string) => Error): Buffer[] {
  if (lines.length > maxProof) throw refuse(`it has more than ${maxProof} hashes`)
  return lines.map((line) => {
    const hash = decodeHash(line)
    if (hash === undefined) throw refuse('a line of it is not a hash in base64')
    return hash
  })
}
