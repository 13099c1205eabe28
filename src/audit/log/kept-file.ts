import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'

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

/** The JSON of a file; undefined where there is no file, or no JSON in it. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return value
  } catch (error) {
    if (isMissing(error) || (Error.isError(error) && error.name === 'SyntaxError')) return undefined
    throw error
  }
}

/** Whether `error` says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && error.code === 'ENOENT'
}
