import { afterAll, beforeAll, expect, test } from 'vitest'
import pg from 'pg'
import type { Audit } from '../../../src/audit/audit.ts'
import { openDatabase } from '../../../src/persistence/database.ts'
import type { Database, DatabaseLocation } from '../../../src/persistence/database.ts'
import { auditFolder, openTestAudit } from '../../helpers/audit.ts'
import { onPostgresql, testDatabaseLocation } from '../../helpers/database.ts'
import { until } from '../../helpers/until.ts'
import { isConsistent, isTreeOfLeaves, receiptProves } from './verify.ts'

const replicated = onPostgresql ? test : test.skip
if (!onPostgresql) console.info('Two processes on one record need PostgreSQL (TEST_DATABASE_URL).')

let location: DatabaseLocation
let databases: Database[] = []
let replicas: Audit[] = []
const errors: unknown[] = []
beforeAll(async () => {
  if (!onPostgresql) return
  location = await testDatabaseLocation()
  databases = await Promise.all([openDatabase(location), openDatabase(location)])
  const directory = await auditFolder()
  replicas = await Promise.all(databases.map((database) => openTestAudit(database, { directory, onError: (error) => void errors.push(error) })))
})
afterAll(async () => {
  for (const database of databases) await database.close()
})

function both(): [Audit, Audit] {
  const [one, two] = replicas
  if (one === undefined || two === undefined) throw new Error('There are no replicas')
  return [one, two]
}

async function checkpointOf(audit: Audit) {
  const checkpoint = await audit.log.checkpoint()
  if (checkpoint === undefined) throw new Error('Nothing is signed')
  return checkpoint
}

replicated('two that start at once open one log', async () => {
  const [one, two] = both()
  expect((await one.entries({ limit: 10, type: 'log.opened' })).map(({ index }) => index)).toEqual([0])
  expect(await one.log.logs()).toEqual(await two.log.logs())
  expect(await checkpointOf(two)).toEqual(await checkpointOf(one))
})

replicated('both write at once: each seals what both wrote, and all that they sign agrees', async () => {
  const [one, two] = both()
  const signed: Awaited<ReturnType<typeof checkpointOf>>[] = []
  const ends = replicas.map((replica) => replica.log.onCheckpoint((checkpoint) => void signed.push(checkpoint)))
  const before = await one.size()
  const numbers = await Promise.all(replicas.flatMap((replica, side) => Array.from({ length: 32 }, async (_none, caller) => {
    const own: number[] = []
    for (let n = 0; n < 20; n += 1) own.push(await replica.record({ type: 'test.replica', side, caller, n, agreement: `a${caller % 4}` }))
    return own
  })))
  for (const end of ends) end()
  expect(numbers.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1280 }, (_none, n) => before + n))
  for (const agreement of ['a0', 'a1', 'a2', 'a3']) {
    const entries = await two.entries({ agreement, limit: 1000 })
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_none, seq) => seq))
  }
  const [log] = await one.log.logs()
  if (log === undefined) throw new Error('There is no log')
  expect([await isTreeOfLeaves(one, log), await isTreeOfLeaves(two, log)]).toEqual([true, true])
  const newest = await checkpointOf(two)
  for (const older of signed.filter((_each, place) => place % 20 === 0)) expect(await isConsistent(one, older, newest)).toBe(true)
  // One proves what the other wrote.
  const theirs = numbers[40]?.[7] ?? -1
  const [leaf] = await one.log.leaves(log.name, theirs, 1)
  expect(receiptProves(await one.log.receipt(theirs), log.vkey, leaf?.entry ?? '')).toBe(true)
  expect(errors).toEqual([])
})

replicated('one that was idle is up to date when it is asked', async () => {
  const [one, two] = both()
  for (let n = 0; n < 5; n += 1) await one.record({ type: 'test.busy', n })
  const { size } = await checkpointOf(one)
  expect((await checkpointOf(two)).size).toBe(size)
  const index = await one.record({ type: 'test.busy' })
  expect(await two.log.inclusion(index)).toMatchObject({ leafIndex: index, checkpoint: { size: size + 1 } })
})

replicated('a stop by one stops the other at once', async () => {
  const [one, two] = both()
  await one.log.stop({ log: '2026', kind: 'witness-differs', message: 'A fault for the test.', detail: {} })
  await expect(two.record({ type: 'test.no' })).rejects.toMatchObject({ code: 'log-stopped' })
  await databases[0]?.db.updateTable('audit_head').set({ stopped: false }).execute()
  await two.record({ type: 'test.again' })
})

replicated('when the sessions of the database are cut in mid-batch, callers are refused and nothing is lost, and it goes on without a restart', async () => {
  const [one, two] = both()
  if (location.kind !== 'postgresql') return
  const admin = new pg.Client({ connectionString: location.url })
  await admin.connect()
  const acked: number[] = []
  const codes = new Set<string>()
  const ending = new AbortController()
  const callers = replicas.flatMap((replica) => Array.from({ length: 8 }, async () => {
    while (!ending.signal.aborted) {
      try {
        acked.push(await replica.record({ type: 'test.cut', agreement: 'cut' }))
      } catch (error) {
        codes.add(Error.isError(error) && 'code' in error ? String(error.code) : String(error))
      }
    }
  }))
  try {
    for (let cut = 0; cut < 6; cut += 1) {
      const enough = acked.length + 100
      await until(() => acked.length, (count) => count > enough)
      if (cut < 5) await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()')
    }
  } finally {
    ending.abort()
  }
  await Promise.all(callers)
  await admin.end()
  expect([...codes]).toEqual(['record-unavailable'])
  expect(new Set(acked).size).toBe(acked.length)
  const [log] = await one.log.logs()
  if (log === undefined) throw new Error('There is no log')
  expect([await isTreeOfLeaves(one, log), await isTreeOfLeaves(two, log)]).toEqual([true, true])
  const written = new Set((await one.entries({ agreement: 'cut', limit: 100_000 })).map(({ index }) => index))
  expect(acked.filter((index) => !written.has(index))).toEqual([])
  expect(await checkpointOf(one)).toMatchObject({ size: await one.size() })
})
