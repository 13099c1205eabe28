import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { ProblemError } from '../../errors.ts'

/**
 * The archive of evidence: a ZIP of stored files whose bytes follow from the files. Names are sorted, times are fixed, nothing is
 * optional, so that one reader can tell every byte that should not be there.
 */

/** A file of an archive, as it is known before it is written. */
export interface ArchiveFile {
  readonly name: string
  readonly bytes: number
  readonly crc32: number
  /** Hex. */
  readonly sha256: string
}

/** A file with its content. */
export interface ArchiveContent extends ArchiveFile {
  readonly content: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** Where a file begins in the archive. */
export interface PlacedFile extends ArchiveFile {
  /** Of its local header. */
  readonly offset: number
}

/** What an archive is read from. */
export interface ArchiveSource {
  readonly size: number
  /** Exactly these bytes. */
  read(offset: number, length: number): Promise<Uint8Array>
}

export const mostFiles = 10_000
/** Offsets and sizes have 32 bits; larger archives have another form. */
export const mostBytes = 0xffff_ffff
const longestName = 200
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/

/** Whether a file of an archive may be called so: no part of a path leads anywhere but down. */
export function isFileName(name: string): boolean {
  return name.length <= longestName && namePattern.test(name)
}

/** Sizes and digests of a content, as it goes by. */
export function createMeasure(name: string): { add(chunk: Uint8Array): void; done(): ArchiveFile } {
  const sha256 = createHash('sha256')
  let [bytes, crc] = [0, 0]
  return {
    add(chunk) {
      sha256.update(chunk)
      crc = crc32(chunk, crc)
      bytes += chunk.length
    },
    done: () => ({ name, bytes, crc32: crc, sha256: sha256.digest('hex') }),
  }
}

/** A file of a content that is at hand. */
export function contentOf(name: string, content: Uint8Array | string): ArchiveContent {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const measure = createMeasure(name)
  measure.add(bytes)
  return { ...measure.done(), content: () => [bytes] }
}

/** The archive of these files, in chunks. A file that is not what it was said to be ends it: an archive cut short is none. */
export async function* writeArchive(files: readonly ArchiveContent[]): AsyncGenerator<Uint8Array> {
  const sorted = files.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const placed = place(sorted)
  for (const file of sorted) {
    yield localHeader(file)
    const measure = createMeasure(file.name)
    for await (const chunk of file.content()) {
      measure.add(chunk)
      yield chunk
    }
    const { bytes, sha256 } = measure.done()
    if (bytes !== file.bytes || sha256 !== file.sha256) throw new Error(`The content of ${file.name} changed while it was written`)
  }
  yield directoryOf(placed)
}

/** Where each file begins; 'invalid-evidence' when they do not fit into an archive. */
function place(files: readonly ArchiveFile[]): PlacedFile[] {
  let offset = 0
  let last = ''
  const placed = files.map((file) => {
    if (!isFileName(file.name) || file.name <= last) throw new Error(`${file.name} cannot be in an archive`)
    last = file.name
    const here = { ...file, offset }
    offset += sizeOfHeader(file) + file.bytes
    return here
  })
  if (files.length > mostFiles || offset + directoryOf(placed).length > mostBytes) throw new ProblemError('too-large', 'The evidence is larger than 4 GiB. Ask for the evidence of fewer records.')
  return placed
}

// APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16, each without anything that is optional.
export const localHeaderBytes = 30
const centralHeaderBytes = 46
const endBytes = 22
const version = 20
const utf8Flag = 0x0800
const stored = 0
const time = 0
/** 1980-01-01, the first day that there is. */
const date = 0x0021

/** How long a file's local header is, its name included. */
export function sizeOfHeader({ name }: Pick<ArchiveFile, 'name'>): number {
  return localHeaderBytes + name.length
}

/** The header before a file's content. */
export function localHeader({ name, bytes, crc32: crc }: Pick<ArchiveFile, 'name' | 'bytes' | 'crc32'>): Buffer {
  const header = Buffer.alloc(localHeaderBytes)
  header.writeUInt32LE(0x0403_4b50, 0)
  writeFacts(header, 4, { name, bytes, crc32: crc })
  return Buffer.concat([header, Buffer.from(name, 'latin1')])
}

/** What stands behind the last file: the list of them all. */
export function directoryOf(files: readonly Omit<PlacedFile, 'sha256'>[]): Buffer {
  const start = files.reduce((_sum, file) => file.offset + sizeOfHeader(file) + file.bytes, 0)
  const headers = files.flatMap(({ name, bytes, crc32: crc, offset }) => {
    const header = Buffer.alloc(centralHeaderBytes)
    header.writeUInt32LE(0x0201_4b50, 0)
    header.writeUInt16LE(version, 4)
    writeFacts(header, 6, { name, bytes, crc32: crc })
    header.writeUInt32LE(offset, 42)
    return [header, Buffer.from(name, 'latin1')]
  })
  const size = headers.reduce((sum, { length }) => sum + length, 0)
  const end = Buffer.alloc(endBytes)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt16LE(Math.min(files.length, 0xffff), 8)
  end.writeUInt16LE(Math.min(files.length, 0xffff), 10)
  end.writeUInt32LE(Math.min(size, mostBytes), 12)
  end.writeUInt32LE(Math.min(start, mostBytes), 16)
  return Buffer.concat([...headers, end])
}

/** What both headers of a file say alike. */
function writeFacts(header: Buffer, at: number, { name, bytes, crc32: crc }: Pick<ArchiveFile, 'name' | 'bytes' | 'crc32'>): void {
  header.writeUInt16LE(version, at)
  header.writeUInt16LE(utf8Flag, at + 2)
  header.writeUInt16LE(stored, at + 4)
  header.writeUInt16LE(time, at + 6)
  header.writeUInt16LE(date, at + 8)
  header.writeUInt32LE(crc, at + 10)
  // Stored: as many bytes as it has. Both are capped only where `place` refuses the archive anyway.
  header.writeUInt32LE(Math.min(bytes, mostBytes), at + 14)
  header.writeUInt32LE(Math.min(bytes, mostBytes), at + 18)
  header.writeUInt16LE(name.length, at + 22)
}
