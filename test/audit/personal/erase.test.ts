import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import type { Audit, AuditRecord } from '../../../src/audit/audit.ts'
import { eraseRecords, rangesOf } from '../../../src/audit/personal/erase.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { leafHash, verifyInclusion } from '../../../src/tlog/tree.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'

let database: Database
let audit: Audit

beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database)
})

afterAll(() => database.close())

let count = 0

/** A query of a user of its own, as a provider records it. */
function asked(user: string, more: Partial<AuditRecord> = {}): AuditRecord {
  count += 1
  const request = { method: 'GET', path: '', query: `?nif=${user}` }
  return { type: 'data.permitted', agreement: 'urn:a', transfer: 'urn:t', partner: 'did:web:b', dataset: 'd', role: 'analyst', user, signed: `e30.${Buffer.from(user).toString('base64url')}.sig`, statement: `jti-${count}`, request, decision: 'permit', reason: 'The transfer is started.', ...more }
}

const order = { reason: 'Request of 2 March', actor: 'operator' } as const

/** Tables with a row whose text has `value`. */
async function tablesWith(value: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'`.execute(database.db)
  const found: string[] = []
  for (const { name } of rows) {
    const hits = await sql<{ hit: boolean }>`select exists (select 1 from ${sql.table(name)} as any_row where position(${value} in any_row::text) > 0) as hit`.execute(database.db)
    if (hits.rows[0]?.hit === true) found.push(name)
  }
  return found
}

async function entry(index: number) {
  const [found] = await audit.entries({ after: index - 1, limit: 1 })
  if (found === undefined) throw new Error(`There is no entry ${index}`)
  return found
}

async function requireProven(index: number): Promise<void> {
  const { leafIndex, leafHash: leaf, proof, checkpoint } = await audit.log.inclusion(index)
  const [read] = await audit.log.leaves(checkpoint.log, leafIndex, 1)
  expect(leafHash(Buffer.from(read?.entry ?? ''))).toEqual(leaf)
  expect(verifyInclusion({ leaf, index: leafIndex, size: checkpoint.size, proof, root: checkpoint.root })).toBe(true)
}

describe('erasing', () => {
  test('removes what records say of a user, on record, and every proof holds as before', async () => {
    const first = await audit.record(asked('pseudonym-1'))
    const other = await audit.record(asked('pseudonym-2'))
    const second = await audit.record({ type: 'data.requested', agreement: 'urn:a', transfer: 'urn:t', actor: 'Ana', stated: { user: 'pseudonym-1', role: 'analyst' }, request: { method: 'GET', query: '?a=1' } })
    expect(await entry(first)).toMatchObject({ user: 'pseudonym-1' })
    const checkpoint = await audit.log.checkpoint()

    const erasure = await eraseRecords({ database, audit }, { find: { by: 'user', value: 'pseudonym-1' }, ...order })

    expect(erasure).toEqual({ records: 2, fields: ['actor', 'request.query', 'signed', 'stated.user', 'user'], recorded: [expect.any(Number)], running: 0 })
    expect(await tablesWith('pseudonym-1')).toEqual([])
    expect(await tablesWith(Buffer.from('pseudonym-1').toString('base64url'))).toEqual([])
    const committed = { committed: expect.any(String) }
    expect(await entry(first)).toMatchObject({ user: committed, signed: committed, role: 'analyst', request: { query: committed, method: 'GET' } })
    expect(await entry(second)).toMatchObject({ actor: committed, stated: { user: committed, role: 'analyst' } })
    expect(await entry(other)).toMatchObject({ user: 'pseudonym-2', request: { query: '?nif=pseudonym-2' } })
    const [told = -1] = erasure.recorded
    await audit.sealed(told)
    expect(await entry(told)).toMatchObject({ type: 'audit.erased', by: 'user', actor: 'operator', reason: 'Request of 2 March', count: 2, records: [`${first}`, `${second}`] })
    for (const index of [first, second, told]) await requireProven(index)
    const { proof, leafIndex, leafHash: leaf } = await audit.log.inclusion(first, checkpoint)
    expect(verifyInclusion({ leaf, index: leafIndex, size: checkpoint?.size ?? 0, proof, root: checkpoint?.root ?? Buffer.alloc(0) })).toBe(true)
  })

  test('finds actors and callers, and erases no more than asked beside the value', async () => {
    const added = await audit.record({ type: 'partner.added', partner: 'did:web:c', name: 'City', address: null, groups: [], actor: 'Berta' })
    const made = await audit.record({ type: 'token.created', token: 't', name: 'Berta', role: 'operator', actor: 'Carla' })
    const denied = await audit.record({ ...asked('pseudonym-3'), type: 'data.denied', caller: '192.0.2.7', code: 'not-permitted', count: 1 })
    expect(await eraseRecords({ database, audit }, { find: { by: 'actor', value: 'Berta' }, fields: ['actor'], ...order })).toMatchObject({ records: 2, fields: ['actor', 'name'] })
    expect(await entry(added)).toMatchObject({ name: 'City', actor: { committed: expect.any(String) } })
    expect(await entry(made)).toMatchObject({ name: { committed: expect.any(String) } })
    expect(await eraseRecords({ database, audit }, { find: { by: 'caller', value: '192.0.2.7' }, fields: ['caller'], ...order })).toMatchObject({ records: 1, fields: ['caller'] })
    expect(await entry(denied)).toMatchObject({ user: 'pseudonym-3', caller: { committed: expect.any(String) } })
    expect(await tablesWith('192.0.2.7')).toEqual([])
  })

  test('takes the signed statement along, in which no search sees the pseudonym', async () => {
    const index = await audit.record(asked('pseudonym-4'))
    await eraseRecords({ database, audit }, { find: { by: 'user', value: 'pseudonym-4' }, fields: ['user'], ...order })
    expect(await entry(index)).toMatchObject({ signed: { committed: expect.any(String) }, user: { committed: expect.any(String) } })
    expect(await tablesWith('pseudonym-4')).toEqual([])
  })

  test('of records by number leaves what is not personal', async () => {
    const index = await audit.record({ type: 'data.delivered', transfer: 'urn:t', user: 'pseudonym-5', receipt: '{"bytes":1}' })
    expect(await eraseRecords({ database, audit }, { find: { by: 'record', records: [index, index] }, ...order })).toMatchObject({ records: 1, fields: ['user'] })
    expect(await entry(index)).toMatchObject({ receipt: '{"bytes":1}' })
    await expect(eraseRecords({ database, audit }, { find: { by: 'record', records: [1_000_000] }, ...order })).rejects.toMatchObject({ code: 'not-found' })
  })

  test('tells first what it would do, and writes nothing then', async () => {
    const index = await audit.record(asked('pseudonym-6'))
    const size = await audit.size()
    expect(await eraseRecords({ database, audit }, { find: { by: 'user', value: 'pseudonym-6' }, ...order, dryRun: true })).toEqual({ records: 1, fields: ['request.query', 'signed', 'user'], recorded: [], running: 0 })
    expect(await entry(index)).toMatchObject({ user: 'pseudonym-6' })
    expect(await audit.size()).toBe(size)
  })

  test('a second time finds nothing, and records nothing', async () => {
    await audit.record(asked('pseudonym-7'))
    const find = { by: 'user', value: 'pseudonym-7' } as const
    await eraseRecords({ database, audit }, { find, ...order })
    expect(await eraseRecords({ database, audit }, { find, ...order })).toEqual({ records: 0, fields: [], recorded: [], running: 0 })
  })

  test('is all or nothing: what cannot be recorded is not erased', async () => {
    const index = await audit.record(asked('pseudonym-8'))
    const failing = { appendNumbered: () => { throw new Error('no') } }
    await expect(eraseRecords({ database, audit: failing }, { find: { by: 'user', value: 'pseudonym-8' }, ...order })).rejects.toThrow('no')
    expect(await entry(index)).toMatchObject({ user: 'pseudonym-8' })
  })

  test.each([
    [{ find: { by: 'user', value: 'x' }, ...order, reason: 'because of x' }, 'bad-request'],
    [{ find: { by: 'user', value: 'x' }, ...order, fields: ['role'] }, 'bad-request'],
    [{ find: { by: 'user', value: 'x\u0000' }, ...order }, 'bad-request'],
    [{ find: { by: 'actor', value: 'operator' }, ...order }, 'conflict'],
  ] as const)('what would defeat it is refused: %j', async (request, code) => {
    await expect(eraseRecords({ database, audit }, request)).rejects.toMatchObject({ code })
  })

  test('does more than a batch', async () => {
    const records = Array.from({ length: 1500 }, () => asked('pseudonym-9'))
    await database.transaction((tx) => audit.append(tx, ...records))
    const erasure = await eraseRecords({ database, audit }, { find: { by: 'user', value: 'pseudonym-9' }, ...order })
    expect(erasure).toMatchObject({ records: 1500 })
    expect(erasure.recorded).toHaveLength(2)
    expect(await tablesWith('pseudonym-9')).toEqual([])
  })
})

test('numbers are told as ranges', () => {
  expect(rangesOf([1, 2, 3, 5, 7, 8])).toEqual(['1-3', '5', '7-8'])
  expect(rangesOf([])).toEqual([])
})
