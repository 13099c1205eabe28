import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import type { Audit } from '../../../src/audit/audit.ts'
import type { Checkpoint, LogInfo } from '../../../src/audit/log/log.ts'
import { finishPruning, pruneDue, pruneLog } from '../../../src/audit/retention/prune.ts'
import { markPruned } from '../../../src/audit/retention/store.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { formatProof } from '../../../src/tlog/proof.ts'
import { verifyConsistency, verifyInclusion } from '../../../src/tlog/tree.ts'
import { auditFolder, emptyRecord, openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'

const request = { reason: 'Their time is over', actor: 'operator' } as const
const closed = new Date('2025-01-01T00:00:05Z')
const entries = 600

let now: Date
const clock = () => now
let database: Database
let audit: Audit
let directory: string
let old: LogInfo
let early: Checkpoint
let last: Checkpoint

/** A connector that was run for two years: the log of the first is closed. */
beforeEach(async () => {
  database ??= await openTestDatabase()
  await emptyRecord(database)
  directory = await auditFolder()
  now = new Date('2024-05-01T00:00:00Z')
  audit = await openTestAudit(database, { clock, directory })
  await audit.record({ type: 'data.received', agreement: 'a', actor: 'Ana' })
  early = await signed(audit)
  await database.transaction((tx) => audit.append(tx, ...Array.from({ length: entries - 4 }, (_none, n) => ({ type: 'test.many', n }))))
  await audit.record({ type: 'test.last' })
  now = closed
  await audit.keeping.beginYear()
  now = new Date('2026-11-21T10:00:00Z')
  await audit.keeping.beginYear()
  old = (await audit.log.logs())[0] ?? old
  last = await signed(audit, '2024')
  await reopen()
})
afterEach(() => audit.close())
afterAll(() => database.close())

async function signed(of: Audit, log?: string): Promise<Checkpoint> {
  const checkpoint = await of.log.checkpoint(log)
  if (checkpoint === undefined) throw new Error('Nothing is signed')
  return checkpoint
}

/** What is in memory goes. */
async function reopen(): Promise<void> {
  await audit.close()
  audit = await openTestAudit(database, { clock, directory })
}

const prune = (log: string, more: { years?: number; tiles?: boolean; dryRun?: boolean } = {}) => pruneLog({ database, audit, clock, years: more.years }, { log, ...request, tiles: more.tiles, dryRun: more.dryRun })

async function left(): Promise<{ entries: number; openings: number; tiles: number }> {
  const { db } = database
  const [rows, openings, tiles] = [await db.selectFrom('audit_entry').select('index').where('index', '<', entries).execute(), await db.selectFrom('audit_opening').select('index').where('index', '<', entries).execute(), await db.selectFrom('audit_tile').select('log').where('log', '=', '2024').execute()]
  return { entries: rows.length, openings: openings.length, tiles: tiles.length }
}

async function proves(index: number): Promise<boolean> {
  const { leafHash: leaf, leafIndex, proof, checkpoint } = await audit.log.inclusion(index)
  expect(await audit.log.receipt(index)).toBe(formatProof({ index: leafIndex, proof, checkpoint: last.note, extra: leaf }))
  return verifyInclusion({ leaf, index: leafIndex, size: checkpoint.size, proof, root: last.root })
}

test('a closed log loses its entries and openings, and the record says so', async () => {
  expect(await left()).toEqual({ entries, openings: 1, tiles: 2 })
  expect(await prune('2024')).toEqual({ log: '2024', records: entries, runningAgreements: 0 })
  expect(await left()).toEqual({ entries: 0, openings: 0, tiles: 3 })
  const [told] = await audit.entries({ type: 'log.pruned', limit: 10 })
  expect(told).toMatchObject({ name: '2024', from: 0, count: entries, checkpoint: last.note, reason: 'Their time is over', actor: 'operator' })
  expect(told).not.toHaveProperty('tiles')
  await expect(prune('2024')).rejects.toMatchObject({ code: 'conflict' })
})

test('its checkpoint, tiles and proofs are there as before, at its very end too', async () => {
  const tile = (level: number, index: number, width: number) => audit.log.tile('2024', { level, index, width })
  const before = [await tile(0, 0, 256), await tile(0, 2, entries - 512), await tile(1, 0, 2)]
  for (const restart of [false, true]) {
    if (!restart) await prune('2024')
    else await reopen()
    expect(await signed(audit, '2024')).toEqual(last)
    expect([await tile(0, 0, 256), await tile(0, 2, entries - 512), await tile(1, 0, 2)]).toEqual(before)
    expect(await tile(0, 2, entries - 511)).toBeUndefined()
    for (const index of [0, 255, 256, 511, 512, entries - 1]) expect(await proves(index)).toBe(true)
    const proof = await audit.log.consistency('2024', early.size, last.size)
    expect(verifyConsistency({ oldSize: early.size, oldRoot: early.root, size: last.size, root: last.root, proof })).toBe(true)
    await expect(audit.log.leaves('2024', 0, 10)).rejects.toMatchObject({ code: 'gone', status: 410 })
  }
  expect((await audit.keeping.check()).findings).toEqual([])
  expect(await audit.log.status()).toMatchObject({ state: 'running', faults: [] })
})

test('a tile of a pruned log that was changed or removed is found', async () => {
  await prune('2024')
  await database.db.updateTable('audit_tile').set({ hashes: Buffer.alloc((entries - 512) * 32, 7) }).where('log', '=', '2024').where('index', '=', 2).execute()
  expect((await audit.keeping.check()).findings).toMatchObject([{ log: '2024', kind: 'root-differs' }])
  await database.db.deleteFrom('audit_tile').where('log', '=', '2024').where('index', '=', 1).execute()
  expect((await audit.keeping.check()).findings).toContainEqual(expect.objectContaining({ log: '2024', kind: 'tile-changed', detail: expect.objectContaining({ level: 0, index: 1 }) }))
})

test('where the tiles were to go as well, its checkpoint is left, and the rest is gone', async () => {
  await prune('2024', { tiles: true })
  expect(await left()).toEqual({ entries: 0, openings: 0, tiles: 0 })
  expect((await audit.entries({ type: 'log.pruned', limit: 1 }))[0]).toMatchObject({ tiles: 'removed' })
  for (const restart of [false, true]) {
    if (restart) await reopen()
    expect(await signed(audit, '2024')).toEqual(last)
    const gone = [audit.log.tile('2024', { level: 0, index: 0, width: 256 }), audit.log.inclusion(5), audit.log.receipt(5), audit.log.consistency('2024', early.size, last.size), audit.log.leaves('2024', 0, 1)]
    for (const answer of await Promise.allSettled(gone)) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'gone' } })
  }
  expect((await audit.keeping.check()).findings).toEqual([])
})

test('what was tampered with is not removed: it is left to be found', async () => {
  await database.db.updateTable('audit_entry').set({ rest: '{"n":-1}' }).where('index', '=', entries - 10).execute()
  await expect(prune('2024')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('audit check') })
  expect(await left()).toEqual({ entries, openings: 1, tiles: 2 })
})

test('tells first what it would do, and removes nothing then', async () => {
  expect(await prune('2024', { dryRun: true })).toMatchObject({ records: entries })
  expect(await left()).toEqual({ entries, openings: 1, tiles: 2 })
  expect(await audit.entries({ type: 'log.pruned', limit: 1 })).toEqual([])
})

test('what is open, too young, not sealed or not there is refused', async () => {
  const open = (await audit.log.logs()).find(({ closedAt }) => closedAt === null)?.name ?? ''
  await expect(prune(open)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('is open') })
  await expect(prune('2024', { years: 2 })).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('2027-01-01') })
  await expect(prune('1999')).rejects.toMatchObject({ code: 'not-found' })
  await database.db.updateTable('audit_log').set({ sealed: 2 }).where('name', '=', '2024').execute()
  await expect(prune('2024')).rejects.toMatchObject({ code: 'conflict' })
  expect(await left()).toEqual({ entries, openings: 1, tiles: 2 })
})

test('logs whose time is over are pruned by themselves, only where years are set; what was cut off is finished', async () => {
  const due = (years: number | undefined) => pruneDue({ database, audit, clock, years })
  expect(await due(undefined)).toEqual([])
  expect(await due(2)).toEqual([])
  expect(await left()).toEqual({ entries, openings: 1, tiles: 2 })
  // Nobody knows yet whether the clock leapt: nothing was written since the time was over but just now.
  expect(await due(1)).toEqual([])
  now = new Date(now.getTime() + 7 * 86_400_000)
  expect(await due(1)).toEqual([{ log: '2024', records: entries, runningAgreements: 0 }])
  expect(await left()).toEqual({ entries: 0, openings: 0, tiles: 3 })
  // Marked, and the process ended there.
  const size = await audit.size()
  // A clock that leaps empties nothing, also when much was written by it already.
  const right = now
  now = new Date('2036-11-21T10:00:00Z')
  await audit.record({ type: 'test.leap' })
  now = new Date(now.getTime() + 6 * 86_400_000)
  await audit.record({ type: 'test.leap' })
  expect(await due(3)).toEqual([])
  now = right
  expect(await due(3)).toEqual([])
  await markPruned(database.db, '2025', now)
  await finishPruning({ database })
  expect((await database.db.selectFrom('audit_entry').select('index').execute()).length).toBe(size + 2 - (old.size ?? 0) - 2)
})
