import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Audit } from '../../../src/audit/audit.ts'
import { createReceiptChecks, receiptFacts } from '../../../src/dataplane/receipts/checks.ts'
import type { CheckedReceipt, ReceiptChecks } from '../../../src/dataplane/receipts/checks.ts'
import { findReceipt } from '../../../src/dataplane/receipts/store.ts'
import { ProblemError } from '../../../src/errors.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { makeLog } from './made-log.ts'
import type { MadeLog } from './made-log.ts'

const partner = 'did:web:provider.example'
const origin = 'provider.example/log/2026'
/** Where the log begins in the provider's record. */
const start = 40

let database: Database
let audit: Audit
let log: MadeLog
let vkeys: readonly string[] | undefined
let asked: number
let checked: CheckedReceipt[]
let errors: unknown[]
let number = 0

beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database)
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.db.deleteFrom('receipt').execute()
  log = makeLog(origin)
  log.add('one', 'two', 'three', 'four', 'five')
  vkeys = [log.vkey]
  asked = 0
  checked = []
  errors = []
})

function open(on = database): ReceiptChecks {
  const logKeys = async () => {
    asked += 1
    if (vkeys === undefined) throw new ProblemError('peer-failed', 'Its DID document cannot be read.')
    return vkeys
  }
  return createReceiptChecks({ database: on, audit, clock: () => new Date(), logKeys, onChecked: (each) => checked.push(each), onError: (error) => errors.push(error) })
}

const nothing: ReadonlyMap<string, number> = new Map()

/** Checks and keeps what came with an answer whose record the provider says is `record`. */
async function came(checks: ReceiptChecks, receipt: string | undefined, more: { record?: number | string; refusal?: boolean; known?: ReadonlyMap<string, number>; from?: string } = {}) {
  const { record = start + 2, refusal = false, known = nothing, from = partner } = more
  const found = await checks.check({ partner: from, record: record === '' ? undefined : String(record), receipt, refusal, known })
  return checks.keep(found, { record: (number += 1), agreement: 'urn:uuid:a', partner: from, transfer: 'urn:uuid:t', refusal })
}

const alarms = async () => (await audit.entries({ limit: 1000, type: 'receipt.invalid' })).filter(({ requested }) => requested === number)

describe('a true receipt', () => {
  test('is verified, kept beside our record, and told in the record of the end', async () => {
    const final = await came(open(), log.receipt(2))
    expect(final).toMatchObject({ state: 'verified', providerRecord: 42, proof: { origin, leafIndex: 2, size: 5 } })
    expect(await findReceipt(database.db, number)).toMatchObject({ origin, leafIndex: 2, verified: true, problem: null, providerRecord: 42, agreement: 'urn:uuid:a', partner, receipt: final.receipt })
    expect(receiptFacts(final)).toEqual({ receipt: 'verified', providerRecord: 42, receiptSha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect([await alarms(), checked, errors]).toEqual([[], [final], []])
  })

  test('of a checkpoint that was verified before needs no key', async () => {
    const checks = open()
    for (const leaf of [0, 1, 2]) expect((await came(checks, log.receipt(leaf), { record: start + leaf })).state).toBe('verified')
    expect(asked).toBe(1)
  })

  test('of any leaf in a log of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.nat(), async (size, at) => {
        const other = makeLog(origin)
        other.add(...Array.from({ length: size }, (_each, place) => `entry ${place}`))
        vkeys = [other.vkey]
        const leaf = at % size
        const found = await open().check({ partner, record: String(leaf + 7), receipt: other.receipt(leaf), refusal: true, known: nothing })
        expect(found.state).toBe('verified')
      }),
      { numRuns: 60 },
    )
  })
})

test('a provider that gives none: missing, without alarm and without a row', async () => {
  const final = await came(open(), undefined)
  expect([final.state, receiptFacts(final)]).toEqual(['missing', { receipt: 'missing', providerRecord: 42 }])
  expect([await findReceipt(database.db, number), await alarms()]).toEqual([undefined, []])
  expect((await came(open(), undefined, { record: '' })).providerRecord).toBeUndefined()
})

test('a key that cannot be had now: unchecked, kept, without alarm', async () => {
  vkeys = undefined
  expect(await came(open(), log.receipt(2))).toMatchObject({ state: 'unchecked', problem: expect.stringContaining('DID document') })
  expect([await findReceipt(database.db, number), await alarms()]).toMatchObject([{ verified: false }, []])
})

describe('what proves nothing is invalid, kept as it came, and an alarm', () => {
  const textOf = (receipt: string) => Buffer.from(receipt, 'base64').toString('utf8')
  const other = () => {
    const forged = makeLog(origin)
    forged.add('one', 'two', 'three', 'four', 'five')
    return forged
  }
  const cases: readonly (readonly [string, () => Parameters<typeof came> extends [unknown, ...infer Rest] ? Rest : never])[] = [
    ['text that is no base64', () => ['%%%']],
    ['base64 written in another way', () => [`${log.receipt(2).replace(/=*$/, '')}=====`]],
    ['base64 of something else', () => [Buffer.from('hello').toString('base64')]],
    ['something much too long', () => ['A'.repeat(100_000)]],
    ['a forged log under the same name', () => [other().receipt(2)]],
    ['another leaf than was proven', () => [log.receipt(2, { leaf: Buffer.alloc(32, 7) })]],
    ['another index', () => [log.receipt(2, { text: (text) => text.replace('index 2', 'index 3') })]],
    ['another size', () => [log.receipt(2, { text: (text) => text.replace('\n5\n', '\n6\n') })]],
    ['no leaf hash', () => [log.receipt(2, { text: (text) => text.replace(/extra .*\n/, '') })]],
    ['no signature', () => [log.receipt(2, { text: (text) => text.replace(/— .*\n$/, '') })]],
    ['a log of somebody else', () => [log.receipt(2), { from: 'did:web:another.example' }]],
    ['a record that is not named', () => [log.receipt(2), { record: '' }]],
    ['a record before the log begins', () => [log.receipt(2), { record: 1 }]],
    ['a record from before the question', () => [log.receipt(2), { known: new Map([[origin, 3]]) }]],
  ]
  test.each(cases)('%s', async (_what, make) => {
    const final = await came(open(), ...make())
    expect([final.state, typeof final.problem]).toEqual(['invalid', 'string'])
    expect(await alarms()).toMatchObject([{ partner: expect.stringContaining('did:web:'), agreement: 'urn:uuid:a', problem: final.problem }])
    expect(await findReceipt(database.db, number)).toMatchObject({ verified: false, problem: final.problem })
  })

  test('the receipt of an earlier answer: for us, for another process of ours, and after a restart', async () => {
    const checks = open()
    expect((await came(checks, log.receipt(2))).state).toBe('verified')
    log.add('six')
    for (const again of [checks, open()]) {
      expect(await came(again, log.receipt(2))).toMatchObject({ state: 'invalid', problem: 'it was given for another answer before' })
      expect(await alarms()).toHaveLength(1)
    }
    const at = await Promise.all([3, 3, 3].map(async (leaf) => came(open(), log.receipt(leaf), { record: start + leaf })))
    expect(at.map(({ state }) => state).toSorted()).toEqual(['invalid', 'invalid', 'verified'])
  })

  test('a question is answered behind all that was seen when it was asked', async () => {
    const checks = open()
    await came(checks, log.receipt(4), { record: start + 4 })
    const known = checks.known(partner)
    expect(known.get(origin)).toBe(5)
    expect((await came(checks, log.receipt(3), { record: start + 3, known })).state).toBe('invalid')
    expect((await came(checks, log.receipt(log.add('six')), { record: start + 5, known })).state).toBe('verified')
  })

  test('a receipt for another record than the answer names', async () => {
    const checks = open()
    await came(checks, log.receipt(1), { record: start + 1 })
    for (const again of [checks, open()]) expect(await came(again, log.receipt(3), { record: start + 2 })).toMatchObject({ state: 'invalid', problem: expect.stringContaining('another record') })
  })

  test('refusals of the same kind share a record, and so a receipt', async () => {
    const checks = open()
    const known = new Map([[origin, 5]])
    for (let each = 0; each < 3; each++) expect((await came(checks, log.receipt(2), { refusal: true, known })).state).toBe('verified')
  })

  test('any change of any byte', async () => {
    const text = textOf(log.receipt(2))
    const checks = open()
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), async (place, flip) => {
        const bytes = Buffer.from(text)
        bytes[place] = (bytes[place] ?? 0) ^ flip
        const found = await checks.check({ partner, record: '42', receipt: bytes.toString('base64'), refusal: true, known: nothing })
        expect(found.state === 'verified' ? found.proof?.leafHash : 'refused').toBe('refused')
      }),
      { numRuns: 300 },
    )
    expect(textOf(log.receipt(2))).toBe(text)
  })
})

test('a receipt that cannot be kept is not called verified, and is told', async () => {
  const broken: Database = { ...database, db: database.db.withSchema('nowhere') }
  const final = await came(open(broken), log.receipt(2))
  expect(final.state).toBe('unchecked')
  expect(errors.length).toBeGreaterThan(0)
})
