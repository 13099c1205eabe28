import { sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import { parseCheckpoint } from './checkpoint.ts'
import { malformed } from './encoding.ts'
import { isKeyName, keyIdOf, rawPublicKey, signatureTypes } from './keys.ts'
import type { SignatureType } from './keys.ts'
import type { Signer } from './note.ts'

/** Signs checkpoints as a witness with Ed25519 (C2SP tlog-cosignature, type 0x04). */
export function ed25519Cosigner(name: string, key: KeyObject, clock: () => Date): Signer {
  return cosigner({ name, key, clock }, signatureTypes.cosignature)
}

/** Signs checkpoints with ML-DSA-44 (C2SP tlog-cosignature, type 0x06), as a witness or as the log itself. */
export function mldsaCosigner(name: string, key: KeyObject, clock: () => Date): Signer {
  return cosigner({ name, key, clock }, signatureTypes.mldsa)
}

/** When a cosignature says that it was made, in seconds since 1970. */
export function cosignatureTime(signature: Uint8Array): number {
  if (signature.length < 8) throw malformed('The cosignature', 'it is too short')
  const time = Buffer.from(signature).readBigUInt64BE()
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed('The cosignature', 'its time is out of range')
  return Number(time)
}

/** Whether `signature` (without the key's id) is the one of `name` over the checkpoint `text`. */
export function verifyCosignature({ type, name, key }: { type: SignatureType; name: string; key: KeyObject }, text: string, signature: Uint8Array): boolean {
  if (signature.length !== 8 + (type === signatureTypes.mldsa ? 2420 : 64)) return false
  let message: Buffer
  try {
    message = messageOf(type, { name, text, time: cosignatureTime(signature) })
  } catch {
    // What no cosigner can have signed carries no cosignature.
    return false
  }
  return verify(null, message, key, signature.subarray(8))
}

interface Cosigner {
  readonly name: string
  readonly key: KeyObject
  readonly clock: () => Date
}

function cosigner({ name, key, clock }: Cosigner, type: SignatureType): Signer {
  if (!isKeyName(name)) throw new TypeError(`'${name}' cannot be the name of a key`)
  return {
    name,
    keyId: keyIdOf(name, type, rawPublicKey(type, key)),
    sign(text) {
      const time = Math.floor(clock().getTime() / 1000)
      const stamp = Buffer.alloc(8)
      stamp.writeBigUInt64BE(BigInt(time))
      return Buffer.concat([stamp, sign(null, messageOf(type, { name, text, time }), key)])
    },
  }
}

function messageOf(type: SignatureType, { name, text, time }: { name: string; text: string; time: number }): Buffer {
  const { origin, size, root, extensions } = parseCheckpoint(text)
  if (type === signatureTypes.cosignature) return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)
  // Extension lines are not in the signed structure, so anyone could add some.
  if (extensions.length > 0) throw malformed('The checkpoint', 'it has lines that a signature of ML-DSA-44 does not cover')
  const [start, end, timestamp] = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(8)]
  end.writeBigUInt64BE(BigInt(size))
  timestamp.writeBigUInt64BE(BigInt(time))
  return Buffer.concat([Buffer.from('subtree/v1\n\0'), shortText(name), timestamp, shortText(origin), start, end, root])
}

/** RFC 8446 §3.4: `opaque <1..2^8-1>`. */
function shortText(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length < 1 || bytes.length > 255) throw malformed('The cosignature', 'a name in it is longer than 255 bytes')
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}
