import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseCheckpoint } from '../../../tlog/checkpoint.ts'
import { createEdge } from '../../../tlog/edge.ts'
import type { Edge } from '../../../tlog/edge.ts'
import { openNote, parseVkey } from '../../../tlog/note.ts'
import { decodeEntries, entriesPath, tilePath, tileWidth } from '../../../tlog/tiles.ts'
import { leafHash } from '../../../tlog/tree.ts'
import { unreachable } from '../../client.ts'
import type { Client } from '../../client.ts'
import { exitCodes, Failure, isFailure } from '../../failure.ts'
import type { Answer } from '../../operations.ts'
import { progressBar } from '../../progress.ts'
import { writing } from '../../whole-file.ts'
import type { Session } from '../../session.ts'

type Log = Answer<'listLogs'>['items'][number]

/** What was written of a log. */
interface WrittenLog {
  readonly log: string
  readonly origin: string
  readonly folder: string
  readonly size: number
  readonly cosignatures: number
  /** What is left of it. */
  readonly has: 'everything' | 'tiles' | 'checkpoint'
}

/**
 * Writes logs as C2SP tlog-tiles lays them out: the newest into the folder itself, older ones into folders of their names. Every tile
 * is computed here from the entries, and only what the signed checkpoint covers counts as the log.
 */
export async function exportTiles(session: Session, wanted: { readonly folder: string; readonly log?: string }): Promise<void> {
  const { client, print } = session
  const { items } = await client.call('listLogs', {})
  const logs = wanted.log === undefined ? items : items.filter(({ name }) => name === wanted.log)
  const newest = logs.at(-1)
  if (newest === undefined) throw new Failure(exitCodes.notFound, wanted.log === undefined ? 'There is no log yet.' : `There is no log ${wanted.log}; there is ${items.map(({ name }) => name).join(', ')}.`)
  await askWitnesses(session)
  const written: WrittenLog[] = []
  const faults: string[] = []
  for (const log of logs) {
    try {
      written.push(await writeLog(session, log, log === newest ? wanted.folder : join(wanted.folder, log.name)))
    } catch (error) {
      // One that was tampered with does not keep the others back.
      if (!isFailure(error) || error.exitCode !== exitCodes.failed || logs.length === 1) throw error
      faults.push(error.message)
    }
  }
  print.result({ logs: written }, written.map((log) => told(log)).join('\n'))
  if (faults.length > 0) throw new Failure(exitCodes.failed, faults.join('\n'))
}

function told({ log, folder, size, cosignatures, has }: WrittenLog): string {
  const signed = `${size} entries, ${cosignatures} ${cosignatures === 1 ? 'cosignature' : 'cosignatures'}`
  if (has === 'checkpoint') return `Wrote the log ${log} to ${folder}: ${signed}. Entries and tiles were removed after their time; its checkpoint is left.`
  return `Wrote the log ${log} to ${folder}: ${signed}. ${has === 'tiles' ? 'The entries were removed after their time. ' : ''}Its tree is the one that was signed.`
}

/** So that the checkpoint is as new as it can be; what is published counts all the same. */
async function askWitnesses({ client, print }: Session): Promise<void> {
  try {
    await client.call('askWitnesses', {})
  } catch (error) {
    if (!isFailure(error) || error.exitCode === exitCodes.unreachable) throw error
    print.note(`Witnesses could not be asked now: ${error.message}`)
  }
}

async function writeLog(session: Session, log: Log, folder: string): Promise<WrittenLog> {
  await requireOwn(folder, log)
  const note = (await bytesOf(session, () => session.client.open('getLogCheckpoint', { path: { log: log.name } }))).toString('utf8')
  const { text, lines, signedBy } = openNote(note, [parseVkey(log.vkey)])
  const { size, root, origin } = parseCheckpoint(text)
  if (signedBy.length === 0 || origin !== log.origin) throw new Failure(exitCodes.failed, `The checkpoint of the log ${log.name} is not signed by its key. Nothing was written.`)
  const edge = log.prunedAt === null ? await writeEntries(session, log, { folder, size }) : await writeTiles(session, log, { folder, size })
  const has = log.prunedAt === null ? 'everything' : edge === undefined ? 'checkpoint' : 'tiles'
  if (edge !== undefined && !edge.root().equals(root)) throw new Failure(exitCodes.failed, `The entries of the log ${log.name} are not those that were signed: their tree has another root. Keep what is in ${folder}, and ask for "concordat audit check".`)
  if (edge !== undefined) await writePartial(edge, folder)
  await put(folder, 'vkey', `${log.vkey}\n`)
  // Last: what it covers is there.
  await put(folder, 'checkpoint', note)
  return { log: log.name, origin, folder, size, cosignatures: lines.filter(({ name }) => name !== origin).length, has }
}

/** Two logs in one folder would be no log. */
async function requireOwn(folder: string, { vkey }: Log): Promise<void> {
  const present = await readFile(join(folder, 'vkey'), 'utf8').catch(() => undefined)
  if (present !== undefined && present.trim() !== vkey) throw new Failure(exitCodes.usage, `${folder} holds another log. Name an empty folder.`)
}

async function writeEntries(session: Session, log: Log, { folder, size }: { folder: string; size: number }): Promise<Edge> {
  const edge = createEdge(0, () => Buffer.alloc(0))
  const bar = progressBar(session.terminal, log.name)
  try {
    for (let index = 0; index * tileWidth < size; index++) {
      const width = Math.min(tileWidth, size - index * tileWidth)
      const bundle = await bytesOf(session, () => session.client.open('getLogEntries', { path: { log: log.name, index }, query: { width } }))
      const entries = decodeEntries(bundle)
      if (entries.length !== width) throw new Failure(exitCodes.failed, `The log ${log.name} gave ${entries.length} entries where ${width} are due.`)
      for (const entry of entries) edge.append(leafHash(entry))
      await put(folder, entriesPath(index, width), bundle)
      for (const tile of edge.takeFull()) await put(folder, tilePath({ ...tile, width: tileWidth }), tile.hashes)
      bar.advance(bundle.length)
    }
  } finally {
    bar.stop()
  }
  return edge
}

/** Of a log without entries its tiles stay, unless they were removed as well: then undefined. */
async function writeTiles(session: Session, log: Log, { folder, size }: { folder: string; size: number }): Promise<Edge | undefined> {
  const edge = createEdge(0, () => Buffer.alloc(0))
  for (let index = 0; index * tileWidth < size; index++) {
    const width = Math.min(tileWidth, size - index * tileWidth)
    const hashes = await tileOf(session, { log: log.name, index, width })
    if (hashes === undefined && index === 0) return undefined
    if (hashes?.length !== width * hashBytes) throw new Failure(exitCodes.failed, `The log ${log.name} lacks its tile ${index}, which must be there while others are. Ask for "concordat audit check".`)
    for (let at = 0; at < hashes.length; at += hashBytes) edge.append(hashes.subarray(at, at + hashBytes))
    for (const tile of edge.takeFull()) await put(folder, tilePath({ ...tile, width: tileWidth }), tile.hashes)
  }
  return edge
}

const hashBytes = 32

async function tileOf(session: Session, { log, index, width }: { log: string; index: number; width: number }): Promise<Buffer | undefined> {
  try {
    return await bytesOf(session, () => session.client.open('getLogTile', { path: { log, level: 0, index }, query: { width } }))
  } catch (error) {
    if (isFailure(error) && error.exitCode === exitCodes.notFound) return undefined
    throw error
  }
}

/** The right edge: of each level the tile that is not full. */
async function writePartial(edge: Edge, folder: string): Promise<void> {
  for (let level = 0, nodes = edge.size; nodes > 0; level++, nodes = Math.floor(nodes / tileWidth)) {
    const [index, width] = [Math.floor(nodes / tileWidth), nodes % tileWidth]
    if (width === 0) continue
    const hashes = edge.tile(level, index, width)
    if (hashes === undefined) throw new Error(`The tile ${level}/${index} of ${width} hashes is not there`)
    await put(folder, tilePath({ level, index, width }), hashes)
  }
}

async function put(folder: string, path: string, content: string | Uint8Array): Promise<void> {
  const file = join(folder, path)
  await writing(file, async () => {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  })
}

async function bytesOf({ url }: Session, ask: () => ReturnType<Client['open']>): Promise<Buffer> {
  const answer = await ask()
  const chunks: Buffer[] = []
  try {
    for await (const chunk of answer) chunks.push(Buffer.from(chunk))
  } catch (error) {
    throw unreachable(url, error)
  }
  if (!answer.complete) throw unreachable(url, new Error('it stopped in the middle'))
  return Buffer.concat(chunks)
}
