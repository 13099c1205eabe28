import { createHash, randomUUID } from 'node:crypto'
import { constants, createReadStream, createWriteStream } from 'node:fs'
import { copyFile, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, sep } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ProblemError } from '../../errors.ts'
import type { FileInput } from './dataset.ts'

/** A file that was read through once and waits to become a version. */
export interface Admitted {
  /** Where it is now. */
  readonly path: string
  readonly fileName: string
  readonly mediaType?: string
  readonly bytes: number
  readonly sha256: string
  /** Whether it stays where it is, and is never removed by us. */
  readonly reference: boolean
}

/** The content of file datasets, under `${dataDirectory}/files`. */
export interface Content {
  /** Takes a file in: checks where it is, copies or moves it, and computes its digest. */
  admit(file: FileInput): Promise<Admitted>
  /** Gives an admitted file its final place; gives the path to store. A transaction that is tried again passes what it was given before. */
  place(admitted: Admitted, version: { datasetId: string; number: number }, before?: string): Promise<string>
  /** Removes an admitted file that did not become a version. */
  discard(admitted: Admitted, stored?: string): Promise<void>
  /** Where a stored path is. */
  locate(stored: string): string
  /** Removes the content of a stored path, unless it is a reference. */
  remove(stored: string): Promise<void>
}

export function createContent(deps: { dataDirectory: string; sourceFolders: readonly string[] }): Content {
  const files = join(deps.dataDirectory, 'files')
  const locate = (stored: string) => (isAbsolute(stored) ? stored : join(deps.dataDirectory, stored))

  async function admit(file: FileInput): Promise<Admitted> {
    const fileName = plainName(file.fileName)
    const about = { fileName, ...(file.mediaType === undefined ? {} : { mediaType: file.mediaType }) }
    if (file.keep === 'move') return { ...about, ...(await take(file.path, files)), reference: false }
    const path = await insideFolders(file.path, deps.sourceFolders)
    if (file.keep === 'reference') return { ...about, path, ...(await digest(path)), reference: true }
    return { ...about, ...(await copy(path, files)), reference: false }
  }

  async function place(admitted: Admitted, { datasetId, number }: { datasetId: string; number: number }, before?: string): Promise<string> {
    if (admitted.reference) return admitted.path
    const stored = join('files', folderName(datasetId), `${number}-${safeName(admitted.fileName)}`)
    const target = locate(stored)
    await mkdir(dirname(target), { recursive: true })
    await rename(before === undefined ? admitted.path : locate(before), target)
    await syncFolder(dirname(target))
    return stored
  }

  return {
    admit,
    place,
    locate,
    discard: async (admitted, stored) => {
      if (admitted.reference) return
      await rm(admitted.path, { force: true })
      if (stored !== undefined) await rm(locate(stored), { force: true })
    },
    remove: async (stored) => {
      if (!isAbsolute(stored)) await rm(locate(stored), { force: true })
    },
  }
}

/** The real path of a file inside one of the configured folders; links and `..` that lead out are refused. */
async function insideFolders(path: string, folders: readonly string[]): Promise<string> {
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)))
  const found = isAbsolute(path) && !path.includes('\0') ? await realpath(path).catch(() => undefined) : undefined
  const inside = found !== undefined && roots.some((root) => root !== undefined && found.startsWith(root.endsWith(sep) ? root : `${root}${sep}`))
  // One answer whether it is outside or missing, so that nobody can ask which files exist.
  if (found === undefined || !inside || !(await stat(found)).isFile()) {
    throw new ProblemError('invalid-path', `There is no file ${path.slice(0, 500)} under the configured source folders (${folders.join(', ') || 'none'}). Name it by its absolute path, or upload it.`)
  }
  return found
}

async function take(path: string, files: string): Promise<{ path: string; bytes: number; sha256: string }> {
  if (!(await stat(path)).isFile()) throw new ProblemError('invalid-source', 'What was received is not a file.')
  const target = await incoming(files)
  try {
    await rename(path, target)
  } catch (error) {
    if (!(Error.isError(error) && 'code' in error && error.code === 'EXDEV')) throw error
    await copyFile(path, target, constants.COPYFILE_EXCL)
    await rm(path, { force: true })
  }
  const handle = await open(target, 'r+')
  await handle.sync()
  await handle.close()
  return { path: target, ...(await digest(target)) }
}

async function copy(path: string, files: string): Promise<{ path: string; bytes: number; sha256: string }> {
  const target = await incoming(files)
  const meter = createMeter()
  try {
    await pipeline(createReadStream(path), meter.through, createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true }))
  } catch (error) {
    await rm(target, { force: true })
    throw error
  }
  return { path: target, ...meter.result() }
}

async function incoming(files: string): Promise<string> {
  await mkdir(join(files, 'incoming'), { recursive: true, mode: 0o700 })
  return join(files, 'incoming', randomUUID())
}

async function digest(path: string): Promise<{ bytes: number; sha256: string }> {
  const meter = createMeter()
  meter.through.resume()
  await pipeline(createReadStream(path), meter.through)
  return meter.result()
}

function createMeter() {
  const hash = createHash('sha256')
  let bytes = 0
  const through = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  return { through, result: () => ({ bytes, sha256: hash.digest('hex') }) }
}

// A new name in a folder is durable only once the folder itself is written.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync()
  await handle.close()
}

// Ids may be chosen by people; only the ones we mint are names of folders as they are.
function folderName(datasetId: string): string {
  const [, uuid] = /^urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(datasetId) ?? []
  return uuid ?? createHash('sha256').update(datasetId).digest('hex').slice(0, 36)
}

/** The last part of a file name, as it is shown: no folders, no control characters. */
function plainName(name: string): string {
  const plain = basename(name.toWellFormed().replaceAll('\\', '/').replaceAll(/\p{Cc}/gu, '')).slice(0, 200)
  return plain === '' || plain === '.' || plain === '..' ? 'data' : plain
}

function safeName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_').slice(-100)
}
