import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Audit } from '../../../src/audit/audit.ts'
import { entryText, pendingEntry, storedEntry } from '../../../src/audit/entry.ts'
import type { LogInfo } from '../../../src/audit/log/log.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { emptyRecord, openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { isConsistent, isTreeOfLeaves, readLeaves, receiptProves } from './verify.ts'

let database: Database
let audit: Audit
let log: LogInfo
beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database, { clock: () => new Date('2026-11-21T10:00:00.000Z') })
  const [first] = await audit.log.logs()
  if (first === undefined) throw new Error('There is no log')
  log = first
})
afterAll(() => database.close())

const textOf = async (index: number) => (await audit.log.leaves(log.name, index - log.start, 1))[0]?.entry ?? ''

test('a record begins with the opening of its first log, which names origin and key', async () => {
  expect(log).toMatchObject({ name: '2026', origin: 'connector.example/log/2026', start: 0, closedAt: null, size: null })
  const [opened] = await audit.entries({ limit: 1 })
  expect(opened).toMatchObject({ index: 0, type: 'log.opened', name: '2026', origin: log.origin, vkey: log.vkey, reason: 'first', start: 0 })
  expect(await audit.log.checkpoint()).toMatchObject({ log: '2026', origin: log.origin })
})

test('64 callers get numbers without gaps, each with a receipt that holds without the database', async () => {
  const before = await audit.size()
  const numbers = await Promise.all(Array.from({ length: 64 }, async (_none, caller) => {
    const own: number[] = []
    for (let n = 0; n < 5; n++) own.push(await audit.record({ type: 'test.caller', caller, n, agreement: `agreement-${caller % 3}` }))
    return own
  }))
  expect(numbers.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 320 }, (_none, n) => before + n))
  for (const [caller, own] of numbers.entries()) {
    const index = own[caller % 5] ?? -1
    const entry = await textOf(index)
    expect(JSON.parse(entry)).toMatchObject({ type: 'test.caller', caller, n: caller % 5 })
    const receipt = await audit.log.receipt(index)
    expect(receiptProves(receipt, log.vkey, entry)).toBe(true)
    expect(receiptProves(receipt, log.vkey, entry.replace('"n":', '"m":'))).toBe(false)
  }
  expect(await isTreeOfLeaves(audit, log)).toBe(true)
})

test('what was signed before is a beginning of what is signed after', async () => {
  const older = await audit.log.checkpoint()
  await audit.record({ type: 'test.more' })
  await database.transaction((tx) => audit.append(tx, { type: 'test.more' }, { type: 'test.more' }))
  const newer = await audit.log.checkpoint()
  if (older === undefined || newer === undefined) throw new Error('Nothing is signed')
  expect(newer.size).toBe(older.size + 3)
  expect(await isConsistent(audit, older, newer)).toBe(true)
  expect(await isConsistent(audit, older, { ...newer, root: older.root })).toBe(false)
  await expect(audit.log.consistency(log.name, older.size, newer.size + 1)).rejects.toMatchObject({ code: 'not-found' })
  // A proof against the older one, of an entry that it covers, and of one that it does not.
  expect(await audit.log.inclusion(0, older)).toMatchObject({ leafIndex: 0, checkpoint: { size: older.size } })
  await expect(audit.log.inclusion(older.size, older)).rejects.toMatchObject({ code: 'not-found' })
  await expect(audit.log.inclusion(newer.size + 5)).rejects.toMatchObject({ code: 'not-found' })
})

describe('numbers of an agreement', () => {
  test('run from 0 without gaps, whoever writes, in whichever transactions, also those that are rolled back', async () => {
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ agreements: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 }), fails: fc.boolean() }), { minLength: 1, maxLength: 6 }), async (transactions) => {
        round += 1
        const name = (agreement: number) => `round-${round}-${agreement}`
        await Promise.all(transactions.map(({ agreements, fails }) =>
          database
            .transaction(async (tx) => {
              await audit.append(tx, ...agreements.map((agreement) => ({ type: 'test.seq', ...(agreement === 0 ? {} : { agreement: name(agreement) }) })))
              if (fails) throw new Error('rolled back')
            })
            .catch((error: unknown) => {
              if (!fails) throw error
            }),
        ))
        for (const agreement of [1, 2, 3]) {
          const entries = await audit.entries({ agreement: name(agreement), limit: 1000 })
          const written = transactions.flatMap(({ agreements, fails }) => (fails ? [] : agreements.filter((each) => each === agreement)))
          expect(entries.map(({ seq }) => seq)).toEqual(written.map((_none, seq) => seq))
        }
      }),
      { numRuns: 15 },
    )
    expect(await isTreeOfLeaves(audit, log)).toBe(true)
  })

  test('are given by the log alone', async () => {
    await expect(database.transaction((tx) => audit.append(tx, { type: 'test.seq', agreement: 'a', seq: 7 }))).rejects.toThrow('is given when it is written')
  })
})

test('the text of an entry follows from how it is stored, and that from the text', () => {
  const time = new Date('2026-11-21T10:00:00.123Z')
  const name = fc.constantFrom('agreement', 'transfer', 'partner', 'role', 'purpose', 'decision', 'a', 'se', 'seqs', 'zz', 'é', '__proto__', 'nested')
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(null, true, [1, { b: 2, a: 'ü' }], 'nul\u0000'))
  fc.assert(
    // Fields that the catalogue has are in order there; one that it has not puts all in order again.
    fc.property(fc.constantFrom('test.any', 'data.permitted', 'connector.clock'), fc.array(fc.tuple(fc.oneof(name, fc.constantFrom('request', 'quota', 'version', 'source', 'offsetMs')), value), { maxLength: 8 }), fc.option(fc.nat()), (type, fields, seq) => {
      const pending = pendingEntry({ ...Object.fromEntries(fields), type }, time)
      const text = pending.text(seq)
      expect(entryText({ ...pending, seq })).toBe(text)
      expect(entryText(storedEntry(text))).toBe(text)
      expect(JSON.parse(text)).toMatchObject({ time: time.toISOString(), type, ...(seq === null ? {} : { seq }) })
    }),
  )
})

test('a checkpoint is told of once it is signed; a listener that throws breaks nothing', async () => {
  const sizes: number[] = []
  const ends = [audit.log.onCheckpoint(() => { throw new Error('deaf') }), audit.log.onCheckpoint(({ size }) => void sizes.push(size))]
  const index = await audit.record({ type: 'test.told' })
  for (const end of ends) end()
  await audit.record({ type: 'test.untold' })
  expect(sizes).toEqual([index - log.start + 1])
})

test('a log that is stopped records nothing and says what to do; brought back, it goes on where it was', async () => {
  const size = await audit.size()
  const sealed = await audit.log.checkpoint()
  await audit.log.stop({ log: log.name, kind: 'root-differs', message: 'A fault for the test.', detail: { size } })
  const refused = { code: 'log-stopped', status: 503, message: expect.stringMatching(/concordat audit check.*concordat audit recover/) }
  await expect(audit.record({ type: 'test.refused' })).rejects.toMatchObject(refused)
  await expect(database.transaction(async (tx) => {
    await tx.db.insertInto('audit_sequence').values({ agreement_id: 'state', next: 1 }).execute()
    await audit.append(tx, { type: 'test.refused' })
  })).rejects.toMatchObject(refused)
  expect(await database.db.selectFrom('audit_sequence').selectAll().where('agreement_id', '=', 'state').execute()).toEqual([])
  expect(await audit.size()).toBe(size)
  expect(await audit.log.status()).toMatchObject({ state: 'stopped', size, faults: [{ kind: 'root-differs', message: 'A fault for the test.', detail: { size } }] })
  // What was signed can be read and proven meanwhile.
  expect(await audit.log.checkpoint()).toEqual(sealed)
  expect(receiptProves(await audit.log.receipt(0), log.vkey, await textOf(0))).toBe(true)
  await database.db.updateTable('audit_fault').set({ resolved_at: new Date() }).execute()
  await database.db.updateTable('audit_head').set({ stopped: false }).execute()
  expect(await audit.record({ type: 'test.again' })).toBe(size)
  expect(await audit.log.status()).toMatchObject({ state: 'running', size: size + 1, sealed: size + 1 })
})

test('leaves are read in pages, as they were hashed', async () => {
  const leaves = await readLeaves(audit, log)
  expect(leaves).toHaveLength(await audit.size())
  expect(await audit.log.leaves(log.name, leaves.length, 10)).toEqual([])
  await expect(audit.log.leaves('1999', 0, 1)).rejects.toMatchObject({ code: 'not-found' })
})

describe('a record of its own', () => {
  beforeAll(() => audit.close())
  beforeEach(() => emptyRecord(database))

  test('a database that went back behind what was signed stops the log', async () => {
    const signed = await openTestAudit(database)
    const index = await signed.record({ type: 'test.one' })
    await signed.record({ type: 'test.two' })
    await database.db.deleteFrom('audit_entry').where('index', '>=', index).execute()
    await database.db.updateTable('audit_head').set({ size: index }).execute()
    await expect(signed.record({ type: 'test.other' })).rejects.toMatchObject({ code: 'log-stopped' })
    expect(await signed.log.status()).toMatchObject({ state: 'stopped', faults: [{ kind: 'log-rewound' }] })
    await signed.close()
  })

  test('an answer that was lost after the commit is a failure, and the next seal has the entry', async () => {
    let loses = false
    const losing = await openTestAudit({ ...database, single: lossyOf(database, () => loses) })
    loses = true
    await expect(losing.record({ type: 'test.lost' })).rejects.toMatchObject({ code: 'record-unavailable' })
    loses = false
    const index = await losing.record({ type: 'test.next' })
    expect((await losing.entries({ limit: 10 })).map(({ type }) => type)).toEqual(['log.opened', 'test.lost', 'test.next'])
    expect(index).toBe(2)
    const [opened] = await losing.log.logs()
    expect(opened !== undefined && (await isTreeOfLeaves(losing, opened))).toBe(true)
    await losing.close()
  })
})

function lossyOf(database: Database, loses: () => boolean): Database['single'] {
  return async (statement) => {
    await database.single(loses() ? { ...statement, committed: () => undefined } : statement)
    if (loses()) throw new Error('the answer is lost')
  }
}
