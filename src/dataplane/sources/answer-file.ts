import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open, rm } from 'node:fs/promises'
import { ProblemError } from '../../errors.ts'
import { digestOf } from '../file-digest.ts'
import type { AnswerFormat, WantedAnswer, WrittenAnswer } from '../query/engine.ts'

/** Opens a written file and takes its name away, so that it is gone when the handle is closed. */
export async function takeFile(path: string): Promise<FileHandle> {
  const handle = await open(path, 'r+')
  await rm(path, { force: true })
  return handle
}

/** The answer in an open file. A list of GeoJSON features becomes a FeatureCollection (RFC 7946 §3.3). */
export async function answerOf(handle: FileHandle, { format, rows }: { readonly format: AnswerFormat; readonly rows: number }): Promise<WrittenAnswer> {
  try {
    if (format === 'geojson') await wrap(handle)
    const { size } = await handle.stat()
    return { handle, bytes: size, rows, sha256: size > small ? await digestOf(handle) : await digestSmall(handle, size) }
  } catch (error) {
    await handle.close()
    throw error
  }
}

const small = 64 * 1024

async function digestSmall(handle: FileHandle, size: number): Promise<string> {
  const { buffer } = await handle.read(Buffer.alloc(size), 0, size, 0)
  return createHash('sha256').update(buffer).digest('hex')
}

const before = Buffer.from('{"type":"FeatureCollection","features":')
const after = Buffer.from('}\n')

// From the end, so that nothing is written over before it is read.
async function wrap(handle: FileHandle): Promise<void> {
  const { size } = await handle.stat()
  const buffer = Buffer.alloc(1024 * 1024)
  for (let end = size; end > 0; ) {
    const start = Math.max(end - buffer.length, 0)
    const { bytesRead } = await handle.read(buffer, 0, end - start, start)
    await handle.write(buffer, 0, bytesRead, start + before.length)
    end = start
  }
  await handle.write(before, 0, before.length, 0)
  await handle.write(after, 0, after.length, size + before.length)
}

/** Refuses GeoJSON of an answer that says nothing of places. */
export function requireGeometry({ format, geometry, columns }: WantedAnswer): void {
  if (format !== 'geojson') return
  if (geometry === undefined) throw new ProblemError('not-acceptable', 'The dataset declares no geometry, so that there is no GeoJSON of it.')
  const missing = [geometry.longitude, geometry.latitude].find((name) => columns.every((column) => column.name !== name))
  if (missing !== undefined) throw new ProblemError('not-acceptable', `GeoJSON needs the column ${missing} in the answer. Select it, or ask for another format.`)
}
