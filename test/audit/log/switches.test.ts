import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Audit } from '../../../src/audit/audit.ts'
import type { LogFault } from '../../../src/audit/log/log.ts'
import { openDatabase } from '../../../src/persistence/database.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { auditFolder, openTestAudit } from '../../helpers/audit.ts'
import { onPostgresql, testDatabaseLocation } from '../../helpers/database.ts'
import { receiptProves } from './verify.ts'

// On PostgreSQL two processes share the record; PGlite has one. Each test goes on from the one before.
let directory: string
let databases: Database[] = []
let replicas: Audit[] = []
let now = new Date('2026-12-31T23:00:00.000Z')
const told: string[][] = [[], []]
const errors: unknown[] = []

beforeAll(async () => {
  const location = await testDatabaseLocation()
  databases = await Promise.all((onPostgresql ? [0, 1] : [0]).map(() => openDatabase(location)))
  directory = await auditFolder()
  replicas = await Promise.all(
    databases.map((database, place) =>
      openTestAudit(database, {
        directory,
        clock: () => now,
        onError: (error) => void errors.push(error),
        onStop: { stopped: ({ kind }: LogFault) => void told[place]?.push(kind), running: () => void told[place]?.push('running') },
      }),
    ),
  )
})
afterAll(async () => {
  for (const database of databases) await database.close()
})

function sides(): [Audit, Audit] {
  const [one, two = one] = replicas
  if (one === undefined || two === undefined) throw new Error('There is no record')
  return [one, two]
}

/** Many callers record on all replicas while `work` is done. Gives their numbers. */
async function underLoad(work: () => Promise<unknown>): Promise<number[]> {
  const ending = new AbortController()
  const numbers: number[] = []
  const callers = replicas.flatMap((replica) =>
    Array.from({ length: 8 }, async (_none, caller) => {
      while (!ending.signal.aborted) numbers.push(await replica.record({ type: 'test.load', agreement: `load-${caller % 2}` }))
    }),
  )
  const enough = async (count: number) => {
    while (numbers.length < count) await turn()
  }
  await enough(50)
  await work()
  await enough(numbers.length + 50)
  ending.abort()
  await Promise.all(callers)
  return numbers
}

/** Every record has one number, none is missing between them, and each has a receipt that holds under the key of its log. */
async function expectNothingLost(numbers: readonly number[], from: number): Promise<void> {
  const [one, two] = sides()
  expect(new Set(numbers).size).toBe(numbers.length)
  const written = await one.entries({ after: from - 1, limit: 100_000 })
  expect(written.map(({ index }) => index)).toEqual(written.map((_none, place) => from + place))
  expect(written.filter(({ type }) => type === 'test.load').map(({ index }) => index)).toEqual(numbers.toSorted((a, b) => a - b))
  for (const agreement of ['load-0', 'load-1']) expect((await two.entries({ agreement, limit: 100_000 })).map(({ seq }) => seq)).toEqual((await two.entries({ agreement, limit: 100_000 })).map((_none, seq) => seq))
  const logs = await two.log.logs()
  for (const index of numbers.filter((_none, place) => place % 7 === 0)) {
    const log = logs.findLast(({ start }) => start <= index)
    const [leaf] = await two.log.leaves(log?.name ?? '', index - (log?.start ?? 0), 1)
    expect(receiptProves(await two.log.receipt(index), log?.vkey ?? '', leaf?.entry ?? '')).toBe(true)
  }
  expect((await two.keeping.check()).findings).toEqual([])
  expect(errors).toEqual([])
}

test('keys that are changed under load lose nothing', async () => {
  const [one, two] = sides()
  const from = await one.size()
  const numbers = await underLoad(async () => {
    for (const side of [one, two, one]) await side.keeping.rotate('ops')
  })
  expect((await two.log.logs()).map(({ name }) => name)).toEqual(['2026', '2026-2', '2026-3', '2026-4'])
  await expectNothingLost(numbers, from)
})

test('a year that begins under load begins one log, on whichever replica, and loses nothing', async () => {
  const [one, two] = sides()
  const from = await one.size()
  const numbers = await underLoad(async () => {
    await Promise.all(replicas.map((replica) => replica.keeping.beginYear()))
    now = new Date('2027-01-01T00:00:00.000Z')
    await Promise.all([...replicas, ...replicas].map((replica) => replica.keeping.beginYear()))
  })
  const names = (await two.log.logs()).map(({ name }) => name)
  expect(names.slice(-2)).toEqual(['2026-4', '2027'])
  await expectNothingLost(numbers, from)
})

test('a stop is told of once on each replica; no year begins while it lasts; a recovery in the new year begins its log, and all go on by themselves', async () => {
  const [one, two] = sides()
  await databases[0]?.db.updateTable('audit_sequence').set({ next: 3 }).where('agreement_id', '=', 'load-1').execute()
  expect((await one.keeping.check()).findings.map(({ kind }) => kind)).toEqual(['sequence-broken'])
  for (const side of [two, two, one]) await expect(side.record({ type: 'test.no' })).rejects.toMatchObject({ code: 'log-stopped' })
  for (const side of [one, two]) await side.log.status()
  expect(told.slice(0, replicas.length)).toEqual(replicas.map(() => ['sequence-broken']))
  now = new Date('2028-01-01T00:00:00.000Z')
  const before = (await one.log.logs()).length
  await one.keeping.beginYear()
  await two.keeping.beginYear()
  expect((await one.log.logs()).length).toBe(before)
  await expect(two.keeping.rotate('ops')).rejects.toMatchObject({ code: 'log-stopped' })
  const faults = (await one.keeping.faults()).map(({ id }) => id)
  expect(await one.keeping.recover({ reason: 'A test.', acknowledge: faults, actor: 'ops' })).toMatchObject({ log: '2028', start: 1_000_000, newKey: false })
  // Whoever did not bring it back finds it at work.
  const next = await two.record({ type: 'test.after', agreement: 'load-1' })
  expect(next).toBe(1_000_002)
  expect((await two.log.inclusion(next)).log).toBe('2028')
  for (const side of [one, two]) {
    await side.log.status()
    await side.keeping.beginYear()
  }
  expect((await two.log.logs()).map(({ name }) => name).slice(-2)).toEqual(['2027', '2028'])
  expect(told.slice(0, replicas.length)).toEqual(replicas.map(() => ['sequence-broken', 'running']))
  const numbers = await underLoad(async () => undefined)
  expect(new Set(numbers).size).toBe(numbers.length)
  expect((await one.keeping.check()).findings).toEqual([])
})

const embedded = onPostgresql ? test.skip : test

embedded('a journal that somebody wrote in is found, before and among what the database has', async () => {
  const [audit] = sides()
  const log = (await audit.log.logs()).at(-1)
  await audit.settle()
  const path = join(directory, `${log?.name ?? ''}_${log?.start ?? 0}.journal`)
  const bytes = await readFile(path)
  const other = Buffer.from(bytes)
  const at = Math.floor(bytes.length / 2)
  other[at] = (other[at] ?? 0) ^ 1
  await writeFile(path, other)
  const { findings } = await audit.keeping.check()
  expect(findings).toMatchObject([{ kind: 'journal-damaged', log: '2028', message: expect.stringMatching(/^The journal 2028_1000000\.journal of log 2028 is damaged before entry \d+\.$/) }])
  await expect(audit.record({ type: 'test.no' })).rejects.toMatchObject({ code: 'log-stopped' })
})
