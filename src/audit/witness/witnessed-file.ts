import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { WitnessedLog } from './store.ts'

/**
 * What we cosigned last of a partner's log, as it is kept outside the database. C2SP tlog-witness: a witness must not forget. A database
 * from a backup has, and one in which somebody wrote may have; with less than we cosigned, a partner could show us another tree.
 */
export type WitnessedFile = WitnessedLog & { readonly checkpoint: string }

/** By the SHA-256 of the log's origin, in hex. */
export async function readWitnessedFile(directory: string, originSha256: string): Promise<WitnessedFile | undefined> {
  if (!/^[0-9a-f]{64}$/.test(originSha256)) return undefined
  try {
    const value: unknown = JSON.parse(await readFile(pathOf(directory, originSha256), 'utf8'))
    return isWitnessed(value) ? value : undefined
  } catch (error) {
    if (Error.isError(error) && (error.name === 'SyntaxError' || ('code' in error && error.code === 'ENOENT'))) return undefined
    throw error
  }
}

/** Keeps what was cosigned, unless the file has more already. */
export async function writeWitnessedFile(directory: string, originSha256: string, witnessed: WitnessedFile): Promise<void> {
  const before = await readWitnessedFile(directory, originSha256)
  if (before !== undefined && before.size >= witnessed.size) return
  const path = pathOf(directory, originSha256)
  const unfinished = `${path}.${randomUUID()}.new`
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(witnessed)}\n`)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(unfinished, path).catch(async (error: unknown) => {
    await rm(unfinished, { force: true })
    throw error
  })
}

const pathOf = (directory: string, originSha256: string) => join(directory, `${originSha256}.witnessed`)

function isWitnessed(value: unknown): value is WitnessedFile {
  if (typeof value !== 'object' || value === null) return false
  const file: Partial<Record<keyof WitnessedFile, unknown>> = value
  return [file.origin, file.partner, file.vkey, file.root, file.checkpoint].every((text) => typeof text === 'string') && Number.isSafeInteger(file.size)
}
