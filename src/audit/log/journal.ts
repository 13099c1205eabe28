import { hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { isMissing } from './kept-file.ts'

/** Entries side by side, and the signed note that covers the log up to the last of them. */
export interface Batch {
  /** The number in the record of the first. */
  readonly first: number
  readonly entries: readonly string[]
  /** Empty: the batch goes together with the one behind it. */
  readonly note: string
}

/**
 * A log in a file of its own, because PGlite does not wait for the disk: what is in it is on the disk. A batch is
 * magic, length of the body, body, checksum, length of the body, magic; so the last whole one is found from the end. No entry can
 * look like one, since canonical JSON has no NUL and each length begins with one.
 */
export interface Journal {
  /** The number in the record of the entry that comes next; undefined while the journal is empty. */
  readonly end: number | undefined
  /** The last whole batch that is signed. */
  readonly last: Batch | undefined
  /** Resolves when the batch is on the disk. After a failure, the next call cuts what is there of it. */
  write(batch: Batch): Promise<void>
  close(): Promise<void>
}

/** What the journal needs of a file. Tests give one that fails. */
export interface JournalFile {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesWritten: number }>
  truncate(length: number): Promise<void>
  datasync(): Promise<void>
  stat(): Promise<{ readonly size: number }>
  close(): Promise<void>
}

const head = Buffer.from('CJB1')
const foot = Buffer.from('1BJC')
const frameBytes = 8 + 16
/** A batch is read in one go. */
const mostBatchBytes = 256 * 1024 * 1024
const windowBytes = 1024 * 1024

/** Opens the journal and cuts a tail that a crash left behind the last whole signed batch. */
export async function openJournal(path: string, openFile: (path: string) => Promise<JournalFile> = openPrivate): Promise<Journal> {
  const file = await openFile(path)
  const { size } = await file.stat()
  let found = await lastSigned(file, size)
  let good = found?.to ?? 0
  let dirty = good < size

  async function repair(): Promise<void> {
    if (!dirty) return
    await file.truncate(good)
    await file.datasync()
    dirty = false
  }
  await repair()
  let end = found === undefined ? undefined : found.batch.first + found.batch.entries.length
  return {
    get end() {
      return end
    },
    get last() {
      return found?.batch
    },
    write: async (batch) => {
      await repair()
      dirty = true
      const bytes = encodeBatch(batch)
      await writeAll(file, bytes, good)
      await file.datasync()
      dirty = false
      good += bytes.length
      end = batch.first + batch.entries.length
      if (batch.note !== '') found = { batch, from: good - bytes.length, to: good }
    },
    close: () => file.close(),
  }
}

/** The batches of a journal from the newest to the oldest; ends early where one is damaged, with `undefined`. */
export async function* batchesBackwards(path: string, openFile: (path: string) => Promise<JournalFile> = openPrivate): AsyncGenerator<Batch | undefined> {
  const file = await openFile(path)
  try {
    let { size: to } = await file.stat()
    while (to > 0) {
      const found = await batchBefore(file, to)
      yield found?.batch
      if (found === undefined) return
      to = found.from
    }
  } finally {
    await file.close()
  }
}

export function encodeBatch({ first, entries, note }: Batch): Buffer {
  const parts: Buffer[] = [number(first, 8), number(entries.length, 4)]
  for (const text of [...entries, note]) {
    const bytes = Buffer.from(text)
    parts.push(number(bytes.length, 4), bytes)
  }
  const body = Buffer.concat(parts)
  return Buffer.concat([head, number(body.length, 4), body, checksum(body), number(body.length, 4), foot])
}

interface Found {
  readonly batch: Batch
  readonly from: number
  readonly to: number
}

/** Goes back from the end of the file to the last whole batch that has a note. */
async function lastSigned(file: JournalFile, size: number): Promise<Found | undefined> {
  for (let to = size; to > 0;) {
    // The file may be shorter by now: where the window begins does not follow from what was read of it.
    const start = Math.max(0, to - windowBytes)
    const window = await readAt(file, start, to - start)
    const at = window.lastIndexOf(foot)
    if (at < 0) {
      // A mark may lie across the edge of the window.
      to = start === 0 ? 0 : start + foot.length - 1
      continue
    }
    const found = await batchBefore(file, start + at + foot.length)
    if (found !== undefined && found.batch.note !== '') return found
    to = found?.from ?? start + at + foot.length - 1
  }
  return undefined
}

/** The batch that ends at `to`; undefined when there is no whole one. */
async function batchBefore(file: JournalFile, to: number): Promise<Found | undefined> {
  if (to < frameBytes) return undefined
  const tail = await readAt(file, to - 16, 16)
  const length = tail.readUInt32BE(8)
  const from = to - frameBytes - length
  if (!tail.subarray(12).equals(foot) || from < 0 || length > mostBatchBytes) return undefined
  const bytes = await readAt(file, from, 8 + length)
  const body = bytes.subarray(8)
  if (!bytes.subarray(0, 4).equals(head) || bytes.readUInt32BE(4) !== length || !checksum(body).equals(tail.subarray(0, 8))) return undefined
  const batch = decodeBody(body)
  return batch === undefined ? undefined : { batch, from, to }
}

function decodeBody(body: Buffer): Batch | undefined {
  if (body.length < 12) return undefined
  const texts: string[] = []
  for (let at = 12; at < body.length;) {
    if (at + 4 > body.length) return undefined
    const end = at + 4 + body.readUInt32BE(at)
    if (end > body.length) return undefined
    texts.push(body.toString('utf8', at + 4, end))
    at = end
  }
  if (texts.length !== body.readUInt32BE(8) + 1) return undefined
  return { first: Number(body.readBigUInt64BE(0)), entries: texts.slice(0, -1), note: texts.at(-1) ?? '' }
}

async function readAt(file: JournalFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done)
    if (bytesRead === 0) return buffer.subarray(0, done)
    done += bytesRead
  }
  return buffer
}

async function writeAll(file: JournalFile, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

async function openPrivate(path: string): Promise<JournalFile> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (!isMissing(error)) throw error
    return await open(path, 'wx+', 0o600)
  }
}

function number(value: number, bytes: 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes)
  if (bytes === 8) buffer.writeBigUInt64BE(BigInt(value))
  else buffer.writeUInt32BE(value)
  return buffer
}

function checksum(body: Buffer): Buffer {
  return hash('sha256', body, 'buffer').subarray(0, 8)
}
