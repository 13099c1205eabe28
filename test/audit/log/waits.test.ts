import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { openJournal } from '../../../src/audit/log/journal.ts'
import type { JournalFile } from '../../../src/audit/log/journal.ts'
import type { OpenLog } from '../../../src/audit/log/open-log.ts'
import { createSealer } from '../../../src/audit/log/sealer.ts'
import { createTrees } from '../../../src/audit/log/tiles.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { auditFolder, openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const run = async (...statements: readonly string[]) => {
  for (const statement of statements) await database.db.executeQuery(sql.raw(statement).compile(database.db))
}
const tables = ['audit_entry', 'audit_head', 'audit_log', 'audit_tile', 'audit_fault', 'audit_sequence', 'audit_opening'] as const

/** Begins with an empty record. */
async function emptied(): Promise<string> {
  for (const table of tables.filter((name) => name !== 'audit_head')) await run(`delete from ${table}`)
  await run('update audit_head set size = 0, log = null, stopped = false')
  return auditFolder()
}
const records = async (audit: Awaited<ReturnType<typeof openTestAudit>>, count: number) => {
  for (let n = 0; n < count; n += 1) await audit.record({ type: 'test.wait', n })
}
const kinds = async (audit: Awaited<ReturnType<typeof openTestAudit>>) => (await audit.log.status()).faults.map(({ kind }) => kind)

describe('nobody waits without end', () => {
  test('for the seal of what comes while a failure is dealt with', async () => {
    await emptied()
    const audit = await openTestAudit(database)
    await records(audit, 3)
    const log = (await audit.log.logs())[0]
    await audit.close()
    if (log === undefined) throw new Error('There is no log')
    let failing = true
    let end = 0
    const open: OpenLog = {
      log: { ...log, sealed: 0, checkpoint: null, prunedAt: null },
      end: () => end,
      checkpoint: () => (end === 0 ? undefined : { log: log.name, origin: log.origin, size: end, root: Buffer.alloc(32), note: '' }),
      seal: async (entries) => {
        if (failing) throw new Error('The disk is full')
        end += entries.length
        return { log: log.name, origin: log.origin, size: end, root: Buffer.alloc(32), note: '' }
      },
      adopt: async () => false,
      read: async () => [],
      leafHashes: async () => [],
      close: async () => undefined,
      abandon: async () => undefined,
    }
    let told: (() => void) | undefined
    const sealer = createSealer({ database, trees: createTrees(database.db), openLog: async () => open, marks: audit.keys.marks, onFault: async () => undefined, onError: () => told?.() })
    // One that nobody waits for: its failure is told in the very turn in which the next one comes.
    const { promise: second, resolve } = Promise.withResolvers<unknown>()
    told = () => {
      failing = false
      told = undefined
      queueMicrotask(() => resolve(sealer.sealed(1)))
    }
    sealer.offer([{ index: 0, type: 'test.wait', entry: '{}' }])
    await second
    expect(end).toBeGreaterThan(1)
    await sealer.settle()
  })

  test('for numbers that are none, and for a log without entries', async () => {
    await emptied()
    const audit = await openTestAudit(database)
    for (const index of [-1, Number.NaN, 0.5]) await expect(audit.sealed(index)).rejects.toThrow('no number')
    await audit.settle()
    await records(audit, 1)
    await audit.close()
  })

  test('when the database lost the whole log, with all that is kept beside it', async () => {
    const directory = await emptied()
    const first = await openTestAudit(database, { directory })
    await records(first, 3)
    const [log] = await first.log.logs()
    // What is kept beside the database is written in the background; nothing must come after it was removed.
    await first.close()
    // A young log of which nothing but its row is stored: as a crash leaves it.
    await run('delete from audit_entry', 'update audit_head set size = 0', "update audit_log set sealed = 0, checkpoint = null")
    for (const name of await readdir(directory)) if (/\.(journal|checkpoint)$/.test(name)) await rm(join(directory, name))
    const audit = await openTestAudit(database, { directory: await copied(directory) })
    expect(await audit.log.status()).toMatchObject({ state: 'stopped', faults: [{ kind: 'entry-missing', log: log?.name }] })
    await expect(audit.record({ type: 'test.no' })).rejects.toMatchObject({ code: 'log-stopped' })
    await audit.settle()
    await audit.close()
  })

  test('when the log that takes the entries was closed before the start', async () => {
    const directory = await emptied()
    const before = await openTestAudit(database, { directory })
    await records(before, 3)
    await before.close()
    await run('update audit_log set closed_at = opened_at, size = 4')
    const audit = await openTestAudit(database, { directory })
    await expect(audit.record({ type: 'test.no' })).rejects.toMatchObject({ code: 'log-stopped' })
    expect(await kinds(audit)).toEqual(['chain-broken'])
    await recovers(audit)
  })

  test('when it was closed while it is written', async () => {
    const directory = await emptied()
    const [one, two] = [await openTestAudit(database, { directory }), await openTestAudit(database, { directory })]
    await records(one, 3)
    await two.log.checkpoint()
    await run('update audit_log set closed_at = opened_at, size = 4')
    await records(one, 1)
    // The other reads in the list of logs that there are no more.
    await expect(two.log.checkpoint()).rejects.toMatchObject({ code: 'log-stopped' })
    expect(await kinds(two)).toEqual(['chain-broken'])
    await one.close()
    await recovers(two)
  })

  test('a check of a log to which somebody gave another size', async () => {
    const directory = await emptied()
    const audit = await openTestAudit(database, { directory })
    await records(audit, 3)
    await run('update audit_head set size = 4000000000000000')
    const { findings, entries } = await audit.keeping.check()
    expect(findings.map(({ message }) => message)).toContain('Log 2026 lacks entries 4 to 3999999999999999: removed from the database.')
    expect(entries).toBe(4)
    expect(await recovers(audit)).toBe(1_000_000)
  })

  test('for a record that a break has left out, and for the one after it', async () => {
    const directory = await emptied()
    const [one, two] = [await openTestAudit(database, { directory }), await openTestAudit(database, { directory })]
    await records(one, 3)
    const before = await two.size()
    await two.log.stop({ log: '2026', kind: 'witness-ahead', detail: { signed: 9 }, message: 'A fault for the test.' })
    const faults = await two.keeping.faults()
    await two.keeping.recover({ reason: 'A test.', acknowledge: faults.map(({ id }) => id), actor: 'ops' })
    // As when the commit was answered, and the database then went back behind it.
    await expect(one.sealed(before)).rejects.toMatchObject({ code: 'record-unavailable' })
    expect(await one.record({ type: 'test.after' })).toBe(1_000_002)
    await one.settle()
    for (const audit of [one, two]) await audit.close()
  })

  test('at a journal that is cut off while it is read', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024, 'x')
    let reads = 0
    const file: JournalFile = {
      stat: async () => ({ size: bytes.length }),
      read: async () => {
        reads += 1
        // A loop that never gets on would starve the test of its time.
        if (reads > 100) throw new Error('It is read again and again')
        await turn()
        return { bytesRead: 0 }
      },
      write: async (_buffer, _offset, length) => ({ bytesWritten: length }),
      truncate: async () => undefined,
      datasync: async () => undefined,
      close: async () => undefined,
    }
    expect((await openJournal('none', async () => file)).end).toBeUndefined()
  })
})

test('a broken log is not signed any further: neither what was changed in it, nor what nobody signed', async () => {
  const directory = await emptied()
  const audit = await openTestAudit(database, { directory })
  await records(audit, 4)
  const signed = await audit.log.checkpoint()
  await audit.close()
  // As after a crash: of the log only its row is stored, and outside of the database its newest checkpoint.
  const crashed = [`update audit_log set sealed = 0, checkpoint = null`, `delete from audit_tile`]
  for (const name of await readdir(directory)) if (name.endsWith('.journal')) await rm(join(directory, name))
  await run(...crashed, `update audit_entry set rest = replace(rest, '"n":1', '"n":9') where index = 2`)
  const changed = await openTestAudit(database, { directory })
  expect(await kinds(changed)).toEqual(['root-differs'])
  await recovers(changed)
  const again = await openTestAudit(database, { directory })
  expect(await again.log.checkpoint('2026')).toBeUndefined()
  await again.close()
  // With the entries as they were, it is the checkpoint that was signed then.
  await run(`update audit_entry set rest = replace(rest, '"n":9', '"n":1') where index = 2`)
  const whole = await openTestAudit(database, { directory })
  expect(await whole.log.checkpoint('2026')).toEqual(signed)
  expect(await whole.log.inclusion(2)).toMatchObject({ leafIndex: 2 })
  await whole.close()
})

async function copied(directory: string): Promise<string> {
  const to = await auditFolder()
  await cp(directory, to, { recursive: true })
  return to
}

/** Brings the log back to work; a check finds nothing more. Gives where the new log begins. */
async function recovers(audit: Awaited<ReturnType<typeof openTestAudit>>): Promise<number> {
  await audit.keeping.check()
  const faults = (await audit.keeping.faults()).filter(({ resolvedAt }) => resolvedAt === null)
  const { start } = await audit.keeping.recover({ reason: 'A test.', acknowledge: faults.map(({ id }) => id), actor: 'ops' })
  await audit.record({ type: 'test.after' })
  expect((await audit.keeping.check()).findings).toEqual([])
  await audit.settle()
  await audit.close()
  return start
}
