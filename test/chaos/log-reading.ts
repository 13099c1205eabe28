import type { components } from '../../openapi/management.d.ts'
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts'
import type { CheckpointText } from '../../src/tlog/checkpoint.ts'
import { openNote, parseVkey } from '../../src/tlog/note.ts'
import { decodeEntries, tilePath, tileWidth } from '../../src/tlog/tiles.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import { insist, pause } from './client.ts'
import type { Entry } from './client.ts'

export interface Log extends Readonly<components['schemas']['Log']> {
  /** Whether a break ended it: nothing more of it is signed than was signed before. */
  readonly broken: boolean
}

/** A checkpoint that the key of its log has signed. */
export interface Signed extends CheckpointText {
  readonly note: string
}

/** Opens a note of a log. Throws when the key of the log has not signed it. */
export function openOwn(log: Pick<Log, 'origin' | 'vkey'>, note: string): Signed {
  const { text, signedBy } = openNote(note, [parseVkey(log.vkey)])
  const checkpoint = parseCheckpoint(text)
  if (signedBy.length !== 1 || checkpoint.origin !== log.origin) throw new Error(`A checkpoint of ${checkpoint.origin} is not signed by the key of ${log.origin}`)
  return { ...checkpoint, note }
}

export async function readLogs(connector: ConnectorProcess): Promise<Log[]> {
  const { status, body } = await insist<{ items: components['schemas']['Log'][] }>(connector, 'GET', '/audit/logs')
  if (status !== 200) throw new Error(`${connector.name} answered GET /audit/logs with ${status}`)
  const opened = await Promise.all(body.items.map(({ start }) => insist<Entry>(connector, 'GET', `/audit/entries/${start}`)))
  return body.items.map((log, place) => ({ ...log, broken: opened[place + 1]?.body['reason'] === 'break' }))
}

/** A checkpoint that covers the whole log: of the open one, all that is recorded now; of one that a break ended, what is still shown of it. */
export async function readHead(connector: ConnectorProcess, log: Log): Promise<Signed> {
  if (log.broken) return openOwn(log, (await readBytes(connector, `${connector.managementUrl}/audit/logs/${log.name}/checkpoint`)).toString('utf8'))
  const newest = log.size === null ? (await insist<{ items: Entry[] }>(connector, 'GET', '/audit/entries?order=desc&limit=1')).body.items[0]?.index : log.start + log.size - 1
  const proof = await insist<components['schemas']['AuditProof']>(connector, 'GET', `/audit/entries/${newest}/proof`)
  if (proof.status !== 200) throw new Error(`${connector.name} has no proof of entry ${newest}: ${proof.status} ${JSON.stringify(proof.body).slice(0, 300)}`)
  return openOwn(log, proof.body.checkpoint)
}

/** The hashes of the leaves, from the tiles on the public listener. */
export async function readLeaves(connector: ConnectorProcess, log: Log, size: number): Promise<Buffer[]> {
  const leaves: Buffer[] = []
  for (let index = 0; index * tileWidth < size; index++) {
    const width = Math.min(tileWidth, size - index * tileWidth)
    const tile = await readBytes(connector, `${connector.publicUrl}/log/${log.name}/${tilePath({ level: 0, index, width })}`)
    for (let place = 0; place < width; place++) leaves.push(tile.subarray(32 * place, 32 * place + 32))
  }
  return leaves
}

/** The entries as they were hashed. */
export async function readEntries(connector: ConnectorProcess, log: Log, size: number): Promise<Buffer[]> {
  const entries: Buffer[] = []
  for (let index = 0; index * tileWidth < size; index++) {
    const width = Math.min(tileWidth, size - index * tileWidth)
    entries.push(...decodeEntries(await readBytes(connector, `${connector.managementUrl}/audit/logs/${log.name}/entries/${index}?width=${width}`)))
  }
  return entries
}

async function readBytes(connector: ConnectorProcess, url: string): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${connector.token}` }, signal: AbortSignal.timeout(20_000) }).catch(() => undefined)
    if (answer?.status === 200) return Buffer.from(await answer.arrayBuffer())
    if (attempt === 20) throw new Error(`GET ${url} was answered with ${answer?.status}: ${await answer?.text()}`)
    await answer?.body?.cancel()
    await connector.whenUp()
    await pause(100)
  }
}

/** One look at a note that may be there; undefined when it is not, or nobody answers. */
export async function peek(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    const text = await answer.text()
    return answer.status === 200 ? text : undefined
  } catch {
    return undefined
  }
}
