import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { sql } from 'kysely'
import type { AuditFilter } from '../../../src/audit/search/store.ts'
import { blocksOnly, countEntries, findEntries, findPlaces, outsideQuery, pageQuery, sumEntries } from '../../../src/audit/search/store.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { onPostgresql, openTestDatabase } from '../../helpers/database.ts'

const start = Date.UTC(2026, 0, 1)
const kinds = ['data.permitted', 'data.denied', 'data.released', 'data.requested', 'data.refused', 'data.received', 'token.created'] as const
const roles = ['analyst', 'clerk'] as const
const purposes = ['https://w3id.org/dpv#Marketing', 'https://w3id.org/dpv#ServiceProvision'] as const

/** Hours ascend, but for clocks that go back, a replica whose clock is ahead, and entries that are alone in their time. */
function timeAt(index: number): number {
  const behind = index >= 150 && index < 220 ? -90 : index % 7 === 0 && index > 300 ? 40 : index % 61 === 0 ? 300 - index : 0
  return start + (index + behind) * 3_600_000
}

/** An entry as the table has it, and what it says. */
function entryAt(index: number) {
  const type = kinds[index % kinds.length] ?? 'token.created'
  const said = { role: roles[index % 2], purpose: purposes[index % 3 === 0 ? 0 : 1] }
  const ours = ['data.requested', 'data.refused', 'data.received'].includes(type)
  const isData = type.startsWith('data.')
  const decision = type === 'data.permitted' ? 'permit' : type === 'data.denied' ? 'deny' : null
  return {
    row: {
      index,
      time: new Date(timeAt(index)),
      type,
      agreement_id: isData ? `a${index % 4}` : null,
      transfer_id: isData ? `t${index % 5}` : null,
      partner: isData ? `p${index % 2}` : null,
      dataset_id: isData ? `d${index % 3}` : null,
      role: isData ? (ours ? 'consumer' : (said.role ?? null)) : null,
      purpose: isData && !ours ? (said.purpose ?? null) : null,
      decision,
      seq: null,
      rest: JSON.stringify({ ...(ours ? { stated: said } : {}), ...(type === 'data.denied' ? { code: index % 2 === 0 ? 'not-permitted' : 'quota-exceeded', count: 2 } : {}), ...(type === 'data.released' ? { bytes: 10, rows: 1 } : {}), ...(index % 50 === 0 ? { note: '\u0000 \ud800' } : {}) }),
    },
    role: isData ? said.role : undefined,
    purpose: isData ? said.purpose : undefined,
    decision: decision ?? (type === 'data.refused' ? 'deny' : type === 'data.received' ? 'permit' : undefined),
  }
}

const entries = Array.from({ length: 420 }, (_, index) => entryAt(index))
let database: Database

beforeAll(async () => {
  database = await openTestDatabase()
  await database.db.insertInto('audit_entry').values(entries.map(({ row }) => row)).execute()
})
afterAll(() => database.close())

function expected(filter: AuditFilter): number[] {
  const { type, agreement, transfer, partner, dataset, role, purpose, decision, since, until, before, after } = filter
  const is = (wanted: unknown, value: unknown) => wanted === undefined || wanted === value
  return entries
    .filter(({ row, ...said }) => is(type, row.type) && is(agreement, row.agreement_id) && is(transfer, row.transfer_id) && is(partner, row.partner) && is(dataset, row.dataset_id) && is(role, said.role) && is(purpose, said.purpose) && is(decision, said.decision))
    .filter(({ row }) => (since === undefined || row.time >= since) && (until === undefined || row.time < until) && (before === undefined || row.index < before) && (after === undefined || row.index > after))
    // Text that the database cannot read as JSON says nothing of what was stated in it.
    .filter(({ row }) => (role === undefined && purpose === undefined) || row.role !== 'consumer' || !row.rest.includes('note'))
    .map(({ row }) => row.index)
}

const option = <T>(...values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
const hour = fc.integer({ min: 0, max: 420 })
const filters = fc
  .record({ type: option(...kinds), agreement: option('a0', 'a1', 'none'), transfer: option('t0', 't1'), partner: option('p0', 'p1'), dataset: option('d0', 'd2'), role: option(...roles), purpose: option(...purposes), decision: option('permit' as const, 'deny' as const), since: fc.option(hour, { nil: undefined }), until: fc.option(hour, { nil: undefined }), before: fc.option(hour, { nil: undefined }), after: fc.option(hour, { nil: undefined }) })
  .map(({ since, until, ...rest }): AuditFilter => Object.fromEntries(Object.entries({ ...rest, since: since === undefined ? undefined : new Date(start + since * 3_600_000), until: until === undefined ? undefined : new Date(start + until * 3_600_000) }).filter(([, value]) => value !== undefined)))

describe('Search', () => {
  test('finds for every combination of filters what a look at each entry finds, in both orders', async () => {
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const wanted = expected(filter)
        const numbers = async (descending: boolean) => (await findEntries(database.db, { ...filter, limit: 1000, descending })).map(({ index }) => index)
        expect(await numbers(false)).toEqual(wanted)
        expect(await numbers(true)).toEqual(wanted.toReversed())
        const first = await findEntries(database.db, { ...filter, limit: 5 })
        expect(first.map(({ index }) => index)).toEqual(wanted.slice(0, 5))
        expect(await countEntries(database.db, filter, 1000)).toBe(wanted.length)
      }),
      { numRuns: 60 },
    )
  })

  test('gives what is not erased of committed fields', async () => {
    await database.db.insertInto('audit_opening').values({ index: 3, fields: JSON.stringify({ user: { salt: 'AA', value: 'pseudonym' } }) }).execute()
    const [found, next] = await findEntries(database.db, { after: 2, limit: 2 })
    expect(found).toMatchObject({ index: 3, openings: { user: { salt: 'AA', value: 'pseudonym' } } })
    expect(next).toMatchObject({ index: 4, openings: null })
  })
})

describe('Sums', () => {
  test('count requests by period of a time zone, and sum what went out, whatever text an entry has', async () => {
    const sums = await sumEntries(database.db, { filter: {}, by: 'month', timeZone: 'UTC' })
    const of = (type: string) => sums.filter((row) => row.type === type)
    expect(sums.map(({ start: month }) => month).every((month) => month === '2026-01-01')).toBe(true)
    expect(of('token.created')).toEqual([])
    // One of the 60 refusals says how many it counts where it cannot be read.
    const denied = entries.filter(({ row }) => row.type === 'data.denied')
    const unreadable = denied.filter(({ row }) => row.rest.includes('note')).length
    expect(of('data.denied').reduce((total, { requests }) => total + requests, 0)).toBe(2 * denied.length - unreadable)
    expect(new Set(of('data.denied').map(({ code }) => code))).toEqual(new Set(['not-permitted', 'quota-exceeded', ...(unreadable > 0 ? [null] : [])]))
    const released = entries.filter(({ row }) => row.type === 'data.released' && !row.rest.includes('note')).length
    expect(of('data.released').reduce((total, { bytes }) => total + bytes, 0)).toBe(10 * released)
    const days = new Set((await sumEntries(database.db, { filter: { agreement: 'a1' }, by: 'day', timeZone: 'Europe/Madrid' })).map(({ start: day }) => day))
    expect(days).toEqual(new Set(entries.filter(({ row }) => row.agreement_id === 'a1').map(({ row }) => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Madrid', dateStyle: 'short' }).format(row.time))))
    await expect(sumEntries(database.db, { filter: {}, by: 'day', timeZone: 'Europe/Nowhere' })).rejects.toMatchObject({ code: 'bad-request' })
  })
})

const onServer = onPostgresql ? test : test.skip
onServer('Over many records, each filter is answered through an index', async () => {
  const { db } = database
  await sql`insert into audit_entry (index, rest, time, type, agreement_id, transfer_id, partner, dataset_id, role, purpose, decision)
    select 1000 + i, '{"rows":1,"note":"some words that make an entry as long as they are"}', timestamptz '2027-01-01' + i * interval '1 second', 'data.permitted', 'b' || i % 500, 'u' || i % 1000, 'q' || i % 300, 'e' || i % 400, 'r' || i % 5, 'p' || i % 5, 'permit'
    from generate_series(1, 100000) as i`.execute(db)
  await sql`vacuum analyze audit_entry`.execute(db)
  const filters: AuditFilter[] = [{ agreement: 'b7' }, { transfer: 'u7' }, { partner: 'q7' }, { dataset: 'e7' }, { type: 'none' }, { role: 'nobody' }, { purpose: 'none' }, { decision: 'deny' }, { agreement: 'none', decision: 'permit' }, { since: new Date('2027-01-01T10:00:00Z'), until: new Date('2027-01-01T10:01:00Z') }, { before: 5000, after: 4000 }]
  for (const filter of filters) {
    const plan = JSON.stringify(await pageQuery(db, { ...filter, limit: 101, descending: true }).explain())
    expect([filter, plan.includes('Seq Scan on audit_entry')]).toEqual([filter, false])
  }
  const minute = { since: new Date('2027-01-01T10:00:00Z'), until: new Date('2027-01-01T10:01:00Z') }
  expect(await findPlaces(db, minute)).toEqual({ from: 37_000, to: 37_060 })
  const outside = await db.transaction().execute(async (trx) => {
    await blocksOnly.execute(trx)
    return JSON.stringify(await outsideQuery(trx, { ...minute, after: 45_000, limit: 101, descending: true }).explain())
  })
  expect([outside.includes('audit_entry_time'), outside.includes('Index Scan using'), outside.includes('Seq Scan on')]).toEqual([true, false, false])
  const found = await findEntries(db, { ...minute, limit: 1000, descending: true })
  expect(found.map(({ index }) => index)).toEqual(Array.from({ length: 60 }, (_none, place) => 37_059 - place))
})
