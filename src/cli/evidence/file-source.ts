import { open } from 'node:fs/promises'
import type { ArchiveSource } from '../../tlog/bundle/archive.ts'
import { exitCodes, Failure } from '../failure.ts'

/** Reads a file of evidence in `work`, and closes it. */
export async function withEvidence<T>(file: string, work: (source: ArchiveSource) => Promise<T>): Promise<T> {
  const handle = await open(file).catch((error: unknown) => {
    throw new Failure(exitCodes.usage, `${file} cannot be read: ${Error.isError(error) ? error.message : String(error)}`, error)
  })
  try {
    const { size } = await handle.stat()
    const read = async (offset: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset)
      return buffer.subarray(0, bytesRead)
    }
    return await work({ size, read })
  } finally {
    await handle.close()
  }
}
