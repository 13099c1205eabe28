import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isProblem } from '../../errors.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { parseNote } from '../../tlog/note.ts'
import { isMissing, openKept, replaceFile } from './kept-file.ts'
import { logFile, logOfFile } from './names.ts'

/** The newest checkpoint of a log that was signed, as it is kept outside the database: a database from a backup has less. */
export interface NoteFile {
  readonly log: string
  /** The number in the record of the log's entry 0; it is in the file's name. */
  readonly start: number
  readonly note: string
  readonly origin: string
  readonly size: number
  readonly root: Buffer
  readonly writtenAt: Date
}

const ending = '.checkpoint'

/** Keeps `note` in `directory`, unless the file has a larger one already. */
export async function writeNoteFile(directory: string, { log, start }: { readonly log: string; readonly start: number }, note: string): Promise<void> {
  const path = join(directory, logFile({ log, start, ending }))
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const before = await readNote(path).catch((error: unknown) => {
    // What cannot be read was found at the start, and is replaced.
    if (!isProblem(error)) throw error
    return undefined
  })
  if (before !== undefined && before.size > sizeOf(note)) return
  await replaceFile(path, note)
}

/** A note file that is not one any more. */
export interface DamagedFile {
  readonly log: string
  readonly file: string
  readonly why: string
}

/** The notes in `directory`, by the start of their logs. */
export async function readNoteFiles(directory: string): Promise<{ files: NoteFile[]; damaged: DamagedFile[] }> {
  const files: NoteFile[] = []
  const damaged: DamagedFile[] = []
  for (const name of await namesIn(directory)) {
    const of = logOfFile(name)
    if (of?.ending !== ending) continue
    try {
      const read = await readNote(join(directory, name))
      if (read !== undefined) files.push({ log: of.log, start: of.start, ...read })
    } catch (error) {
      if (!isProblem(error)) throw error
      damaged.push({ log: of.log, file: name, why: error.message })
    }
  }
  return { files: files.toSorted((left, right) => left.start - right.start), damaged }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function readNote(path: string): Promise<Omit<NoteFile, 'log' | 'start'> | undefined> {
  const handle = await openKept(path)
  if (handle === undefined) return undefined
  try {
    const [note, { mtime }] = await Promise.all([handle.readFile('utf8'), handle.stat()])
    const { origin, size, root } = parseCheckpoint(parseNote(note).text)
    return { note, origin, size, root, writtenAt: mtime }
  } finally {
    await handle.close()
  }
}

const sizeOf = (note: string) => parseCheckpoint(parseNote(note).text).size
