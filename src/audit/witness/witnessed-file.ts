import { join } from 'node:path'
import { readJsonFile, replaceFile } from '../log/kept-file.ts'
import type { WitnessedLog } from './store.ts'

/**
 * What we cosigned last of a partner's log, as it is kept outside the database. C2SP tlog-witness: a witness must not forget. A database
 * from a backup has, and one in which somebody wrote may have; with less than we cosigned, a partner could show us another tree.
 */
export type WitnessedFile = WitnessedLog & { readonly checkpoint: string }

/** By the SHA-256 of the log's origin, in hex. */
export async function readWitnessedFile(directory: string, originSha256: string): Promise<WitnessedFile | undefined> {
  if (!/^[0-9a-f]{64}$/.test(originSha256)) return undefined
  const value = await readJsonFile(pathOf(directory, originSha256))
  return isWitnessed(value) ? value : undefined
}

/** Keeps what was cosigned, unless the file has more already. */
export async function writeWitnessedFile(directory: string, originSha256: string, witnessed: WitnessedFile): Promise<void> {
  const before = await readWitnessedFile(directory, originSha256)
  if (before !== undefined && before.size >= witnessed.size) return
  await replaceFile(pathOf(directory, originSha256), `${JSON.stringify(witnessed)}\n`)
}

const pathOf = (directory: string, originSha256: string) => join(directory, `${originSha256}.witnessed`)

function isWitnessed(value: unknown): value is WitnessedFile {
  if (typeof value !== 'object' || value === null) return false
  const file: Partial<Record<keyof WitnessedFile, unknown>> = value
  return [file.origin, file.partner, file.vkey, file.root, file.checkpoint].every((text) => typeof text === 'string') && Number.isSafeInteger(file.size)
}
