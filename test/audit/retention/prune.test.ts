import { afterAll, beforeEach, expect, test } from '@jest/globals'
import type { Audit } from '../../../src/audit/audit.ts'
import { finishPruning, pruneDue, pruneLog } from '../../../src/audit/retention/prune.ts'
import { markPruned } from '../../../src/audit/retention/store.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'

let database: Database
let audit: Audit
const databases: Database[] = []
const now = new Date('2026-11-21T10:00:00Z')
const clock = () => now
const request = { reason: 'Their time is over', actor: 'operator' } as const

beforeEach(async () => {
  database = await openTestDatabase()
  databases.push(database)
  audit = await openTestAudit(database, { clock })
  await closedLog()
})

afterAll(async () => {
  for (const each of databases) await each.close()
})

/** Entries of a log of 2024 that is closed, with openings and a tile, far behind those of the open one. */
async function closedLog(): Promise<void> {
  const { db } = database
  const start = 1_000_000
  await db.insertInto('audit_log').values({ name: '2024', origin: 'connector.example/log/2024', vkey: 'v', start, opened_at: new Date('2024-01-01T00:00:00Z'), closed_at: new Date('2025-01-01T00:00:00Z'), size: 3, sealed: 3, checkpoint: 'note' }).execute()
  for (const index of [start, start + 1, start + 2]) {
    await db.insertInto('audit_entry').values({ index, rest: '{}', time: new Date('2024-05-01T00:00:00Z'), type: 'data.permitted', agreement_id: null, transfer_id: null, partner: null, dataset_id: null, seq: null, role: null, purpose: null, decision: null }).execute()
    await db.insertInto('audit_opening').values({ index, fields: '{}' }).execute()
  }
  await db.insertInto('audit_tile').values({ log: '2024', level: 0, index: 0, hashes: Buffer.alloc(8192) }).execute()
}

async function left(): Promise<{ entries: number; openings: number; tiles: number }> {
  const { db } = database
  const [entries, openings, tiles] = [await db.selectFrom('audit_entry').select('index').where('index', '>=', 1_000_000).execute(), await db.selectFrom('audit_opening').select('index').where('index', '>=', 1_000_000).execute(), await db.selectFrom('audit_tile').select('log').where('log', '=', '2024').execute()]
  return { entries: entries.length, openings: openings.length, tiles: tiles.length }
}

test('a closed log loses its entries, openings and tiles, keeps its checkpoint, and the record says so', async () => {
  expect(await pruneLog({ database, audit, clock, years: undefined }, { log: '2024', ...request })).toEqual({ log: '2024', records: 3, runningAgreements: 0 })
  expect(await left()).toEqual({ entries: 0, openings: 0, tiles: 0 })
  const log = await database.db.selectFrom('audit_log').select(['checkpoint', 'pruned_at']).where('name', '=', '2024').executeTakeFirst()
  expect(log).toEqual({ checkpoint: 'note', pruned_at: now })
  const [told] = await audit.entries({ type: 'log.pruned', limit: 10 })
  expect(told).toMatchObject({ name: '2024', from: 1_000_000, count: 3, checkpoint: 'note', reason: 'Their time is over', actor: 'operator' })
  await expect(pruneLog({ database, audit, clock, years: undefined }, { log: '2024', ...request })).rejects.toMatchObject({ code: 'conflict' })
})

test('tells first what it would do, and removes nothing then', async () => {
  expect(await pruneLog({ database, audit, clock, years: undefined }, { log: '2024', ...request, dryRun: true })).toMatchObject({ records: 3 })
  expect(await left()).toEqual({ entries: 3, openings: 3, tiles: 1 })
  expect(await audit.entries({ type: 'log.pruned', limit: 1 })).toEqual([])
})

test('what is open, too young, not sealed or not there is refused', async () => {
  const open = (await audit.log.logs()).find(({ closedAt }) => closedAt === null)?.name ?? ''
  const prune = (log: string, years?: number) => pruneLog({ database, audit, clock, years }, { log, ...request })
  await expect(prune(open)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('is open') })
  await expect(prune('2024', 2)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('2027-01-01') })
  await expect(prune('1999')).rejects.toMatchObject({ code: 'not-found' })
  await database.db.updateTable('audit_log').set({ sealed: 2 }).where('name', '=', '2024').execute()
  await expect(prune('2024')).rejects.toMatchObject({ code: 'conflict' })
  expect(await left()).toEqual({ entries: 3, openings: 3, tiles: 1 })
})

test('logs whose time is over are pruned by themselves, only where years are set', async () => {
  expect(await pruneDue({ database, audit, clock, years: undefined })).toEqual([])
  expect(await pruneDue({ database, audit, clock, years: 2 })).toEqual([])
  expect(await left()).toEqual({ entries: 3, openings: 3, tiles: 1 })
  expect(await pruneDue({ database, audit, clock, years: 1 })).toEqual([{ log: '2024', records: 3, runningAgreements: 0 }])
  expect(await left()).toEqual({ entries: 0, openings: 0, tiles: 0 })
})

test('what was cut off is finished, and nothing else is touched', async () => {
  const before = await audit.size()
  await markPruned(database.db, '2024', now)
  await finishPruning({ database })
  expect(await left()).toEqual({ entries: 0, openings: 0, tiles: 0 })
  expect(await audit.entries({ limit: 1000 })).toHaveLength(before)
})
