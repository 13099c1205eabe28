import { decodeHash, decodeNumber, isCount, isNoteText, malformed } from './encoding.ts'
import { isKeyName } from './keys.ts'
import { emptyRoot } from './tree.ts'

/** The text of a checkpoint (C2SP tlog-checkpoint): which log, how many leaves, and the root over them. */
export interface CheckpointText {
  readonly origin: string
  readonly size: number
  readonly root: Buffer
  /** Lines of which no witness says anything; ours have none. */
  readonly extensions: readonly string[]
}

/** The text to be signed as a note. */
export function formatCheckpoint({ origin, size, root }: { origin: string; size: number; root: Uint8Array }): string {
  if (!isKeyName(origin)) throw new TypeError(`'${origin}' cannot be the origin of a log`)
  if (!isCount(size) || root.length !== 32) throw new RangeError('a checkpoint has a size and a root of 32 bytes')
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
}

/** Reads the text of a note as a checkpoint; the text does not say who signed it. */
export function parseCheckpoint(text: string): CheckpointText {
  const refuse = (why: string) => malformed('The checkpoint', why)
  if (!text.endsWith('\n') || !isNoteText(text)) throw refuse('it is not text of lines')
  const [origin = '', sizeLine = '', rootLine = '', ...extensions] = text.slice(0, -1).split('\n')
  if (origin === '') throw refuse('it does not name its log')
  const size = decodeNumber(sizeLine)
  if (size === undefined) throw refuse('its size is not a number as it must be written')
  const root = decodeHash(rootLine)
  if (root === undefined) throw refuse('its root is not a hash in base64')
  if (size === 0 && !root.equals(emptyRoot)) throw refuse('its root is not the one of the empty tree')
  if (extensions.includes('')) throw refuse('it has an empty line')
  return { origin, size, root, extensions }
}
