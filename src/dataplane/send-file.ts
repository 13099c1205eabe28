import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ProblemError } from '../errors.ts'
import { digestField } from './file-digest.ts'
import type { ByteRange } from './range.ts'
import { isNotModified, wantedRange } from './range.ts'
import type { Outcome } from './releases.ts'
import type { Representation } from './representations.ts'

/** What is going to be sent of a file. */
export interface FileAnswer {
  readonly file: Representation
  readonly status: 200 | 206 | 304
  readonly range: ByteRange
  readonly body: boolean
}

/** Decides what the request gets of the file, by its conditions and range. */
export function prepareFile(request: IncomingMessage, response: ServerResponse, file: Representation): FileAnswer {
  const etag = etagOf(file)
  const whole = { start: 0, end: file.bytes - 1 }
  if (isNotModified(request, etag)) return { file, status: 304, range: whole, body: false }
  const range = request.method === 'GET' ? wantedRange(request, file.bytes, etag) : undefined
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${file.bytes}`)
    throw new ProblemError('range-not-satisfiable', `The file has ${file.bytes} bytes.`)
  }
  const body = request.method === 'GET' && file.bytes > 0
  return range === undefined ? { file, status: 200, range: whole, body } : { file, status: 206, range, body }
}

/** Sends it, and tells how it ended. */
export async function sendFile(response: ServerResponse, answer: FileAnswer): Promise<Outcome> {
  const { file, status, range } = answer
  setHeaders(response, answer)
  if (!answer.body) {
    response.end()
    return { bytes: 0, complete: true, status }
  }
  // The digest of the whole is known; only a part has to be hashed.
  const hash = status === 206 ? createHash('sha256') : undefined
  const source = file.handle.createReadStream({ start: range.start, end: range.end, highWaterMark: 512 * 1024, autoClose: false })
  const complete = await sendStream(response, source, hash === undefined ? undefined : (chunk) => hash.update(chunk))
  const bytes = complete ? range.end - range.start + 1 : Math.max(0, source.bytesRead - source.readableLength - response.writableLength)
  if (!complete) return { bytes, complete, status }
  return { bytes, complete, status, sha256: hash?.digest('hex') ?? file.sha256, ...(status === 200 && file.rows !== undefined ? { rows: file.rows } : {}) }
}

/** Sends a stream; false when it did not get to its end, whoever's fault that was. */
export async function sendStream(response: ServerResponse, source: Readable, observe?: (chunk: Buffer) => void): Promise<boolean> {
  // `pipeline` throws when the response is gone already.
  if (response.destroyed) {
    source.on('error', () => undefined).destroy()
    return false
  }
  try {
    if (observe === undefined) await pipeline(source, response)
    else await pipeline(source, observing(observe), response)
    return true
  } catch {
    response.destroy()
    return false
  }
}

function observing(observe: (chunk: Buffer) => void): Transform {
  return new Transform({
    readableHighWaterMark: 512 * 1024,
    writableHighWaterMark: 512 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      observe(chunk)
      done(null, chunk)
    },
  })
}

function setHeaders(response: ServerResponse, { file, status, range }: FileAnswer): void {
  response.statusCode = status
  response.setHeader('ETag', etagOf(file))
  response.setHeader('Accept-Ranges', 'bytes')
  // RFC 9530: the digest of all of it goes with a part too, so that whoever joins parts can check them.
  response.setHeader('Repr-Digest', digestField(file.sha256))
  if (status === 304) return
  response.setHeader('Content-Type', file.mediaType)
  response.setHeader('Content-Disposition', disposition(file.fileName))
  response.setHeader('Content-Length', file.bytes === 0 ? 0 : range.end - range.start + 1)
  if (status === 206) response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${file.bytes}`)
  else response.setHeader('Content-Digest', digestField(file.sha256))
}

function etagOf(file: Representation): string {
  return `"${file.sha256}"`
}

/** `Content-Disposition` (RFC 6266) for any name. */
export function disposition(fileName: string): string {
  const plain = fileName.replaceAll(/[^\x20-\x7E]|["\\/]/g, '_')
  const encoded = encodeURIComponent(fileName.toWellFormed()).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

