import { ProblemError } from '../errors.ts'

/** Trees are numbered with safe integers; nothing of ours comes near. */
export const maxSize = Number.MAX_SAFE_INTEGER

/** What the formats of C2SP have in common: a refusal of what is not exactly as it must be. */
export function malformed(what: string, why: string): ProblemError {
  return new ProblemError('invalid-evidence', `${what} cannot be used: ${why}. Ask for it again where it came from.`)
}

/** RFC 4648 §4, in the one form that encoding gives: with padding, without line breaks or stray bits. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** One SHA-256 hash in base64. */
export function decodeHash(text: string): Buffer | undefined {
  if (text.length !== 44) return undefined
  const bytes = decodeBase64(text)
  return bytes?.length === 32 ? bytes : undefined
}

/** A number as C2SP tlog-checkpoint writes it: ASCII digits, no leading zeroes; undefined when it is not, or beyond what we count. */
export function decodeNumber(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return value <= maxSize ? value : undefined
}

/** Whether `value` can be the number of a leaf or of leaves. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** C2SP signed-note: control characters but the newline are forbidden, and text is UTF-8. */
export function isNoteText(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text)
}
