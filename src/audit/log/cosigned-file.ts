import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readJsonFile, replaceFile } from './kept-file.ts'
import { logFile, logOfFile } from './names.ts'

/**
 * The newest checkpoint of a log that a witness has cosigned, as it is kept outside the database: whoever can write in the database
 * alone cannot remove cosignatures, or make us forget whom to ask for them, unseen.
 */
export interface CosignedFile {
  readonly log: string
  /** The number in the record of the log's entry 0. */
  readonly start: number
  readonly origin: string
  readonly size: number
  /** Our own note, and the witness's signature line on it. */
  readonly note: string
  readonly line: string
  readonly witness: string
  readonly vkey: string
  readonly url: string
  /** Participant id; null: a witness from the settings. */
  readonly partner: string | null
}

const endingForm = /^_[0-9a-f]{32}\.cosigned$/

/** Keeps what a witness has cosigned, unless the file has more already. One process asks a witness at a time. */
export async function writeCosignedFile(directory: string, cosigned: CosignedFile): Promise<void> {
  const { log, start, witness } = cosigned
  const path = join(directory, logFile({ log, start, ending: `_${createHash('sha256').update(witness).digest('hex').slice(0, 32)}.cosigned` }))
  const before = await readOne(path)
  if (before !== undefined && before.size > cosigned.size) return
  await replaceFile(path, `${JSON.stringify(cosigned)}\n`)
}

/** What is kept of all logs, or of the one that begins at `start`. What cannot be read is as if it were not there: the database has it too. */
export async function readCosignedFiles(directory: string, start?: number): Promise<CosignedFile[]> {
  const names = (await readdir(directory)).filter((name) => {
    const of = logOfFile(name)
    return of !== undefined && endingForm.test(of.ending) && (start === undefined || of.start === start)
  })
  const read = await Promise.all(names.map((name) => readOne(join(directory, name))))
  return read.filter((file) => file !== undefined).toSorted((left, right) => left.start - right.start || (left.witness < right.witness ? -1 : 1))
}

async function readOne(path: string): Promise<CosignedFile | undefined> {
  const value = await readJsonFile(path)
  return isCosigned(value) ? value : undefined
}

function isCosigned(value: unknown): value is CosignedFile {
  if (typeof value !== 'object' || value === null) return false
  const file: Partial<Record<keyof CosignedFile, unknown>> = value
  const texts = [file.log, file.origin, file.note, file.line, file.witness, file.vkey, file.url]
  return texts.every((text) => typeof text === 'string') && Number.isSafeInteger(file.start) && Number.isSafeInteger(file.size) && (file.partner === null || typeof file.partner === 'string')
}
