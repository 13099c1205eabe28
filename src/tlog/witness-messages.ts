import { parseCheckpoint } from './checkpoint.ts'
import type { CheckpointText } from './checkpoint.ts'
import { decodeNumber, isCount, malformed } from './encoding.ts'
import { noteLimits, parseNote } from './note.ts'
import { maxProof, parseHashes } from './proof.ts'

/** What a witness is asked to cosign (C2SP tlog-witness, `add-checkpoint`); nothing of it is verified yet. */
export interface AddCheckpoint {
  /** What the asker believes the witness to have cosigned last. May be above the checkpoint's size: the witness answers 400 then. */
  readonly oldSize: number
  /** RFC 6962 §2.1.2. */
  readonly proof: readonly Buffer[]
  /** The signed note. */
  readonly checkpoint: string
  /** What the checkpoint's text says. */
  readonly tree: CheckpointText
}

/** Longer bodies need not be read: sixteen signatures of any kind, which C2SP signed-note asks for, have room. */
export const maxAddCheckpoint = noteLimits.bytes + 4096

/** The body of `add-checkpoint`. */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: { oldSize: number; proof: readonly Uint8Array[]; checkpoint: string }): string {
  if (!isCount(oldSize) || proof.length > maxProof) throw new RangeError('a request to a witness has a size and at most 63 hashes')
  return [`old ${oldSize}`, ...proof.map((hash) => Buffer.from(hash).toString('base64')), '', checkpoint].join('\n')
}

/** Reads the body of `add-checkpoint`. */
export function parseAddCheckpoint(text: string): AddCheckpoint {
  const refuse = (why: string) => malformed('The request to cosign', why)
  if (text.length > maxAddCheckpoint) throw refuse('it is too long')
  const end = text.indexOf('\n\n')
  if (end < 0) throw refuse('it has no checkpoint')
  const [first = '', ...lines] = text.slice(0, end).split('\n')
  const oldSize = first.startsWith('old ') ? decodeNumber(first.slice(4)) : undefined
  if (oldSize === undefined) throw refuse('its old size is not a number as it must be written')
  const proof = parseHashes(lines, refuse)
  const checkpoint = text.slice(end + 2)
  return { oldSize, proof, checkpoint, tree: parseCheckpoint(parseNote(checkpoint).text) }
}
