import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { IncomingMessage } from 'node:http'

/** The SHA-256 of a digest field (RFC 9530), in hexadecimal. */
export function sha256In(field: string | undefined): string | undefined {
  const [, base64] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/i.exec(field ?? '') ?? []
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex')
}

/** A digest field of an answer, or of the trailers that followed its body. */
export function digestOf(answer: IncomingMessage, name: 'content-digest' | 'repr-digest'): string | undefined {
  const value = answer.headers[name] ?? answer.trailers[name]
  return sha256In(Array.isArray(value) ? value.join(',') : value)
}

/** The file name of a Content-Disposition field (RFC 6266), without anything that would lead out of the folder. */
export function fileNameIn(field: string | undefined): string | undefined {
  const [, encoded] = /filename\*\s*=\s*UTF-8'[^']*'([^;\s]+)/i.exec(field ?? '') ?? []
  const [, quoted, bare] = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(field ?? '') ?? []
  const name = encoded === undefined ? (quoted?.replace(/\\(.)/g, '$1') ?? bare) : decoded(encoded)
  const safe = name
    ?.split(/[/\\]/)
    .at(-1)
    ?.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069<>:"|?*]/gu, '_')
    .replace(/^\.+/, '')
    .slice(0, 200)
  return safe === undefined || safe === '' ? undefined : safe
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** A running SHA-256 over the first `bytes` of a file. */
export async function hashOf(file: string, bytes: number): Promise<Hash> {
  const hash = createHash('sha256')
  if (bytes > 0) await pipeline(createReadStream(file, { end: bytes - 1 }), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) hash.update(chunk)
  })
  return hash
}
