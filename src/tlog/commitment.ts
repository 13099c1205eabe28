import { hash } from 'node:crypto'
import type { JsonValue } from '../policy/odrl.ts'
import { canonicalJson } from './canonical.ts'

/** What stands in a record instead of a value that can be erased: base64url SHA-256 of the salt and the value's canonical JSON (RFC 8785). */
export interface Commitment {
  readonly committed: string
}

/** What a commitment was made of. Without it nobody can tell the value, not even by trying. */
export interface Opening {
  /** Base64url of 32 random bytes. */
  readonly salt: string
  readonly value: JsonValue
}

const saltBytes = 32
const saltText = /^[A-Za-z0-9_-]{43}$/
// The last character of 32 bytes has two bits to spare: only one way of writing a salt counts.
const writtenSalt = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/** The commitment to `value` under `salt`, 32 random bytes that are used once. */
export function commitTo(value: JsonValue, salt: Buffer): Commitment {
  const text = canonicalJson(value)
  if (text === undefined) throw new Error('Only a JSON value can be committed to')
  return commitToText(text, salt)
}

/** As `commitTo`, to a value whose canonical JSON is `text`. */
export function commitToText(text: string, salt: Buffer): Commitment {
  if (salt.length !== saltBytes) throw new Error(`A salt has ${saltBytes} bytes, not ${salt.length}`)
  const input = Buffer.allocUnsafe(saltBytes + Buffer.byteLength(text))
  input.set(salt)
  input.write(text, saltBytes)
  return { committed: hash('sha256', input, 'base64url') }
}

/** Whether `opening` is what `committed` was made of. A salt of another length is none: salt and value could run into each other. */
export function checkOpening(committed: string, { salt, value }: Opening): boolean {
  return writtenSalt.test(salt) && commitTo(value, Buffer.from(salt, 'base64url')).committed === committed
}

/** As `checkOpening`, of a value whose canonical JSON is `text`. */
export function checkOpeningText(committed: string, salt: string, text: string): boolean {
  if (!writtenSalt.test(salt)) return false
  const input = Buffer.allocUnsafe(saltBytes + Buffer.byteLength(text))
  input.write(salt, 'base64url')
  input.write(text, saltBytes)
  return hash('sha256', input, 'base64url') === committed
}

/** Whether a value of a record is a commitment. */
export function isCommitment(value: JsonValue | undefined): value is { readonly committed: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const [name, ...others] = Object.keys(value)
  if (name !== 'committed' || others.length > 0) return false
  const [committed]: readonly unknown[] = Object.values(value)
  return typeof committed === 'string' && saltText.test(committed)
}
