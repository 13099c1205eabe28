import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Column } from '../../../src/dataplane/sources/source.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import type { Asked } from './ask.ts'
import { ask, examine, factsOf, refusal } from './ask.ts'
import type { Loaded, TestTable } from './engines.ts'
import { duckdbTable, postgresqlTable } from './engines.ts'

const text = (name: string): Column => ({ name, type: 'string', nullable: true })
const whole = (name: string): Column => ({ name, type: 'integer', nullable: true })

// 40 cards buy in A, 30 in B, 5 in C; 12 of those in A are from abroad, and 3 of those in B.
const people: TestTable = {
  columns: [text('district'), text('origin'), text('card'), whole('amount'), whole('tip')],
  rows: [
    ...Array.from({ length: 40 }, (_none, n) => ['A', n < 12 ? 'abroad' : 'here', `a${n}`, 10 + n, n < 4 ? 1 : null] as const),
    ...Array.from({ length: 30 }, (_none, n) => ['B', n < 3 ? 'abroad' : 'here', `b${n}`, 20 + n, 2] as const),
    ...Array.from({ length: 5 }, (_none, n) => ['C', n < 1 ? 'abroad' : 'here', `c${n}`, 30 + n, null] as const),
  ],
}

let database: Database
let agreements = 0

beforeAll(async () => {
  database = await openTestDatabase()
})

afterAll(() => database.close())

const engines = { duckdb: () => duckdbTable(people), postgresql: () => postgresqlTable(database, people) }

describe.each(['duckdb', 'postgresql'] as const)('%s', (dialect) => {
  let engine: Loaded

  beforeAll(async () => {
    engine = await engines[dialect]()
  })

  afterAll(() => engine.close())

  const partner = (restriction: Asked['restriction'] = {}, more: Partial<Asked> = {}): Asked => ({
    engine,
    db: database.db,
    facts: factsOf(engine, { dimensions: ['district', 'origin'], protectedUnits: [{ name: 'card', column: 'card', counts: 'distinct' }] }),
    restriction: { minGroupSizes: [{ unit: 'card', atLeast: 10 }], ...restriction },
    agreement: `agreement-${dialect}-${++agreements}`,
    ...more,
  })

  test('a group of too few is left out, and counted', async () => {
    const told = await ask(partner(), 'select=district,amount.sum(),count()&order=district')
    expect(told).toEqual({ rows: [{ district: 'A', 'amount.sum': 1180, count: 40 }, { district: 'B', 'amount.sum': 1035, count: 30 }], groups: 1, reasons: ['minGroupSize'] })
  })

  test('total minus parts: the total that would tell the group left out is withheld', async () => {
    const asked = partner()
    await ask(asked, 'select=district,amount.sum()')
    expect(await refusal(asked, 'select=amount.sum()')).toMatchObject({ code: 'withheld' })
    // The same in another agreement, the other way round: with the total known, one more district has to go.
    const other = partner()
    expect((await ask(other, 'select=amount.sum()')).rows).toEqual([{ 'amount.sum': 2375 }])
    expect(await ask(other, 'select=district,amount.sum()')).toMatchObject({ rows: [{ district: 'A' }], groups: 2 })
  })

  test.each([
    ['neq', 'district=neq.C'],
    ['not.eq', 'district=not.eq.C'],
    ['not.in', 'district=not.in.(C)'],
    ['or', 'or=(district.eq.A,district.eq.B)'],
    ['not.or', 'not.or=(district.eq.C)'],
    ['a long in', `district=in.(A,B,${Array.from({ length: 30 }, (_none, n) => `X${n}`).join(',')})`],
    ['lt', 'district=lt.C'],
    ['like', 'district=like.[AB]', 'district=in.(A,B)'],
  ])('total minus its complement, by %s', async (_how, filter, instead = filter) => {
    const asked = partner()
    await ask(asked, 'select=amount.sum(),count()')
    expect(await refusal(asked, `select=amount.sum()&${instead}`)).toMatchObject({ code: 'withheld' })
    const other = partner()
    await ask(other, `select=amount.sum()&${instead}`)
    expect(await refusal(other, 'select=count()')).toMatchObject({ code: 'withheld' })
  })

  test('overlapping filters: the part that only one of them has is too small', async () => {
    const asked = partner()
    await ask(asked, 'select=amount.sum()&or=(district.eq.A,district.eq.B)')
    // A and those of B that are here: three of B remain.
    expect(await refusal(asked, 'select=amount.sum()&or=(district.eq.A,and(district.eq.B,origin.eq.here))')).toMatchObject({ code: 'withheld' })
    // A tracker: those of C ride along with a large group.
    expect(await refusal(asked, 'select=amount.sum()&district=in.(A,B,C)')).toMatchObject({ code: 'withheld' })
    expect(await refusal(asked, 'select=amount.sum()&district=in.(A,C)')).toMatchObject({ code: 'withheld' })
    expect(await refusal(asked, 'select=amount.sum()&district=eq.A')).toBeUndefined()
  })

  test('parts first, then a finer cut that only crosses them', async () => {
    const asked = partner()
    await ask(asked, 'select=district,amount.sum()')
    expect(await refusal(asked, 'select=amount.sum()&origin=eq.abroad')).toMatchObject({ code: 'withheld' })
    expect(await ask(asked, 'select=district,origin,amount.sum()&district=eq.A&order=origin')).toMatchObject({ rows: [{ origin: 'abroad' }, { origin: 'here' }], groups: 0 })
    expect(await refusal(asked, 'select=district,origin,amount.sum()&district=eq.B')).toMatchObject({ code: 'withheld' })
  })

  test('pages, orders and limits of one query are one query, and each is examined as the whole', async () => {
    const asked = partner()
    const first = await ask(asked, 'select=district,amount.sum()&order=amount.sum.desc&limit=1')
    expect(first).toMatchObject({ rows: [{ district: 'A' }], groups: 1 })
    expect(await ask(asked, 'select=district,amount.sum()&order=amount.sum.desc&limit=1&offset=1')).toMatchObject({ rows: [{ district: 'B' }], groups: 1 })
    expect((await ask(asked, 'select=district,amount.sum()&order=amount.sum.asc&limit=5&offset=2')).rows).toEqual([])
    expect(await refusal(asked, 'select=amount.sum()')).toMatchObject({ code: 'withheld' })
    // Even a page with nothing on it counts as seen.
    const other = partner()
    expect((await ask(other, 'select=district,amount.sum()&limit=0')).rows).toEqual([])
    expect(await refusal(other, 'select=amount.sum()')).toMatchObject({ code: 'withheld' })
  })

  test('a group that does not exist, one that is too small, and one that earlier answers would isolate look alike', async () => {
    const asked = partner()
    const none = await refusal(asked, 'select=amount.sum()&district=eq.Z')
    const few = await refusal(asked, 'select=amount.sum()&district=eq.C')
    await ask(asked, 'select=amount.sum()')
    const isolated = await refusal(asked, 'select=amount.sum()&district=neq.C')
    expect(none).toMatchObject({ code: 'withheld', fields: {} })
    expect(none?.message).not.toMatch(/\d/)
    expect(few).toEqual(none)
    expect(isolated).toEqual(none)
    expect(await refusal(asked, 'select=origin,amount.sum()&district=eq.Z')).toEqual(none)
    expect(await refusal(asked, 'select=origin,amount.sum()&district=eq.C')).toEqual(none)
  })

  test('the same question gets the same answer, and adds nothing', async () => {
    const asked = partner()
    const first = await ask(asked, 'select=district,amount.sum()&order=district&district=in.(C,A,B)')
    expect(await ask(asked, 'select=district,amount.sum()&order=district&or=(district.eq.A,district.eq.B,district.eq.C)').catch(() => 'refused')).toEqual(first)
    expect(await ask(asked, 'select=d:district,count()&order=d&district=in.(B,B,A,C)')).toMatchObject({ rows: [{ d: 'A', count: 40 }, { d: 'B', count: 30 }], groups: 1 })
    const shapes = await database.db.selectFrom('released_shape').select('seq').where('agreement_id', '=', asked.agreement).execute()
    expect(shapes.length).toBeLessThanOrEqual(2)
  })

  test('a sum over few that have a value is withheld, however many the group has', async () => {
    const asked = partner()
    expect(await ask(asked, 'select=district,tip.sum()')).toMatchObject({ rows: [{ district: 'B', 'tip.sum': 60 }], groups: 2 })
    // Four in A have a tip: B's known sum from the total's would tell theirs.
    expect(await refusal(asked, 'select=tip.sum()')).toMatchObject({ code: 'withheld' })
    expect(await refusal(asked, 'select=tip.avg()&district=eq.A')).toMatchObject({ code: 'withheld' })
    // Those in C have none: to have none and to have few look alike.
    expect(await refusal(partner({ minGroupSizes: [{ unit: 'card', atLeast: 5 }] }), 'select=tip.sum()&district=eq.C')).toMatchObject({ code: 'withheld' })
  })

  test('what the checks of queries refuse is refused here as well', async () => {
    const asked = partner()
    const unchecked = { ...asked, facts: { ...asked.facts, dimensions: ['district', 'origin', 'card', 'amount'] } }
    expect(await refusal({ ...asked, facts: { ...asked.facts, dimensions: [] } }, 'select=district,count()')).toMatchObject({ code: 'unknown-column' })
    expect(await refusal({ ...unchecked, facts: { ...unchecked.facts, protectedUnits: [] } }, 'select=count()')).toMatchObject({ code: 'withheld' })
    expect(await refusal(partner({ minGroupSizes: [{ unit: 'card', atLeast: Number.NaN }] }), 'select=count()')).toMatchObject({ code: 'withheld' })
    expect(await refusal(partner({ largestShares: [{ unit: 'household', atMost: 0.5 }] }), 'select=count()')).toMatchObject({ code: 'withheld' })
  })

  test('two permissions of one agreement, with other rows and masks, keep one ledger', async () => {
    const all = partner()
    const onlyAB = { ...all, restriction: { ...all.restriction, rows: [{ dimension: 'district', operator: 'isAnyOf' as const, values: ['A', 'B'] }] } }
    const initials = { ...all, restriction: { ...all.restriction, masks: [{ column: 'district', mask: { kind: 'truncate' as const, length: 0 } }] } }
    expect((await ask(onlyAB, 'select=amount.sum()')).rows).toEqual([{ 'amount.sum': 2215 }])
    expect(await refusal(all, 'select=amount.sum()')).toMatchObject({ code: 'withheld' })
    expect(await refusal(initials, 'select=district,amount.sum()')).toMatchObject({ code: 'withheld' })
    expect(await refusal({ ...onlyAB, agreement: 'another' }, 'select=amount.sum()')).toBeUndefined()
  })

  test('a query that comes between looking and releasing is looked at again', async () => {
    const asked = partner()
    const now = new Date('2026-01-01T00:00:00Z')
    const total = await examine(asked, 'select=amount.sum()')
    const parts = await examine(asked, 'select=district,amount.sum()')
    expect(await total.protection.commit(database.db, now)).toBe(true)
    expect(await parts.protection.commit(database.db, now)).toBe(false)
    expect(await ask(asked, 'select=district,amount.sum()')).toMatchObject({ groups: 2 })
    // Two of the same, at once: one enters it, the other finds it there.
    const other = partner()
    const [one, two] = await Promise.all([examine(other, 'select=count()'), examine(other, 'select=count()')])
    expect([await one.protection.commit(database.db, now), await two.protection.commit(database.db, now)]).toEqual([true, false])
    expect((await ask(other, 'select=count()')).rows).toEqual([{ count: 75 }])
  })

  test('more different queries than are kept are refused; what follows from earlier ones is not', async () => {
    const asked = partner({}, { mostShapes: 1 })
    const filter = 'district=eq.A'
    await ask(asked, `select=district,origin,amount.sum()&${filter}`)
    expect(await refusal(asked, `select=origin,amount.sum()&${filter}`)).toBeUndefined()
    expect(await refusal(asked, `select=amount.sum()&${filter}&origin=eq.here`)).toBeUndefined()
    expect(await refusal(asked, 'select=amount.sum()&district=eq.B')).toMatchObject({ code: 'withheld', message: expect.stringContaining('different queries') })
  })

  test('the largest share of a sum', async () => {
    const asked = partner({ minGroupSizes: [], largestShares: [{ unit: 'card', atMost: 0.1 }] })
    // 49 of 1180 in A, 49 of 1035 in B, 34 of 160 in C.
    expect(await ask(asked, 'select=district,amount.sum()&order=district')).toMatchObject({ rows: [{ district: 'A' }, { district: 'B' }], groups: 1, reasons: ['largestShare'] })
    expect(await refusal(asked, 'select=amount.sum()')).toMatchObject({ code: 'withheld' })
    expect(await refusal(asked, 'select=count()')).toBeUndefined()
  })

  test('content that others change is looked at again each time', async () => {
    const live = { ...engine, contentVersion: 'live' }
    const asked = partner({}, { engine: live })
    expect(await ask(asked, 'select=district,amount.sum()&order=district')).toMatchObject({ rows: [{ district: 'A' }, { district: 'B' }], groups: 1 })
    await engine.replace([...people.rows.filter(([district]) => district !== 'B'), ['B', 'here', 'b1', 1, 1], ['D', 'here', 'd1', 7, 7]])
    expect(await ask(asked, 'select=district,amount.sum()')).toMatchObject({ rows: [{ district: 'A' }], groups: 3 })
    await engine.replace(people.rows)
  })
})
