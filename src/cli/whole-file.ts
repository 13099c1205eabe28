import { open, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { exitCodes, Failure } from './failure.ts'

/** A file that is about to be written. */
export interface WholeFile {
  /** Writes what comes: the file is there whole, or what was there before is. Gives its size. What breaks off at its source fails as it does there. */
  write(source: Readable): Promise<number>
  /** Leaves what was there before. */
  discard(): Promise<void>
}

/** Opens a file before it is asked for what belongs into it, so that a wrong name costs nothing. */
export async function openWholeFile(file: string): Promise<WholeFile> {
  const part = `${file}.part`
  const handle = await writing(file, async () => {
    await requireFile(file)
    // Whoever may write in the folder must not lead us to another file.
    await rm(part, { force: true })
    return await open(part, 'wx')
  })
  let isOpen = true
  const discard = async () => {
    if (!isOpen) return
    isOpen = false
    await handle.close()
    await rm(part, { force: true })
  }
  return {
    discard,
    write: async (source) => {
      try {
        const bytes = await copy(source, (chunk) => writing(file, () => put(handle, chunk)))
        await writing(file, async () => {
          await handle.close()
          await rename(part, file)
        })
        return bytes
      } catch (error) {
        await discard()
        throw error
      }
    },
  }
}

async function copy(source: Readable, write: (chunk: Buffer) => Promise<void>): Promise<number> {
  let bytes = 0
  for await (const chunk of source) {
    const data = Buffer.from(chunk)
    await write(data)
    bytes += data.length
  }
  return bytes
}

async function put(handle: FileHandle, data: Buffer): Promise<void> {
  for (let at = 0; at < data.length; ) at += (await handle.write(data, at)).bytesWritten
}

/** Makes sure that what the name would take the place of is a file, or nothing: not a folder, and not a device or a pipe. */
export async function requireFile(file: string): Promise<void> {
  const found = await stat(file).catch((error: unknown) => {
    if (Error.isError(error) && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined || found.isFile()) return
  throw new Failure(exitCodes.usage, `${file} is ${found.isDirectory() ? 'a folder. Name a file in it.' : 'no file that can be replaced. Name another.'}`)
}

/** Failures of the disk in words. */
export async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!Error.isError(error) || !('code' in error) || !('syscall' in error)) throw error
    throw new Failure(exitCodes.failed, `${file} cannot be written: ${reasons[String(error.code)] ?? error.message}`, error)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder. Make it, or name another.',
  ENOTDIR: 'what should be its folder is a file. Name another.',
  EACCES: 'you may not write there. Name another folder.',
  EPERM: 'you may not write there. Name another folder.',
  EROFS: 'nothing can be written there. Name another folder.',
  ENOSPC: 'the disk is full. Make room, or name another folder.',
  EDQUOT: 'your share of the disk is used up. Make room, or name another folder.',
}
