import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

/** SHA-256 of an open file, hex, read by stream; the handle stays open. */
export async function digestOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of handle.createReadStream({ start: 0, highWaterMark: 1024 * 1024, autoClose: false })) hash.update(chunk)
  return hash.digest('hex')
}

/** The value of a `Content-Digest` or `Repr-Digest` field (RFC 9530) for a SHA-256 in hex. */
export function digestField(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
}

/** The SHA-256 of such a field, hex; undefined when it has none. */
export function readDigestField(field: string | undefined): string | undefined {
  const base64 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(field ?? '')?.[1]
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex')
}
