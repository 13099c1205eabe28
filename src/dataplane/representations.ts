import { createWriteStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, utimes, readFile, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ProblemError } from '../errors.ts'
import { digestOf } from './file-digest.ts'
import { inputFormat } from './inspect.ts'
import type { DuckDbPool } from './sources/duckdb/pool.ts'
import type { PostgresqlSources } from './sources/postgresql.ts'
import type { FileVersion, PostgresqlSource, TabularFormat } from './sources/source.ts'
import { mediaTypes } from './sources/source.ts'

/** How data is given: one of the tabular formats, or the file as it was published. */
export type DataFormat = TabularFormat | 'original'

/** A file ready to be sent. Whoever has it closes its handle. */
export interface Representation {
  readonly handle: FileHandle
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
  readonly mediaType: string
  readonly fileName: string
  readonly rows?: number
}

/** Files as they are sent: the original, or an export that is made once and kept while there is room. */
export interface Representations {
  ofVersion(version: FileVersion, format: DataFormat): Promise<Representation>
  /** The version's rows as typed Parquet in the cache, which may let it go. */
  typed(version: FileVersion): Promise<{ readonly path: string }>
  /** A table written into a file that is gone when its handle is closed. */
  ofTable(source: PostgresqlSource, format: TabularFormat, name: string): Promise<Representation>
}

export interface RepresentationsDeps {
  readonly pool: DuckDbPool
  readonly postgresql: PostgresqlSources
  readonly directory: string
  readonly maxBytes: number
}

export function createRepresentations(deps: RepresentationsDeps): Representations {
  const making = new Map<string, Promise<unknown>>()
  const verified = new Map<string, string>()

  async function exported(version: FileVersion, to: TabularFormat): Promise<Representation & { readonly path: string }> {
    const from = inputFormat(version)
    const key = `${version.sha256}-${from}-${to}`
    for (let attempt = 0; ; attempt++) {
      const found = await openCached(deps.directory, key)
      if (found !== undefined) return { ...found, mediaType: mediaTypes[to], fileName: `${baseName(version.fileName)}.${to}` }
      // It may have been pushed out between making and opening.
      if (attempt === 3) throw new ProblemError('query-timeout', 'There is no room for the file in this format. Try again later.')
      const make = making.get(key) ?? makeExport(deps, version, { key, from, to }).finally(() => making.delete(key))
      making.set(key, make)
      await make
    }
  }

  async function ofVersion(version: FileVersion, format: DataFormat): Promise<Representation> {
    const handle = await openVersion(version)
    try {
      await verify(handle, version, verified)
      if (format === 'original') return { handle, bytes: version.bytes, sha256: version.sha256, mediaType: version.mediaType, fileName: version.fileName }
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    return exported(version, format)
  }

  async function typed(version: FileVersion): Promise<{ path: string }> {
    const original = await ofVersion(version, 'original')
    await original.handle.close()
    const { handle, path } = await exported(version, 'parquet')
    await handle.close()
    return { path }
  }

  return { ofVersion, typed, ofTable: (source, format, name) => tableFile(deps, source, { format, name }) }
}

async function openVersion(version: FileVersion): Promise<FileHandle> {
  try {
    return await open(version.path)
  } catch (cause) {
    throw new ProblemError('gone', `The content of version ${version.number} is no longer there.`, { cause })
  }
}

// A file in a folder of the operator's may change under us; then it is not the version that was published. One that was
// touched after it was published is read once to see whether it is still the same.
async function verify(handle: FileHandle, version: FileVersion, verified: Map<string, string>): Promise<void> {
  const facts = await handle.stat()
  const changed = new ProblemError('gone', `The content of version ${version.number} was changed after it was published. Ask the provider to publish it as a new version.`)
  if (facts.size !== version.bytes) throw changed
  if (facts.mtimeMs <= version.createdAt.getTime()) return
  const seen = `${facts.dev} ${facts.ino} ${facts.mtimeMs} ${facts.size}`
  if (verified.get(seen) === undefined) {
    if (verified.size > 10_000) verified.clear()
    verified.set(seen, await digestOf(handle))
  }
  if (verified.get(seen) !== version.sha256) throw changed
}

interface CachedFile {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  readonly rows: number
}

// `KEY.json` names the file with the content, whose name has its digest: whoever reads the one gets the other, whole.
async function openCached(directory: string, key: string): Promise<(Pick<Representation, 'handle' | 'bytes' | 'sha256' | 'rows'> & { readonly path: string }) | undefined> {
  const facts = join(directory, `${key}.json`)
  const text = await readFile(facts, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const cached: CachedFile = JSON.parse(text)
  const path = join(directory, cached.file)
  const handle = await open(path).catch(() => undefined)
  if (handle === undefined) return undefined
  if ((await handle.stat()).size !== cached.bytes) {
    await handle.close()
    return undefined
  }
  const now = new Date()
  await utimes(facts, now, now).catch(() => undefined)
  return { handle, path, bytes: cached.bytes, sha256: cached.sha256, rows: cached.rows }
}

async function makeExport(deps: RepresentationsDeps, version: FileVersion, wanted: { key: string; from: ReturnType<typeof inputFormat>; to: TabularFormat }): Promise<void> {
  await deps.pool.export({ path: version.path, format: wanted.from }, wanted.to, async ({ path, rows }) => {
    const handle = await open(path)
    const sha256 = await digestOf(handle)
    await handle.close()
    const { size } = await stat(path)
    await makeRoom(deps.directory, deps.maxBytes - size)
    const file = `${wanted.key}-${sha256}`
    await rename(path, join(deps.directory, file))
    const facts: CachedFile = { file, bytes: size, sha256, rows }
    await writeFile(`${path}.json`, JSON.stringify(facts))
    await rename(`${path}.json`, join(deps.directory, `${wanted.key}.json`))
  })
}

// Removes what was used longest ago. A download that is running keeps its open file.
async function makeRoom(directory: string, room: number): Promise<void> {
  const names = await readdir(directory)
  const files: { key: string; used: number; bytes: number; content: string[] }[] = []
  for (const name of names.filter((name) => extname(name) === '.json')) {
    const key = name.slice(0, -'.json'.length)
    const content = names.filter((other) => other.startsWith(`${key}-`))
    const sizes = await Promise.all(content.map(async (other) => (await stat(join(directory, other)).catch(() => undefined))?.size ?? 0))
    const used = (await stat(join(directory, name)).catch(() => undefined))?.mtimeMs ?? 0
    files.push({ key, used, bytes: sizes.reduce((sum, size) => sum + size, 0), content })
  }
  let total = files.reduce((sum, file) => sum + file.bytes, 0)
  for (const file of files.toSorted((a, b) => a.used - b.used)) {
    if (total <= Math.max(room, 0)) return
    total -= file.bytes
    for (const name of [`${file.key}.json`, ...file.content]) await rm(join(directory, name), { force: true })
  }
}

async function tableFile(deps: RepresentationsDeps, source: PostgresqlSource, wanted: { format: TabularFormat; name: string }): Promise<Representation> {
  await mkdir(deps.directory, { recursive: true })
  const folder = await mkdtemp(join(deps.directory, 'job-'))
  try {
    const table = await deps.postgresql.open(source)
    const path = join(folder, 'rows')
    await pipeline(table.stream(wanted.format === 'parquet' ? 'csv' : wanted.format), createWriteStream(path))
    const facts = { mediaType: mediaTypes[wanted.format], fileName: `${wanted.name}.${wanted.format}` }
    if (wanted.format !== 'parquet') return { ...facts, ...(await openWhole(path)), rows: table.rows() ?? 0 }
    const known = table.columns.map(({ name, type }) => ({ name, type }))
    return await deps.pool.export({ path, format: 'csv', known }, 'parquet', async (file) => ({ ...facts, ...(await openWhole(file.path)), rows: file.rows }))
  } finally {
    // The open handle keeps the content.
    await rm(folder, { recursive: true, force: true })
  }
}

async function openWhole(path: string): Promise<Pick<Representation, 'handle' | 'bytes' | 'sha256'>> {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    return { handle, bytes: size, sha256: await digestOf(handle) }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** A file's name without its extension, for names of exports. */
export function baseName(fileName: string): string {
  return fileName.slice(0, fileName.length - extname(fileName).length) || 'data'
}

/** Removes what crashed processes left: folders of jobs older than a day. */
export async function removeLeftovers(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  for (const name of names.filter((name) => name.startsWith('job-'))) {
    const facts = await stat(join(directory, name)).catch(() => undefined)
    if (facts !== undefined && facts.mtimeMs < Date.now() - 86_400_000) await rm(join(directory, name), { recursive: true, force: true })
  }
}
