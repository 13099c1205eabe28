import { createCipheriv } from 'node:crypto'
import type { Audit } from '../../../src/audit/audit.ts'
import { restoreEntries } from '../../../src/audit/store.ts'
import { saveTree } from '../../../src/audit/log/store.ts'
import { createTrees } from '../../../src/audit/log/tiles.ts'
import { formatCheckpoint } from '../../../src/tlog/checkpoint.ts'
import type { FullTile } from '../../../src/tlog/edge.ts'
import { formatNote } from '../../../src/tlog/note.ts'
import { hashOf, tileWidth } from '../../../src/tlog/tiles.ts'
import { leafHash } from '../../../src/tlog/tree.ts'
import { entryText, storedEntry } from '../../../src/audit/entry.ts'
import type { Bench } from '../dataspace.ts'
import { interleaved, median, row, timed } from '../measure.ts'
import type { Row } from '../measure.ts'
import { openLogOn } from './append.ts'
import type { Opened } from './append.ts'

const tilesAtOnce = 128

/** A log of that many entries; the hashes of all but its first and its last tile are of nothing. */
interface Side {
  readonly size: number
  readonly name: string
  readonly url: string
}

/** Start-up with a log of 10,000,000 entries, and proofs from it, beside one of 100,000. */
export async function benchLarge(bench: Bench): Promise<Row[]> {
  const large = await makeLog(bench, 'large', bench.quick ? 300_000 : 10_000_000)
  const small = await makeLog(bench, 'small', 100_000)
  const said = `of ${large.size.toLocaleString('en')}; floor: of ${small.size.toLocaleString('en')}`
  const rounds = bench.quick ? 3 : 9
  const starts = await interleaved(rounds, { large: () => startOf(bench, large), small: () => startOf(bench, small) }, ['large', 'small'])
  const cold = await interleaved(rounds * 3, { large: () => coldProof(bench, large), small: () => coldProof(bench, small) }, ['large', 'small'])
  const [one, other] = [await open(bench, large), await open(bench, small)]
  const warm = await interleaved(rounds, { large: () => warmProof(one.audit, large), small: () => warmProof(other.audit, small) }, ['large', 'small'])
  const random = await interleaved(rounds, { large: () => randomProofs(one.audit, large), small: () => randomProofs(other.audit, small) }, ['large', 'small'])
  await one.close()
  await other.close()
  bench.say('proofs and starts')
  const values = (of: Map<'large' | 'small', number[]>) => ({ ours: of.get('large') ?? [], floor: of.get('small') ?? [] })
  return [
    row({ bench: 'log', what: `open the database and a log ${said}`, unit: 'ms' }, values(starts), { of: 'ours', atMost: 2000 }),
    row({ bench: 'log', what: `receipt (checkpoint and proof of inclusion) after a start, no tile in memory, from a log ${said}`, unit: 'ms' }, values(cold), { of: 'ours', atMost: 2 }),
    row({ bench: 'log', what: `the same, against the aim for the ratio`, unit: 'ms' }, values(cold), { of: 'ratio', atMost: 1.3 }),
    row({ bench: 'log', what: `receipt of any entry, never the same twice, from a log ${said}`, unit: 'ms', note: 'the small log is in memory whole' }, values(random), { of: 'ours', atMost: 2 }),
    row({ bench: 'log', what: `receipt again, tiles in memory, from a log ${said}`, unit: 'ms' }, values(warm), { of: 'ratio', atMost: 1.3 }),
  ]
}

const open = (bench: Bench, { name, url }: Side): Promise<Opened> => openLogOn(bench, name, url)

async function startOf(bench: Bench, side: Side): Promise<number> {
  let opened: Opened | undefined
  const ms = await timed(async () => {
    opened = await open(bench, side)
  })
  if ((await opened?.audit.log.checkpoint())?.size !== side.size) throw new Error('The log is not the one that was made')
  await opened?.close()
  return ms
}

const anyOf = ({ size }: Side) => Math.floor(Math.random() * size)

/** Tiles are in nobody's memory but the database's; the connection is warm, as after a first request. */
async function coldProof(bench: Bench, side: Side): Promise<number> {
  const { audit, close } = await open(bench, side)
  // Reads no tile: it is in the edge of the tree.
  for (let time = 0; time < 5; time++) await audit.log.receipt(side.size - 1)
  const ms = await timed(() => audit.log.receipt(anyOf(side)))
  await close()
  return ms
}

async function randomProofs(audit: Audit, side: Side): Promise<number> {
  const times: number[] = []
  for (let time = 0; time < 100; time++) times.push(await timed(() => audit.log.receipt(anyOf(side))))
  return median(times)
}

async function warmProof(audit: Audit, side: Side): Promise<number> {
  const index = anyOf(side)
  const times: number[] = []
  for (let time = 0; time < 100; time++) times.push(await timed(() => audit.log.receipt(index)))
  return median(times.slice(10))
}

/** Writes the tiles and the last entries of a log, and its checkpoint: as they would lie there after so many records. */
async function makeLog(bench: Bench, name: string, size: number): Promise<Side> {
  const { audit, database, url, close } = await openLogOn(bench, name)
  const [log] = await audit.log.logs()
  const key = log === undefined ? undefined : audit.keys.find(log.origin, log.vkey)
  if (log === undefined || key === undefined) throw new Error('There is no log')
  const [opening] = await audit.log.leaves(log.name, 0, 1)
  const begun = performance.now()
  const last = storedEntry(JSON.stringify({ type: 'connector.clock', time: new Date().toISOString(), source: 'system', offsetMs: 0 }))
  const lastEntries = size % tileWidth
  await restoreEntries(database.db, Array.from({ length: lastEntries }, (_none, place) => ({ ...last, index: size - lastEntries + place })))
  await database.db.updateTable('audit_head').set({ size }).execute()
  const random = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
  const leaves = Buffer.alloc(tileWidth * 32)
  // Level by level: a tile's hashes are the roots of the tiles below it.
  let below: Buffer[] = []
  for (let level = 0, count = Math.floor(size / tileWidth); count > 0; level += 1, count = Math.floor(count / tileWidth)) {
    const above: Buffer[] = []
    for (let from = 0; from < count; from += tilesAtOnce) {
      const tiles: FullTile[] = []
      for (let index = from; index < Math.min(count, from + tilesAtOnce); index++) {
        const hashes = level === 0 ? Buffer.from(random.update(leaves)) : Buffer.concat(below.slice(index * tileWidth, (index + 1) * tileWidth))
        if (level === 0 && index === 0) hashes.set(leafHash(Buffer.from(opening?.entry ?? '')), 0)
        tiles.push({ level, index, hashes })
        above.push(hashOf(hashes))
      }
      await saveTree(database.db, log.name, { tiles, size: 0, checkpoint: '' })
    }
    below = above
  }
  const edge = await createTrees(database.db).edge(log, size)
  if (lastEntries > 0 && !edge.tile(0, Math.floor(size / tileWidth), 1)?.equals(leafHash(Buffer.from(entryText(last))))) throw new Error('The last entries are not in the tree')
  await saveTree(database.db, log.name, { tiles: [], size, checkpoint: formatNote(formatCheckpoint({ origin: log.origin, size, root: edge.root() }), key.signers(log.origin)) })
  await close()
  bench.say(`a log of ${size.toLocaleString('en')} made in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  return { size, name, url }
}
