import { createPublicKey, hash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** The kinds of signature of C2SP signed-note that we know, by their byte. */
export const signatureTypes = {
  /** Ed25519 over the text. */
  ed25519: 0x01,
  /** Ed25519 over the text and a time (C2SP tlog-cosignature). */
  cosignature: 0x04,
  /** ML-DSA-44 over a checkpoint and a time (C2SP tlog-cosignature). */
  mldsa: 0x06,
} as const satisfies Record<string, number>

export type SignatureType = (typeof signatureTypes)[keyof typeof signatureTypes]

/** What stands before the raw key in its DER form (RFC 8410, RFC 9881). */
const algorithms = {
  ed25519: { length: 32, prefix: '302a300506032b6570032100' },
  'ml-dsa-44': { length: 1312, prefix: '30820532300b06096086480165030403110382052100' },
} as const satisfies Record<string, { length: number; prefix: string }>

const algorithmOf = (type: SignatureType) => (type === signatureTypes.mldsa ? 'ml-dsa-44' : 'ed25519')

/** How many bytes a key of `type` has. */
export function keyLength(type: SignatureType): number {
  return algorithms[algorithmOf(type)].length
}

/** The raw public key for a signature of `type`; `key` may be private. */
export function rawPublicKey(type: SignatureType, key: KeyObject): Buffer {
  const wanted = algorithmOf(type)
  const found = key.asymmetricKeyType
  if (found !== wanted) throw new TypeError(`signatures of type ${type} need a key of ${wanted}, not of ${found ?? key.type}`)
  const der = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' })
  return der.subarray(-algorithms[wanted].length)
}

/** The key behind its raw bytes; throws what node:crypto throws when they are none. */
export function publicKeyFrom(type: SignatureType, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([Buffer.from(algorithms[algorithmOf(type)].prefix, 'hex'), raw]), format: 'der', type: 'spki' })
}

/** C2SP signed-note: SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]. */
export function keyIdOf(name: string, type: SignatureType, raw: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), raw]), 'buffer').subarray(0, 4)
}

/** C2SP signed-note: a key's name is not empty and has neither Unicode spaces nor '+'. */
export function isKeyName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return name.isWellFormed() && /^[^\p{White_Space}+\u0000-\u001f]+$/u.test(name)
}
