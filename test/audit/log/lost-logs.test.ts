import { afterAll, beforeEach, expect, test } from 'vitest'
import { cp, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Audit } from '../../../src/audit/audit.ts'
import { openDatabase } from '../../../src/persistence/database.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { auditFolder, emptyRecord, openTestAudit, recordTables } from '../../helpers/audit.ts'
import { onPostgresql, openTestDatabase } from '../../helpers/database.ts'
import { placePreparedDatabase } from '../../helpers/prepared-folder.ts'
import { isTreeOfLeaves } from './verify.ts'

const onPglite = onPostgresql ? test.skip : test
if (onPostgresql) console.info('Journals belong to PGlite.')

let now: Date
const clock = () => now
let database: Database
let directory: string
beforeEach(async () => {
  now = new Date('2026-11-21T10:00:00Z')
  database ??= await openTestDatabase()
  await emptied()
})
afterAll(() => database.close())

/** An empty record, in a folder of its own. */
async function emptied(): Promise<void> {
  directory = await auditFolder()
  await emptyRecord(database)
  for (const table of recordTables) await sql`drop table if exists ${sql.table(`kept_${table}`)}`.execute(database.db)
}

/** What the disk has when the power is cut later. */
async function keepDatabase(): Promise<void> {
  for (const table of recordTables) await sql`create table ${sql.table(`kept_${table}`)} as select * from ${sql.table(table)}`.execute(database.db)
}

async function cutPower(audit: Audit): Promise<void> {
  await audit.close()
  for (const table of recordTables) {
    await sql`delete from ${sql.table(table)}`.execute(database.db)
    await sql`insert into ${sql.table(table)} select * from ${sql.table(`kept_${table}`)}`.execute(database.db)
  }
}

const open = (folder = directory) => openTestAudit(database, { directory: folder, clock })
const texts = async (audit: Audit, log: string) => (await audit.log.leaves(log, 0, 2000)).map(({ entry }) => entry)

async function written(audit: Audit, count: number): Promise<void> {
  await database.transaction((tx) => audit.append(tx, ...Array.from({ length: count }, (_none, n) => ({ type: 'test.many', agreement: n % 2 === 0 ? 'a' : 'b', n }))))
  await audit.settle()
}

/** Every log is as it was signed, the record goes on behind it, and nothing is wrong. */
async function goesOn(audit: Audit, before: ReadonlyMap<string, readonly string[]>): Promise<void> {
  expect(await audit.log.status()).toMatchObject({ state: 'running', faults: [] })
  for (const [log, entries] of before) expect((await texts(audit, log)).slice(0, entries.length)).toEqual(entries)
  for (const log of await audit.log.logs()) expect(await isTreeOfLeaves(audit, log)).toBe(true)
  expect((await audit.keeping.check()).findings).toEqual([])
  expect(await audit.record({ type: 'test.next', agreement: 'a' })).toBe((await audit.size()) - 1)
}

async function allTexts(audit: Audit): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const { name } of await audit.log.logs()) found.set(name, await texts(audit, name))
  return found
}

onPglite('two changes of the key that PGlite lost come back from the journals of the new logs', async () => {
  const audit = await open()
  await written(audit, 300)
  await keepDatabase()
  await written(audit, 3)
  await audit.keeping.rotate('operator')
  await written(audit, 5)
  await audit.keeping.rotate('operator')
  await written(audit, 400)
  const [before, logs, size] = [await allTexts(audit), await audit.log.logs(), await audit.size()]
  await cutPower(audit)
  const again = await open()
  expect(await again.log.logs()).toEqual(logs)
  const [told] = await again.entries({ type: 'log.restored', limit: 10 })
  expect(told).toMatchObject({ index: size, name: '2026-3', from: 301, to: size - 1, count: size - 301, logs: ['2026-2', '2026-3'] })
  await goesOn(again, before)
  // Once is enough.
  await again.close()
  const third = await open()
  expect(await third.entries({ type: 'log.restored', limit: 10 })).toHaveLength(1)
  await third.close()
})

onPglite('so do the log of a new year, and the very first one', async () => {
  await keepDatabase()
  now = new Date('2026-12-31T23:59:58Z')
  const audit = await open()
  await written(audit, 3)
  now = new Date('2027-01-01T00:00:01Z')
  await audit.keeping.beginYear()
  await written(audit, 2)
  const [before, logs] = [await allTexts(audit), await audit.log.logs()]
  await cutPower(audit)
  const again = await open()
  expect(await again.log.logs()).toEqual(logs)
  expect((await again.entries({ type: 'log.restored', limit: 10 }))[0]).toMatchObject({ name: '2027', logs: ['2026', '2027'] })
  await goesOn(again, before)
  await again.close()
})

onPglite('a recovery that PGlite lost is not asked for again, also when it lost that the log was stopped', async () => {
  for (const lost of ['recovery', 'all']) {
    await emptied()
    const audit = await open()
    await written(audit, 3)
    if (lost === 'all') await keepDatabase()
    await audit.log.stop({ log: '2026', kind: 'witness-ahead', detail: { witness: 'w', signed: 9 }, message: 'The witness w has cosigned more.' })
    if (lost === 'recovery') await keepDatabase()
    now = new Date(now.getTime() + 60_000)
    await audit.keeping.recover({ reason: 'All is well', acknowledge: (await audit.keeping.faults()).map(({ id }) => id), actor: 'operator' })
    await written(audit, 2)
    const [before, logs, faults] = [await allTexts(audit), await audit.log.logs(), await audit.keeping.faults()]
    await cutPower(audit)
    const again = await open()
    expect(await again.log.logs()).toEqual(logs)
    expect(await again.keeping.faults()).toEqual(lost === 'all' ? [] : faults)
    expect((await again.entries({ type: 'log.restored', limit: 10 }))[0]).toMatchObject({ name: logs.at(-1)?.name, logs: [logs.at(-1)?.name] })
    await goesOn(again, before)
    await again.close()
  }
})

onPglite('where the end of a log was signed and nothing of the next, the next begins', async () => {
  const audit = await open()
  await written(audit, 300)
  await keepDatabase()
  await audit.keeping.rotate('operator')
  const [before, [first, second]] = [await texts(audit, '2026'), await audit.log.logs()]
  await cutPower(audit)
  for (const file of await readdir(directory)) if (file.startsWith('2026-2_')) await rm(join(directory, file))
  const again = await open()
  expect(await again.log.logs()).toMatchObject([{ name: '2026', size: first?.size }, { name: '2026-2', start: second?.start, vkey: second?.vkey, closedAt: null }])
  expect((await again.entries({ after: (second?.start ?? 0) - 1, limit: 10 })).map(({ type }) => type)).toEqual(['log.opened', 'log.restored'])
  await goesOn(again, new Map([['2026', before]]))
  await again.close()
})

onPglite('a new log whose key is not ours, that goes on from another tree, or is of long ago stops the log', async () => {
  for (const wrong of ['key', 'tree', 'time'] as const) {
    await emptied()
    const audit = await open()
    await written(audit, 3)
    await keepDatabase()
    await written(audit, 2)
    await audit.keeping.rotate('operator')
    await written(audit, 1)
    if (wrong === 'time') {
      now = new Date(now.getTime() + 3_600_000)
      await written(audit, 1)
    }
    await cutPower(audit)
    if (wrong === 'key') await rm(join(directory, 'keys', 'log-000002.json'))
    if (wrong === 'tree') {
      await sql`update audit_entry set rest = '{"n":7}' where index = 2`.execute(database.db)
      // Whoever can write in the database has other entries at the end as well.
      await rename(join(directory, '2026_0.journal'), join(directory, 'away'))
    }
    const again = await open()
    expect((await again.log.status()).state).toBe('stopped')
    await expect(again.record({ type: 'test.no' })).rejects.toMatchObject({ code: 'log-stopped' })
    expect((await again.log.logs()).map(({ name }) => name)).toEqual(['2026'])
    await again.close()
  }
})

onPglite('a folder of PGlite from before the change of the key, with the files of the log from behind it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'concordat-lost-'))
  const [live, kept] = [join(folder, 'live'), join(folder, 'kept')]
  await placePreparedDatabase(live)
  const run = async (work: (audit: Audit) => Promise<void>) => {
    const over = await openDatabase({ kind: 'pglite', directory: join(live, 'database') })
    const audit = await openTestAudit(over, { directory, clock })
    await work(audit)
    await audit.close()
    await over.close()
  }
  await run(async (audit) => void (await audit.record({ type: 'test.one' })))
  await cp(live, kept, { recursive: true })
  await run(async (audit) => {
    await audit.keeping.rotate('operator')
    await audit.record({ type: 'test.two' })
  })
  await rm(live, { recursive: true })
  await rename(kept, live)
  await run(async (audit) => {
    expect(await audit.log.status()).toMatchObject({ state: 'running', log: { name: '2026-2' } })
    expect((await audit.entries({ limit: 10 })).map(({ type }) => type)).toEqual(['log.opened', 'test.one', 'log.closed', 'log.opened', 'test.two', 'log.restored'])
    expect((await audit.keeping.check()).findings).toEqual([])
  })
  await rm(folder, { recursive: true })
})
