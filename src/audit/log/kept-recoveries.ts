import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readJsonFile, replaceFile } from './kept-file.ts'
import { logFile } from './names.ts'

/** The log that a recovery began. */
export interface RecoveredLog {
  readonly name: string
  /** The number in the record of its entry 0. */
  readonly start: number
}

const ending = '.recovered'

/**
 * Keeps outside the database which faults a recovery put on record: whoever can write in the database alone cannot forgive what is
 * found. It is written before the recovery is committed, and counts once the database has the log that began with it.
 */
export async function keepRecovery(directory: string, { name, start }: RecoveredLog, faults: readonly string[]): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await replaceFile(join(directory, logFile({ log: name, start, ending })), `${JSON.stringify({ faults })}\n`)
}

/** The ids of all faults that recoveries put on record, of those that began one of `logs`. */
export async function readRecoveries(directory: string, logs: readonly RecoveredLog[]): Promise<ReadonlySet<string>> {
  // A log that somebody wrote into the database may have any name.
  const known = new Set(logs.map(({ name, start }) => `${name}_${start}${ending}`))
  const read = await Promise.all((await readdir(directory)).filter((file) => known.has(file)).map((file) => readJsonFile(join(directory, file))))
  return new Set(read.flatMap(faultsIn))
}

function faultsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || !('faults' in value) || !Array.isArray(value.faults)) return []
  return value.faults.filter((id) => typeof id === 'string')
}
