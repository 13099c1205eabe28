import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { digestOf, fileNameIn, hashOf } from './digest.ts'
import { exitCodes, Failure } from './failure.ts'
import { bytesText, printable } from './output.ts'
import { progressBar } from './progress.ts'
import { header } from './send.ts'
import type { Session } from './session.ts'
import { requireFile } from './whole-file.ts'

/** What of the data is asked for. */
export interface DataQuery {
  readonly format?: 'csv' | 'ndjson' | 'json' | 'parquet' | 'geojson' | 'original' | undefined
  readonly version?: number | undefined
  readonly path?: string | undefined
  /** As the provider takes it. */
  readonly query?: string | undefined
  /** With one of these, a signed statement goes with the request. */
  readonly role?: string | undefined
  readonly purpose?: string | undefined
  readonly legalBasis?: string | undefined
}

interface Wanted {
  readonly transferId: string
  readonly query: DataQuery
  readonly prefer?: string | undefined
}

/** What came. */
export interface Downloaded {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /** Whether what came is what the provider said it sends. */
  readonly digest: 'verified' | 'absent'
  readonly resumedFrom: number
}

/** What is remembered beside an unfinished file: what it is of, so that only the same is put behind it. */
interface PartNotes {
  readonly wanted: Wanted
  readonly etag: string
  readonly sha256?: string
}

interface Part {
  readonly offset: number
  readonly notes?: PartNotes
}

// The data are whole on the wire, so that ranges and digests are those of the file.
const identity = { 'accept-encoding': 'identity' }

/**
 * Fetches into `FILE.part` and renames it when it is whole and its digest is right. What broke off goes on where it stopped,
 * at once as long as there is progress, and otherwise when the command is run again (RFC 9110 §13.1.5, §14).
 */
export async function download(session: Session, { file, ...wanted }: Wanted & { readonly file: string }): Promise<Downloaded> {
  await requireFile(file)
  let part = await readPart(file, wanted)
  for (;;) {
    const attempt = await fetchOnce(session, wanted, { file, part })
    if (attempt.whole !== undefined) return { file, ...attempt.whole, resumedFrom: attempt.resumed === true ? part.offset : 0 }
    const next = await readPart(file, wanted)
    if (next.notes === undefined || next.offset <= part.offset) {
      throw new Failure(exitCodes.failed, `The download broke off${next.notes === undefined ? '' : ` after ${bytesText(next.offset)}`}: ${attempt.broken}. Run the same command again${next.notes === undefined ? '' : ': it goes on where it stopped'}.`)
    }
    session.print.note(`Broke off after ${bytesText(next.offset)} (${attempt.broken}); going on.`)
    part = next
  }
}

interface Attempt {
  readonly whole?: { readonly bytes: number; readonly sha256: string; readonly digest: 'verified' | 'absent' }
  readonly broken?: string
  readonly resumed?: boolean
}

async function fetchOnce(session: Session, wanted: Wanted, at: { file: string; part: Part }): Promise<Attempt> {
  const before = await hashOf(`${at.file}.part`, at.part.offset)
  const answer = await ask(session, wanted, at.part)
  if (answer.statusCode === 416) return answeredUnsatisfiable(session, answer, wanted, { ...at, sha256: before.digest('hex') })
  const resumed = answer.statusCode === 206
  const offset = resumed ? startOf(answer, at.part.offset) : 0
  const hash = resumed ? before : createHash('sha256')
  const fragment = createHash('sha256')
  const coming = allThatComes(answer, counting(session, answer, { what: at.file, offset, hashes: [hash, fragment] }))
  const { notes, bytes } = await written(at.file, async () => {
    const taken = resumed ? at.part.notes : await takeNotes(at.file, wanted, answer)
    const sink = createWriteStream(`${at.file}.part`, { flags: resumed ? 'a' : 'w', flush: true })
    await pipeline(coming.data, sink)
    return { notes: taken, bytes: offset + sink.bytesWritten }
  }).finally(() => answer.destroy())
  const broken = coming.broken()
  if (broken !== undefined) return { broken }
  return { whole: await finish(at.file, { answer, notes, bytes, sha256: hash.digest('hex'), fragment: fragment.digest('hex') }), resumed }
}

/** A stream that ends, not fails, where the answer breaks off, so that all that came is written; and why it broke off. */
function allThatComes(answer: IncomingMessage, through: Transform): { data: Transform; broken: () => string | undefined } {
  let broken: string | undefined
  answer.once('error', (error) => {
    broken = error.message
    through.end()
  })
  return { data: answer.pipe(through), broken: () => broken }
}

async function written<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new Failure(exitCodes.failed, `${file} cannot be written: ${Error.isError(error) ? error.message : String(error)}`, error)
  }
}

function headersOf({ prefer }: Wanted): Record<string, string> {
  return prefer === undefined ? identity : { ...identity, prefer }
}

const receiptWords: Readonly<Record<string, string>> = {
  verified: '; its receipt is verified',
  missing: ', without a receipt',
  invalid: '; its receipt proves nothing: ask your operator, who is alarmed',
  unchecked: '; its receipt could not be checked now',
}

/** What the provider says beside the data is told, wherever the data go. */
function tellAside({ print }: Session, answer: IncomingMessage): void {
  const [withheld, record] = [header(answer, 'concordat-withheld'), header(answer, 'concordat-record')]
  if (withheld !== undefined) print.note(`Withheld: ${printable(withheld)}`)
  if (record !== undefined) print.note(`The provider's record of it is number ${printable(record)}${receiptWords[header(answer, 'concordat-receipt-checked') ?? ''] ?? ''}.`)
}

async function ask(session: Session, wanted: Wanted, part: Part): Promise<IncomingMessage> {
  const range = part.notes === undefined || part.offset === 0 ? {} : { range: `bytes=${part.offset}-`, 'if-range': part.notes.etag }
  const { transferId, query } = wanted
  const answer = await session.client.open('downloadData', { path: { transferId }, query, headers: { ...headersOf(wanted), ...range } }, { accept: 'range' in range ? [416] : [] })
  tellAside(session, answer)
  return answer
}

// The rest that comes must be the one that was asked for.
function startOf(answer: IncomingMessage, asked: number): number {
  const [, start] = /^bytes (\d+)-/.exec(header(answer, 'content-range') ?? '') ?? []
  if (Number(start) === asked) return asked
  answer.destroy()
  throw new Failure(exitCodes.failed, 'The provider answered with another range than the one asked for. Remove the .part file and run the same command again.')
}

// Nothing is left to fetch when what is there is whole already; otherwise it is not the beginning of the file.
async function answeredUnsatisfiable(session: Session, answer: IncomingMessage, wanted: Wanted, at: { file: string; part: Part; sha256: string }): Promise<Attempt> {
  answer.destroy()
  const { offset, notes } = at.part
  if (notes?.sha256 === at.sha256) return { whole: await finish(at.file, { notes, bytes: offset, sha256: at.sha256 }), resumed: true }
  await forget(at.file)
  return fetchOnce(session, wanted, { file: at.file, part: { offset: 0 } })
}

async function finish(file: string, { answer, notes, ...came }: { answer?: IncomingMessage; notes: PartNotes | undefined; bytes: number; sha256: string; fragment?: string }) {
  // RFC 9530: Repr-Digest is of the whole file, Content-Digest of what this answer carries.
  const content = answer === undefined ? undefined : digestOf(answer, 'content-digest')
  const whole = (answer === undefined ? undefined : digestOf(answer, 'repr-digest')) ?? notes?.sha256
  const right = (whole === undefined || whole === came.sha256) && (content === undefined || content === came.fragment)
  if (!right) {
    await forget(file)
    throw new Failure(exitCodes.failed, `What came is not what the provider says it sent: its SHA-256 is ${came.sha256}, not ${whole ?? content}. It was thrown away; run the same command again.`)
  }
  await rename(`${file}.part`, file)
  await rm(notesOf(file), { force: true })
  return { bytes: came.bytes, sha256: came.sha256, digest: (whole ?? content) === undefined ? ('absent' as const) : ('verified' as const) }
}

/** Writes the data to stdout as they come; the digest is known, and checked, at their end. */
export async function toStdout(session: Session, wanted: Wanted): Promise<void> {
  const { transferId, query } = wanted
  const answer = await session.client.open('downloadData', { path: { transferId }, query, headers: headersOf(wanted) })
  tellAside(session, answer)
  const hash = createHash('sha256')
  try {
    await pipeline(answer, counting(session, answer, { what: 'stdout', offset: 0, hashes: [hash] }), session.terminal.out, { end: false })
  } catch (error) {
    throw new Failure(exitCodes.failed, `The download broke off: ${Error.isError(error) ? error.message : String(error)}. With --out FILE it can be resumed.`, error)
  }
  const sha256 = hash.digest('hex')
  const said = digestOf(answer, 'content-digest') ?? digestOf(answer, 'repr-digest')
  if (said !== undefined && said !== sha256) throw new Failure(exitCodes.failed, `What came is not what the provider says it sent: its SHA-256 is ${sha256}, not ${said}. Do not use it.`)
  session.print.note(`sha256 ${sha256} (${said === undefined ? 'the provider named no digest to check' : 'digest checked'})`)
}

const saidLater = [400, 403, 405, 406, 429, 502]
const extensions: Readonly<Record<string, string>> = { csv: '.csv', ndjson: '.ndjson', json: '.json', parquet: '.parquet', geojson: '.geojson' }

/** A name for the file: the one that the provider gives it, unless there is such a file already. */
export async function fileNameFor({ client }: Session, wanted: Wanted): Promise<string> {
  const { transferId, query } = wanted
  // A refusal has a body only where the data are asked for: that says why.
  const answer = await client.open('inspectData', { path: { transferId }, query, headers: headersOf(wanted) }, { accept: saidLater })
  answer.destroy()
  const name = fileNameIn(header(answer, 'content-disposition')) ?? `${transferId.replace(/[^A-Za-z0-9._-]/g, '-')}${extensions[query.format ?? ''] ?? ''}`
  if (await isThere(name)) throw new Failure(exitCodes.failed, `${name} exists already. Name another file with --out, or the same one to replace it.`)
  return name
}

function counting(session: Session, answer: IncomingMessage, { what, offset, hashes }: { what: string; offset: number; hashes: readonly Hash[] }): Transform {
  const length = header(answer, 'content-length')
  const bar = progressBar(session.terminal, what, { from: offset, ...(length === undefined ? {} : { total: offset + Number(length) }) })
  const transform = new Transform({
    transform: (chunk: Buffer, _encoding, next) => {
      for (const hash of hashes) hash.update(chunk)
      bar.advance(chunk.length)
      next(null, chunk)
    },
  })
  return transform.once('close', () => bar.stop())
}

function notesOf(file: string): string {
  return `${file}.part.json`
}

// Without a strong validator nobody can say whether the rest belongs to the beginning.
async function takeNotes(file: string, wanted: Wanted, answer: IncomingMessage): Promise<PartNotes | undefined> {
  const etag = header(answer, 'etag')
  if (etag === undefined || etag.startsWith('W/')) {
    await rm(notesOf(file), { force: true })
    return undefined
  }
  const sha256 = digestOf(answer, 'repr-digest') ?? digestOf(answer, 'content-digest')
  const notes: PartNotes = { wanted, etag, ...(sha256 === undefined ? {} : { sha256 }) }
  await rm(`${file}.part`, { force: true })
  await writeFile(notesOf(file), JSON.stringify(notes))
  return notes
}

async function readPart(file: string, wanted: Wanted): Promise<Part> {
  try {
    const notes: PartNotes = JSON.parse(await readFile(notesOf(file), 'utf8'))
    const { size } = await stat(`${file}.part`)
    // As JSON, what is undefined is not there.
    if (isDeepStrictEqual(notes.wanted, JSON.parse(JSON.stringify(wanted))) && typeof notes.etag === 'string') return { offset: size, notes }
  } catch (error) {
    if (!isMissing(error) && !(Error.isError(error) && error.name === 'SyntaxError')) throw error
  }
  return { offset: 0 }
}

async function forget(file: string): Promise<void> {
  await rm(`${file}.part`, { force: true })
  await rm(notesOf(file), { force: true })
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch {
    return false
  }
}

function isMissing(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && error.code === 'ENOENT'
}
