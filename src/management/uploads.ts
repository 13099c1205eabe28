import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FileInput } from '../catalog/datasets/dataset.ts'
import { ProblemError } from '../errors.ts'
import type { ReceivedFile } from './operation.ts'

interface UploadDeps {
  readonly clock: () => Date
  readonly uploadDirectory: string
}

/** An upload that waits for its dataset. */
export interface Upload {
  readonly id: string
  readonly fileName: string
  readonly mediaType: string | null
  readonly bytes: number
  readonly sha256: string
  readonly expiresAt: string
}

const keptMs = 24 * 60 * 60 * 1000

/** Takes a request's body into a file. Refuses one that is too large or does not match its `Content-Digest`. */
export async function receiveFile(deps: { uploadDirectory: string; uploadLimit: number }, req: IncomingMessage): Promise<ReceivedFile> {
  const encoding = req.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') throw new ProblemError('unsupported-media-type', 'Send the file as it is, without Content-Encoding.')
  const fileName = readFileName(req.headers['content-disposition'])
  const expected = readDigests(req.headers['content-digest'])
  if (Number(req.headers['content-length'] ?? 0) > deps.uploadLimit) throw tooLarge(deps.uploadLimit)
  await mkdir(deps.uploadDirectory, { recursive: true, mode: 0o700 })
  const path = join(deps.uploadDirectory, `${randomUUID()}.part`)
  try {
    const measured = await measure(req, path, deps.uploadLimit, ['sha256', ...expected.keys()])
    for (const [algorithm, digest] of expected) {
      if (measured.digests.get(algorithm)?.toString('base64') !== digest) throw new ProblemError('digest-mismatch', 'The content does not match its Content-Digest. Send it again.')
    }
    const mediaType = req.headers['content-type']
    return { path, fileName, bytes: measured.bytes, sha256: measured.digests.get('sha256')?.toString('hex') ?? '', ...(mediaType === undefined ? {} : { mediaType }) }
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

async function measure(req: IncomingMessage, path: string, limit: number, algorithms: readonly string[]): Promise<{ bytes: number; digests: Map<string, Buffer> }> {
  const hashes = new Map(algorithms.map((algorithm) => [algorithm, createHash(algorithm)]))
  let bytes = 0
  const meter = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      for (const hash of hashes.values()) hash.update(chunk)
      done(bytes > limit ? tooLarge(limit) : null, chunk)
    },
  })
  try {
    await pipeline(req, meter, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }))
  } catch (error) {
    if (req.errored !== null && req.errored === error) throw new ProblemError('bad-request', 'The upload was cut off. Send it again.', { cause: error })
    throw error
  }
  return { bytes, digests: new Map([...hashes].map(([algorithm, hash]) => [algorithm, hash.digest()])) }
}

/** Keeps a received file until a dataset is made of it; removes those that nobody came for. */
export async function keepUpload(deps: UploadDeps, file: ReceivedFile): Promise<Upload> {
  await removeOld(deps)
  const uuid = randomUUID()
  const { fileName, mediaType = null, bytes, sha256 } = file
  const upload = { id: `urn:uuid:${uuid}`, fileName, mediaType, bytes, sha256, expiresAt: new Date(deps.clock().getTime() + keptMs).toISOString() }
  await writeFile(join(deps.uploadDirectory, `${uuid}.json`), JSON.stringify({ fileName, mediaType }), { mode: 0o600 })
  await rename(file.path, join(deps.uploadDirectory, `${uuid}.data`))
  return upload
}

/** Takes an upload for a dataset, so that nobody else does; `giveBack` when the dataset was not made after all. */
export async function claimUpload({ uploadDirectory }: UploadDeps, id: string): Promise<{ file: FileInput; giveBack: () => Promise<void> }> {
  const [, uuid] = /^urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(id) ?? []
  if (uuid === undefined) throw missing(id)
  const data = join(uploadDirectory, `${uuid}.data`)
  const taken = join(uploadDirectory, `${uuid}.taken`)
  const about = await orMissing(id, readFile(join(uploadDirectory, `${uuid}.json`), 'utf8'))
  await orMissing(id, rename(data, taken))
  const { fileName, mediaType }: { fileName: string; mediaType: string | null } = JSON.parse(about)
  return {
    file: { path: taken, fileName, ...(mediaType === null ? {} : { mediaType }), keep: 'move' },
    giveBack: async () => {
      await orMissing(id, rename(taken, data)).catch((error: unknown) => {
        if (!Error.isError(error) || error.name !== 'ProblemError') throw error
      })
    },
  }
}

async function orMissing<T>(id: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (Error.isError(error) && 'code' in error && error.code === 'ENOENT') throw missing(id)
    throw error
  }
}

async function removeOld({ uploadDirectory, clock }: UploadDeps): Promise<void> {
  const oldest = clock().getTime() - keptMs
  for (const name of await readdir(uploadDirectory)) {
    const path = join(uploadDirectory, name)
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && found.mtimeMs < oldest) await rm(path, { force: true })
  }
}

function missing(id: string): ProblemError {
  return new ProblemError('not-found', `There is no upload ${id}, or a dataset was made of it. Upload the file again: POST /uploads.`)
}

function tooLarge(limit: number): ProblemError {
  return new ProblemError('too-large', `An upload may have ${limit} bytes at most. Larger files go under a configured folder.`)
}

/** The file's name out of `Content-Disposition` (RFC 6266 §4.3): `filename*` counts before `filename`. */
export function readFileName(header: string | undefined): string {
  const [, extended] = /;\s*filename\*\s*=\s*UTF-8'[^']*'([^;\s]+)/i.exec(header ?? '') ?? []
  const [, quoted, plain] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(header ?? '') ?? []
  const name = extended === undefined ? (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain) : decoded(extended)
  if (name === undefined || name.trim() === '' || name.length > 500) {
    throw new ProblemError('bad-request', '/header/content-disposition: name the file, as in: attachment; filename="spending.csv".')
  }
  return name
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const algorithms = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
])

/** The digests of a `Content-Digest` that can be checked, as base64; other algorithms are passed over (RFC 9530 §2). */
function readDigests(header: string | string[] | undefined): Map<string, string> {
  const digests = new Map<string, string>()
  for (const part of (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',')) {
    const [, name = '', value = ''] = /^\s*([a-z0-9-]+)=:([A-Za-z0-9+/]*={0,2}):\s*$/.exec(part) ?? []
    const algorithm = algorithms.get(name)
    if (algorithm !== undefined) digests.set(algorithm, value)
  }
  if (header !== undefined && digests.size === 0) throw new ProblemError('bad-request', '/header/content-digest: must hold sha-256=:…: or sha-512=:…:.')
  return digests
}
