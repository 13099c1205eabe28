import { afterAll, beforeAll, expect, test } from 'vitest'
import { open, readdir, rm, stat, truncate } from 'node:fs/promises'
import { uptime } from 'node:os'
import { join } from 'node:path'
import type { Audit } from '../../../src/audit/audit.ts'
import type { Restored } from '../../../src/audit/log/restore.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { auditFolder, emptyRecord, openTestAudit } from '../../helpers/audit.ts'
import { onPostgresql, openTestDatabase } from '../../helpers/database.ts'
import { onFullDisk } from './full-disk.ts'
import { isConsistent, isTreeOfLeaves, receiptProves } from './verify.ts'

const onPglite = onPostgresql ? test.skip : test
if (onPostgresql) console.info('Journals belong to PGlite.')

let shared: Database
beforeAll(async () => {
  shared = await openTestDatabase()
})
afterAll(() => shared.close())

/** Begins with an empty record. */
async function withDatabase(work: (database: Database, directory: string) => Promise<void>): Promise<void> {
  await emptyRecord(shared)
  await work(shared, await auditFolder())
}

async function isWhole(audit: Audit): Promise<boolean> {
  const [log] = await audit.log.logs()
  return log !== undefined && (await isTreeOfLeaves(audit, log))
}

async function checkpointOf(audit: Audit) {
  const checkpoint = await audit.log.checkpoint()
  if (checkpoint === undefined) throw new Error('Nothing is signed')
  return checkpoint
}

const many = (count: number) => Array.from({ length: count }, (_none, n) => ({ type: 'test.many', n }))

test('a restart goes on where the log was, whatever was stored of the tree', async () => {
  await withDatabase(async (database, directory) => {
    let older: Awaited<ReturnType<typeof checkpointOf>> | undefined
    // Between them, the entries cross the edge of a tile.
    for (const count of [1, 0, 253, 1, 1, 300, 700]) {
      const audit = await openTestAudit(database, { directory })
      await database.transaction((tx) => audit.append(tx, ...many(count)))
      const newer = await checkpointOf(audit)
      if (older !== undefined) expect(await isConsistent(audit, older, newer)).toBe(true)
      expect(await isWhole(audit)).toBe(true)
      older = newer
      await audit.close()
    }
    expect(older?.size).toBe(1257)
  })
})

test('what a process left unsealed when it was killed is sealed by the next', async () => {
  await withDatabase(async (database, directory) => {
    const killed = await openTestAudit(database, { directory })
    await killed.record({ type: 'test.sealed' })
    const older = await checkpointOf(killed)
    // Nothing of this reaches the sealer: as after the kill between commit and seal.
    await database.transaction((tx) => killed.append({ ...tx, atEnd: (ending) => tx.atEnd({ ...ending, committed: () => undefined }) }, ...many(600)))
    const audit = await openTestAudit(database, { directory })
    const newer = await checkpointOf(audit)
    expect(newer.size).toBe(602)
    expect(await isConsistent(audit, older, newer)).toBe(true)
    expect(await isWhole(audit)).toBe(true)
    await audit.close()
  })
})

async function journalOf(directory: string): Promise<string> {
  const name = (await readdir(directory)).find((file) => file.endsWith('.journal'))
  return join(directory, name ?? '')
}

onPglite('entries that PGlite lost when the power was cut are put back from the journal, with their numbers', async () => {
  await withDatabase(async (database, directory) => {
    const clock = () => new Date('2026-11-21T10:00:00.000Z')
    const audit = await openTestAudit(database, { directory, clock })
    await audit.record({ type: 'test.kept', agreement: 'a' })
    const [indexes] = [await Promise.all(Array.from({ length: 30 }, (_none, n) => audit.record({ type: 'test.lost', agreement: n % 2 === 0 ? 'a' : 'b', n })))]
    const older = await checkpointOf(audit)
    const before = await audit.entries({ limit: 100 })
    // What the disk has: the database as it was after the second record.
    await database.db.deleteFrom('audit_entry').where('index', '>=', 2).execute()
    await database.db.updateTable('audit_head').set({ size: 2 }).execute()
    await database.db.updateTable('audit_sequence').set({ next: 1 }).where('agreement_id', '=', 'a').execute()
    await database.db.deleteFrom('audit_sequence').where('agreement_id', '=', 'b').execute()
    const told: Restored[] = []
    const again = await openTestAudit(database, { directory, clock, onStop: { stopped: () => undefined, running: () => undefined, restored: (restored) => told.push(restored) } })
    expect(await again.entries({ before: 32, limit: 100 })).toEqual(before)
    // What else the database wrote since then is lost: it is said of what that was.
    const restored = { from: 2, to: 31, count: 30, since: '2026-11-21T10:00:00.000Z', types: { 'test.lost': 30 }, booted: expect.any(String) }
    expect(await again.entries({ after: 31, limit: 100 })).toMatchObject([{ type: 'log.restored', name: before[0]?.['name'], ...restored }])
    expect(told).toEqual([restored])
    expect(Math.abs(Date.parse(told[0]?.booted ?? '') + uptime() * 1000 - clock().getTime())).toBeLessThan(60_000)
    expect(await again.record({ type: 'test.next', agreement: 'a' })).toBe(Math.max(...indexes) + 2)
    expect((await again.entries({ agreement: 'a', limit: 100 })).map(({ seq }) => seq)).toEqual(Array.from({ length: 17 }, (_none, seq) => seq))
    expect(await isConsistent(again, older, await checkpointOf(again))).toBe(true)
    expect(await again.log.status()).toMatchObject({ state: 'running', faults: [] })
    await again.close()
  })
})

onPglite('a journal that is behind after a crash is filled from the database', async () => {
  await withDatabase(async (database, directory) => {
    const audit = await openTestAudit(database, { directory })
    for (let n = 0; n < 5; n += 1) await audit.record({ type: 'test.one', n })
    const { size: bytes } = await stat(await journalOf(directory))
    for (let n = 0; n < 5; n += 1) await audit.record({ type: 'test.two', n })
    await audit.close()
    // The end of the journal is lost, within a batch.
    await truncate(await journalOf(directory), bytes + 100)
    const again = await openTestAudit(database, { directory })
    await again.record({ type: 'test.next' })
    expect(await isWhole(again)).toBe(true)
    await again.close()
    // All of it is in the journal again: the database may lose it.
    await database.db.deleteFrom('audit_entry').where('index', '>=', 7).execute()
    await database.db.updateTable('audit_head').set({ size: 7 }).execute()
    await database.db.updateTable('audit_log').set({ sealed: 0, checkpoint: null }).execute()
    const third = await openTestAudit(database, { directory })
    expect((await third.entries({ after: 10, limit: 10 })).map(({ type }) => type)).toEqual(['test.next', 'log.restored'])
    expect(await third.log.status()).toMatchObject({ state: 'running' })
    await third.close()
  })
})

onPglite('a journal that does not fit the database stops the log', async () => {
  await withDatabase(async (database, directory) => {
    const audit = await openTestAudit(database, { directory })
    for (let n = 0; n < 5; n += 1) await audit.record({ type: 'test.one', n })
    await database.db.updateTable('audit_entry').set({ rest: '{"n":7}' }).where('index', '=', 3).execute()
    const again = await openTestAudit(database, { directory })
    expect((await again.log.status()).state).toBe('stopped')
    await expect(again.record({ type: 'test.no' })).rejects.toMatchObject({ code: 'log-stopped' })
    await again.close()
  })
  await withDatabase(async (database, directory) => {
    const audit = await openTestAudit(database, { directory })
    for (let n = 0; n < 5; n += 1) await audit.record({ type: 'test.one', n })
    await audit.close()
    await rm(await journalOf(directory))
    const again = await openTestAudit(database, { directory })
    expect(await again.log.status()).toMatchObject({ state: 'stopped', faults: [{ kind: 'journal-damaged' }] })
    await again.close()
  })
})

onPglite('on a full disk nothing counts as recorded, and work goes on when there is room', async () => {
  await withDatabase(async (database, directory) => {
    let full = false
    const openFile = async (path: string) => {
      await (await open(path, 'a')).close()
      return onFullDisk(await open(path, 'r+'), () => full)
    }
    const audit = await openTestAudit(database, { directory, openFile })
    await audit.record({ type: 'test.one' })
    const older = await checkpointOf(audit)
    full = true
    await expect(Promise.allSettled([audit.record({ type: 'test.full' }), audit.record({ type: 'test.full' })])).resolves.toMatchObject([
      { status: 'rejected', reason: { code: 'record-unavailable' } },
      { status: 'rejected', reason: { code: 'record-unavailable' } },
    ])
    // A change of state needs no seal, and is not held up.
    await database.transaction((tx) => audit.append(tx, ...many(5000)))
    await expect(audit.record({ type: 'test.full' })).rejects.toMatchObject({ code: 'record-unavailable' })
    full = false
    const index = await audit.record({ type: 'test.room' })
    const newer = await checkpointOf(audit)
    expect([newer.size, index]).toEqual([5006, 5005])
    expect(await isConsistent(audit, older, newer)).toBe(true)
    const [log] = await audit.log.logs()
    const [leaf] = await audit.log.leaves('2026', index, 1)
    expect(receiptProves(await audit.log.receipt(index), log?.vkey ?? '', leaf?.entry ?? '')).toBe(true)
    await audit.close()
    const again = await openTestAudit(database, { directory })
    expect(await again.log.status()).toMatchObject({ state: 'running', size: 5006, sealed: 5006 })
    await again.close()
  })
})
