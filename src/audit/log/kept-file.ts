import { randomUUID } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { isProblem, ProblemError } from '../../errors.ts'

/** Puts `text` into the place of the file, whole or not at all. Its bytes are on the disk before it gets its name. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.new`
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(unfinished, path).catch(async (error: unknown) => {
    await rm(unfinished, { force: true })
    throw error
  })
}

/** No file that is kept comes near to this. */
const mostBytes = 16 * 1024 * 1024

/** A file that is kept, open; undefined where there is none. 'invalid-evidence' for what is none of ours: a folder, a pipe that nobody writes to, a file that is far too large. */
export async function openKept(path: string): Promise<FileHandle | undefined> {
  try {
    const about = await stat(path)
    if (!about.isFile() || about.size > mostBytes) throw new ProblemError('invalid-evidence', 'what is there is not a file that the connector wrote.')
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The JSON of a file; undefined where there is no file, or no JSON in it. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    const handle = await openKept(path)
    if (handle === undefined) return undefined
    try {
      const value: unknown = JSON.parse(await handle.readFile('utf8'))
      return value
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (isProblem(error) || (Error.isError(error) && error.name === 'SyntaxError')) return undefined
    throw error
  }
}

/** Whether `error` says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && error.code === 'ENOENT'
}
