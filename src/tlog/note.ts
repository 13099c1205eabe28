import { sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import { verifyCosignature } from './cosignature.ts'
import { decodeBase64, isNoteText, malformed } from './encoding.ts'
import { isKeyName, keyIdOf, keyLength, publicKeyFrom, rawPublicKey, signatureTypes } from './keys.ts'
import type { SignatureType } from './keys.ts'

/** Who can sign notes. */
export interface Signer {
  readonly name: string
  readonly keyId: Buffer
  /** What follows the key's id in the signature. */
  sign(text: string): Buffer
}

/** Whose signatures on notes can be verified. */
export interface Verifier {
  readonly name: string
  readonly keyId: Buffer
  readonly type: SignatureType
  readonly vkey: string
  readonly publicKey: KeyObject
  /** `signature` is what follows the key's id. */
  verify(text: string, signature: Uint8Array): boolean
}

/** One signature line; nothing of it is verified. */
export interface SignatureLine {
  readonly name: string
  readonly keyId: Buffer
  /** What follows the key's id. */
  readonly signature: Buffer
  /** The line itself, without its newline. */
  readonly line: string
}

/** Notes are read up to here: C2SP signed-note asks for a limit, and for 16 signatures at least. */
export const noteLimits = { bytes: 256 * 1024, signatures: 100 } as const satisfies Record<string, number>

/** The key as C2SP signed-note writes it: `name+id+base64(type ‖ key)`. A private key gives its public one. */
export function vkeyOf(name: string, type: SignatureType, publicKey: KeyObject | Uint8Array): string {
  if (!isKeyName(name)) throw new TypeError(`'${name}' cannot be the name of a key`)
  const raw = 'BYTES_PER_ELEMENT' in publicKey ? publicKey : rawPublicKey(type, publicKey)
  if (raw.length !== keyLength(type)) throw new RangeError(`a key of type ${type} has ${keyLength(type)} bytes, not ${raw.length}`)
  return `${name}+${keyIdOf(name, type, raw).toString('hex')}+${Buffer.concat([Buffer.of(type), raw]).toString('base64')}`
}

/** Reads a key in the form of {@link vkeyOf}. */
export function parseVkey(vkey: string): Verifier {
  const refuse = (why: string) => malformed('The key', why)
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(vkey)
  const [, name = '', id = '', encoded = ''] = match ?? []
  const bytes = decodeBase64(encoded)
  if (!isKeyName(name) || bytes === undefined) throw refuse('it is not written as name+id+key')
  const type = Object.values(signatureTypes).find((known) => known === bytes[0])
  const raw = bytes.subarray(1)
  if (type === undefined || raw.length !== keyLength(type)) throw refuse('it is not a key of Ed25519 or ML-DSA-44')
  const keyId = keyIdOf(name, type, raw)
  if (keyId.toString('hex') !== id) throw refuse('its id is not the one of this name and key')
  const publicKey = publicKeyFrom(type, raw)
  return {
    name,
    keyId,
    type,
    vkey,
    publicKey,
    verify(text, signature) {
      if (type !== signatureTypes.ed25519) return verifyCosignature({ type, name, key: publicKey }, text, signature)
      return signature.length === 64 && verify(null, Buffer.from(text), publicKey, signature)
    },
  }
}

/** Signs notes with Ed25519 (type 0x01). */
export function ed25519Signer(name: string, key: KeyObject): Signer {
  if (!isKeyName(name)) throw new TypeError(`'${name}' cannot be the name of a key`)
  const keyId = keyIdOf(name, signatureTypes.ed25519, rawPublicKey(signatureTypes.ed25519, key))
  return { name, keyId, sign: (text) => sign(null, Buffer.from(text), key) }
}

/** The line that `signer` puts below `text`, with its newline. */
export function signatureLine(text: string, signer: Signer): string {
  return `— ${signer.name} ${Buffer.concat([signer.keyId, signer.sign(text)]).toString('base64')}\n`
}

/** `text`, which ends in a newline, with a signature of each signer. */
export function formatNote(text: string, signers: readonly Signer[]): string {
  if (!text.endsWith('\n') || !isNoteText(text)) throw new TypeError('the text of a note ends in a newline and has no other control characters')
  if (signers.length === 0) throw new TypeError('a note is signed')
  return `${text}\n${signers.map((signer) => signatureLine(text, signer)).join('')}`
}

/** Takes a note apart and verifies NOTHING; see {@link openNote}. */
export function parseNote(note: string): { text: string; lines: SignatureLine[] } {
  const refuse = (why: string) => malformed('The signed note', why)
  if (note.length > noteLimits.bytes) throw refuse(`it is longer than ${noteLimits.bytes} bytes`)
  if (!note.endsWith('\n') || !isNoteText(note)) throw refuse('it is not text of lines')
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || end + 2 === note.length) throw refuse('it has no signatures')
  return { text: note.slice(0, end + 1), lines: parseSignatureLines(note.slice(end + 2)) }
}

/** Takes lines of signatures apart, as a witness answers with (C2SP tlog-witness); nothing of them is verified. */
export function parseSignatureLines(text: string): SignatureLine[] {
  const refuse = (why: string) => malformed('The signed note', why)
  if (text.length > noteLimits.bytes || !text.endsWith('\n')) throw refuse('its signatures are not lines')
  const raw = text.slice(0, -1).split('\n')
  if (raw.length > noteLimits.signatures) throw refuse(`it has more than ${noteLimits.signatures} signatures`)
  return raw.map((line): SignatureLine => {
    const [dash, name = '', encoded = '', ...more] = line.split(' ')
    const bytes = decodeBase64(encoded)
    if (dash !== '—' || !isKeyName(name) || bytes === undefined || bytes.length < 5 || more.length > 0) throw refuse('a signature line is not as it must be')
    return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4), line }
  })
}

/**
 * Opens a note that at least one of `verifiers` has signed; `signedBy` are those that have, once each, and `text` is theirs.
 * C2SP signed-note: signatures of unknown keys are ignored, a wrong one of a known key spoils the note, and so does the lack of any.
 */
export function openNote(note: string, verifiers: readonly Verifier[]): { text: string; signedBy: Verifier[]; lines: SignatureLine[] } {
  const { text, lines } = parseNote(note)
  const signedBy: Verifier[] = []
  for (const { name, keyId, signature } of lines) {
    const known = verifiers.filter((verifier) => verifier.name === name && verifier.keyId.equals(keyId))
    // Keys whose ids collide cannot be told apart by the line: any of them may have signed.
    const signer = known.find((verifier) => verifier.verify(text, signature))
    if (known.length > 0 && signer === undefined) throw malformed('The signed note', `the signature of ${name} does not fit it`)
    if (signer !== undefined && !signedBy.includes(signer)) signedBy.push(signer)
  }
  if (signedBy.length === 0) throw malformed('The signed note', 'none of the keys that count has signed it')
  return { text, signedBy, lines }
}
