import { constants, createReadStream, createWriteStream } from 'node:fs'
import { copyFile, link, open } from 'node:fs/promises'
import { isUtf8 } from 'node:buffer'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ProblemError } from '../../../errors.ts'
import type { Job } from './job.ts'

/** The beginning of a file. */
export interface Head {
  readonly bytes: Buffer
  readonly whole: boolean
}

/**
 * Gives the path that DuckDB reads: the file itself, or a copy in the job's folder in UTF-8 without a byte order mark.
 * DuckDB takes `*`, `?` and brackets in a path for patterns, so such a path is linked; it fails badly on invalid UTF-8 and on gzip
 * it would unpack, so both are found here. Everything goes by stream.
 */
export async function prepareInput(job: Job): Promise<string> {
  const head = await readHead(job.path, 4096)
  refuseCompressed(head.bytes)
  if (job.format === 'parquet') {
    if (head.bytes.subarray(0, 4).toString('latin1') !== 'PAR1') throw new ProblemError('invalid-source', 'The file is not Parquet.')
    return withoutPattern(job)
  }
  const encoding = await encodingOf(job.path, head.bytes)
  if (encoding === undefined) return withoutPattern(job)
  if (job.format !== 'csv' && encoding === 'windows-1252') throw new ProblemError('invalid-source', 'The file is not valid UTF-8, as JSON has to be (RFC 8259 §8.1).')
  const copy = join(job.folder, 'input')
  await pipeline(createReadStream(job.path, { highWaterMark: chunk }), decoder(encoding), createWriteStream(copy))
  return copy
}

const chunk = 1024 * 1024

/** Reads the first bytes of a file. */
export async function readHead(path: string, bytes: number): Promise<Head> {
  const handle = await open(path)
  try {
    const buffer = Buffer.alloc(bytes)
    const { bytesRead } = await handle.read(buffer, 0, bytes, 0)
    return { bytes: buffer.subarray(0, bytesRead), whole: bytesRead < bytes }
  } finally {
    await handle.close()
  }
}

/** Copies a CSV file with every line end as a single line feed; DuckDB refuses a mixture. */
export async function withOneLineEnd(path: string, job: Job): Promise<string> {
  const copy = join(job.folder, 'lines')
  let last = ''
  const lines = new Transform({
    transform(data: Buffer, _encoding, done) {
      const text = last + data.toString('latin1')
      last = text.endsWith('\r') ? '\r' : ''
      done(null, Buffer.from(text.slice(0, text.length - last.length).replaceAll(/\r\n?/g, '\n'), 'latin1'))
    },
    flush(done) {
      done(null, last === '' ? undefined : Buffer.from('\n'))
    },
  })
  await pipeline(createReadStream(path, { highWaterMark: chunk }), lines, createWriteStream(copy))
  return copy
}

const compressed: readonly [name: string, magic: string][] = [
  ['gzip', '1f8b'],
  ['zip', '504b0304'],
  ['Zstandard', '28b52ffd'],
  ['bzip2', '425a68'],
  ['xz', 'fd377a585a00'],
  ['7z', '377abcaf271c'],
]

function refuseCompressed(head: Buffer): void {
  const hex = head.subarray(0, 8).toString('hex')
  const found = compressed.find(([, magic]) => hex.startsWith(magic))
  if (found !== undefined) throw new ProblemError('invalid-source', `The file is compressed (${found[0]}). Publish it unpacked.`)
}

async function withoutPattern(job: Job): Promise<string> {
  if (!/[*?[\]{}]/.test(job.path)) return job.path
  const copy = join(job.folder, 'input')
  await link(job.path, copy).catch(() => copyFile(job.path, copy, constants.COPYFILE_FICLONE))
  return copy
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

// Nothing when the file can be read as it is. Latin-1 is read as Windows-1252, as the WHATWG Encoding Standard has it.
async function encodingOf(path: string, head: Buffer): Promise<Encoding | undefined> {
  const mark = head.subarray(0, 3).toString('hex')
  if (mark.startsWith('fffe')) return 'utf-16le'
  if (mark.startsWith('feff')) return 'utf-16be'
  let rest = Buffer.alloc(0)
  let valid = true
  for await (const data of createReadStream(path, { highWaterMark: chunk })) {
    const bytes: Buffer = Buffer.concat([rest, data])
    if (bytes.includes(0)) throw new ProblemError('invalid-source', 'The file is not text: it has NUL bytes.')
    const end = completeEnd(bytes)
    valid &&= isUtf8(bytes.subarray(0, end))
    rest = Buffer.from(bytes.subarray(end))
  }
  if (!valid || rest.length > 0) return 'windows-1252'
  return mark === 'efbbbf' ? 'utf-8' : undefined
}

// Where the last character that is complete ends: a chunk may cut a character of up to four bytes.
function completeEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return bytes.length
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      return needed > back ? bytes.length - back : bytes.length
    }
  }
  return bytes.length
}

function decoder(encoding: Encoding): Transform {
  const text = new TextDecoder(encoding)
  return new Transform({
    transform(data: Buffer, _encoding, done) {
      done(null, Buffer.from(text.decode(data, { stream: true })))
    },
    flush(done) {
      done(null, Buffer.from(text.decode()))
    },
  })
}
