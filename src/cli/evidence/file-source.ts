import { open } from 'node:fs/promises'
import type { ArchiveSource } from '../../tlog/bundle/archive.ts'
import { exitCodes, Failure } from '../failure.ts'

/** Reads a file of evidence in `work`, and closes it. */
export async function withEvidence<T>(file: string, work: (source: ArchiveSource) => Promise<T>): Promise<T> {
  const handle = await open(file).catch((error: unknown) => {
    throw new Failure(exitCodes.usage, `${file} cannot be read: ${Error.isError(error) ? error.message : String(error)}`, error)
  })
  try {
    const about = await handle.stat()
    if (!about.isFile()) throw new Failure(exitCodes.usage, `${file} is no file. Give the file of evidence itself, such as case.zip: unpacked, it cannot be verified as a whole.`)
    const { size } = about
    const read = async (offset: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset)
      return buffer.subarray(0, bytesRead)
    }
    return await work({ size, read })
  } finally {
    await handle.close()
  }
}
