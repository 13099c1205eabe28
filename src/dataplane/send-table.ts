import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'
import { digestField } from './file-digest.ts'
import type { Outcome } from './releases.ts'
import { disposition } from './send-file.ts'
import type { OpenTable } from './sources/postgresql.ts'
import { mediaTypes } from './sources/source.ts'

/** Sends the rows of a table as they come. The digest is known only then, and follows as a trailer (RFC 9530). */
export async function sendTable(request: IncomingMessage, response: ServerResponse, table: { open: OpenTable; format: 'csv' | 'ndjson' | 'json'; name: string }): Promise<Outcome> {
  response.setHeader('Content-Type', mediaTypes[table.format])
  response.setHeader('Content-Disposition', disposition(`${table.name}.${table.format}`))
  if (request.method === 'HEAD') {
    response.end()
    return { bytes: 0, complete: true, status: 200 }
  }
  response.setHeader('Trailer', 'Content-Digest')
  const hash = createHash('sha256')
  let bytes = 0
  let sha256 = ''
  const observe = new Transform({
    readableHighWaterMark: 256 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
    flush(done) {
      sha256 = hash.digest('hex')
      response.addTrailers({ 'Content-Digest': digestField(sha256) })
      done()
    },
  })
  const source = table.open.stream(table.format)
  try {
    await pipeline(source, observe, response)
  } catch {
    // Once it has begun, an answer that breaks off must not look complete.
    response.destroy()
    return { bytes: Math.max(0, bytes - observe.readableLength - response.writableLength), complete: false, status: 200 }
  }
  const rows = table.open.rows()
  return { bytes, complete: true, status: 200, sha256, ...(rows === undefined ? {} : { rows }) }
}
