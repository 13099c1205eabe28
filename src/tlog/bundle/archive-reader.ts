import { isUtf8 } from 'node:buffer'
import { ProblemError } from '../../errors.ts'
import { createMeasure, directoryOf, isFileName, localHeader, localHeaderBytes, mostBytes, mostFiles, sizeOfHeader } from './archive.ts'
import type { ArchiveSource, PlacedFile } from './archive.ts'

/** An archive that was read to its end and is exactly of the form of {@link writeArchive}. */
export interface Archive {
  readonly source: ArchiveSource
  readonly files: ReadonlyMap<string, PlacedFile>
}

const chunkBytes = 1024 * 1024
const directorySignature = 0x0201_4b50
const fileSignature = 0x0403_4b50
const endSignature = 0x0605_4b50

/** Says how far reading is. */
export type OnRead = (bytes: number) => void

/** Reads an archive from its first byte to its last; 'invalid-evidence' where it is not exactly of the form. */
export async function readArchive(source: ArchiveSource, onRead: OnRead = () => undefined): Promise<Archive> {
  if (source.size > mostBytes) throw invalid('it is larger than 4 GiB')
  const files: PlacedFile[] = []
  let offset = 0
  let last = ''
  for (;;) {
    const signature = (await bytesAt(source, offset, 4)).readUInt32LE(0)
    if (signature === directorySignature || signature === endSignature) break
    if (signature !== fileSignature) throw invalid(`at byte ${offset} there is neither a file nor the list of files`)
    if (files.length === mostFiles) throw invalid(`it has more than ${mostFiles} files`)
    const file = await readFile(source, offset, onRead)
    if (file.name <= last) throw invalid(file.name === last ? `${file.name} is there twice` : `${file.name} stands behind ${last}: names must be sorted`)
    last = file.name
    files.push(file)
    offset += sizeOfHeader(file) + file.bytes
  }
  if (files.length === 0) throw invalid('it has no files')
  await checkDirectory(source, files, offset)
  return { source, files: new Map(files.map((file) => [file.name, file])) }
}

async function readFile(source: ArchiveSource, offset: number, onRead: OnRead): Promise<PlacedFile> {
  const header = await bytesAt(source, offset, localHeaderBytes)
  const nameBytes = header.readUInt16LE(26)
  const name = (await bytesAt(source, offset + localHeaderBytes, nameBytes)).toString('latin1')
  if (!isFileName(name)) throw invalid(`the name ${JSON.stringify(name.slice(0, 100))} is not allowed`)
  checkHeader(header, name)
  const bytes = header.readUInt32LE(22)
  const start = offset + sizeOfHeader({ name })
  if (start + bytes > source.size) throw invalid(`${name} does not fit into it`)
  const measure = createMeasure(name)
  for (let at = 0; at < bytes; at += chunkBytes) {
    const chunk = await bytesAt(source, start + at, Math.min(chunkBytes, bytes - at))
    measure.add(chunk)
    onRead(chunk.length)
  }
  const file = measure.done()
  if (file.crc32 !== header.readUInt32LE(14)) throw invalid(`the content of ${name} is damaged`)
  return { ...file, offset }
}

/** Everything in a header follows from the name, the size and the sum: what differs is told by its field. */
function checkHeader(header: Buffer, name: string): void {
  const bytes = header.readUInt32LE(22)
  const method = header.readUInt16LE(8)
  if (method !== 0) throw invalid(`${name} is compressed; evidence is stored as it is`)
  const flags = header.readUInt16LE(6)
  if ((flags & 0x0008) !== 0) throw invalid(`the size of ${name} stands behind it, not before`)
  if ((flags & 0x2041) !== 0) throw invalid(`${name} is encrypted`)
  if (header.readUInt32LE(18) !== bytes) throw invalid(`${name} has two different sizes`)
  if (header.readUInt16LE(28) !== 0) throw invalid(`${name} has extra fields`)
  const expected = localHeader({ name, bytes, crc32: header.readUInt32LE(14) })
  if (!expected.subarray(0, localHeaderBytes).equals(header)) throw invalid(`the header of ${name} is not of the form of evidence`)
}

async function checkDirectory(source: ArchiveSource, files: readonly PlacedFile[], offset: number): Promise<void> {
  const expected = directoryOf(files)
  const left = source.size - offset
  if (left < expected.length) throw invalid('the list of files is cut short')
  const found = await bytesAt(source, offset, expected.length)
  if (!found.equals(expected)) throw invalid('the list of files at its end does not fit the files')
  if (left > expected.length) throw invalid(`${left - expected.length} bytes stand behind its end`)
}

/** A file of the archive, in chunks. */
export async function* contentAt({ source }: Archive, file: PlacedFile): AsyncGenerator<Buffer> {
  const start = file.offset + sizeOfHeader(file)
  for (let at = 0; at < file.bytes; at += chunkBytes) yield bytesAt(source, start + at, Math.min(chunkBytes, file.bytes - at))
}

const mostTextBytes = 64 * 1024 * 1024

/** The text of a whole file; 'invalid-evidence' when it is not there, not UTF-8, or longer than files of its kind are. */
export async function textOf(archive: Archive, name: string, most = mostTextBytes): Promise<string> {
  const file = archive.files.get(name)
  if (file === undefined) throw invalid(`${name} is missing`)
  if (file.bytes > most) throw invalid(`${name} is longer than ${most} bytes`)
  const bytes = await bytesAt(archive.source, file.offset + sizeOfHeader(file), file.bytes)
  if (!isUtf8(bytes)) throw invalid(`${name} is not UTF-8`)
  return bytes.toString('utf8')
}

async function bytesAt(source: ArchiveSource, offset: number, length: number): Promise<Buffer> {
  if (offset + length > source.size) throw invalid('it is cut short')
  const bytes = await source.read(offset, length)
  if (bytes.length !== length) throw invalid('it is cut short')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function invalid(why: string): ProblemError {
  return new ProblemError('invalid-evidence', `The archive is not evidence of the form concordat-evidence/1: ${why}.`)
}
