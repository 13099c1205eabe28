import { describe, expect, test } from 'vitest'
import { checkQuery } from '../../../src/dataplane/query/check.ts'
import { parseQuery } from '../../../src/dataplane/query/parse.ts'
import type { CheckedQuery } from '../../../src/dataplane/query/query.ts'
import type { Column } from '../../../src/dataplane/sources/source.ts'
import { isProblem } from '../../../src/errors.ts'
import type { DatasetFacts, QueryRestriction } from '../../../src/policy/restriction.ts'
import { unrestricted } from '../../../src/policy/restriction.ts'

const columns: readonly Column[] = [
  { name: 'week', type: 'string', nullable: false },
  { name: 'district', type: 'string', nullable: true },
  { name: 'day', type: 'date', nullable: true },
  { name: 'at', type: 'datetime', nullable: true },
  { name: 'amount', type: 'number', nullable: true },
  { name: 'visits', type: 'integer', nullable: true },
  { name: 'open', type: 'boolean', nullable: true },
  { name: 'card', type: 'string', nullable: false },
  { name: 'extra', type: 'object', nullable: true },
]
const facts: DatasetFacts = { kind: 'file', columns, dimensions: ['week', 'district'], protectedUnits: [{ name: 'card', column: 'card', counts: 'distinct' }] }
const tenCards: QueryRestriction = { ...unrestricted, aggregatesOnly: true, minGroupSizes: [{ unit: 'card', atLeast: 10 }] }

function check(text: string, restriction: QueryRestriction = unrestricted): CheckedQuery {
  return checkQuery(parseQuery(text).query, { columns, facts }, restriction)
}

function refusal(text: string, restriction: QueryRestriction = unrestricted): { code: string; message: string; fields: Readonly<Record<string, unknown>> } {
  try {
    check(text, restriction)
  } catch (error) {
    if (isProblem(error)) return { code: error.code, message: error.message, fields: error.fields }
    throw error
  }
  throw new Error(`${text} was not refused`)
}

const names = ({ outputs }: CheckedQuery) => outputs.map(({ name }) => name)

describe('names', () => {
  test('all columns, in their order', () => expect(names(check(''))).toEqual(columns.map(({ name }) => name)))
  test('aggregates are named after their column, or as wanted', () => {
    expect(names(check('?select=district,amount.sum(),n:count(),card.count(distinct),visits.avg()'))).toEqual(['district', 'amount.sum', 'n', 'card.countDistinct', 'visits.avg'])
    expect(check('?select=district,amount.sum()').aggregated).toBe(true)
    expect(check('?select=district').aggregated).toBe(false)
  })
  test.each([
    ['?select=nope', 'unknown-column'],
    ['?nope=eq.1', 'unknown-column'],
    ['?order=nope', 'unknown-column'],
    ['?select=district,amount.sum()&order=amount', 'unknown-column'],
    ['?select=week,week:district', 'invalid-query'],
    ['?select=week,week', 'invalid-query'],
    ['?select=district.sum()', 'invalid-query'],
    ['?select=extra.max()', 'invalid-query'],
    ['?extra=eq.1', 'invalid-query'],
    ['?select=extra,count()', 'invalid-query'],
  ])('%s is refused', (text, code) => expect(refusal(text).code).toBe(code))
  test('rows are ordered by the columns of the table before names of the answer; groups by what comes out', () => {
    expect(check('?select=amount::text&order=amount.desc').order).toMatchObject([{ by: { column: { name: 'amount' } } }])
    expect(check('?select=amount:week,a:amount&order=amount,a').order).toMatchObject([{ by: { column: { name: 'amount' } } }, { by: { output: 'a' } }])
    expect(check('?select=amount:district,amount.sum()&order=amount').order).toMatchObject([{ by: { output: 'amount' } }])
  })
  test('a refusal tells what there is', () => {
    expect(refusal('?select=nope').fields['allowed']).toEqual(columns.map(({ name }) => name))
    expect(refusal('?select=district,amount.sum()&order=card').message).toContain('district, amount.sum')
  })
})

describe('values are read by the type of their column', () => {
  test.each([
    ['?visits=eq.12', 12],
    ['?visits=eq.9223372036854775807', 9223372036854775807n],
    ['?amount=gt.1.50', '1.50'],
    ['?open=eq.true', true],
    ['?day=eq.2024-02-29', '2024-02-29'],
    ['?at=lt.2024-02-29', '2024-02-29T00:00:00Z'],
    ['?at=lt.2024-02-29T10:00:00+02:00', '2024-02-29T10:00:00+02:00'],
    [`?district=eq.${encodeURIComponent("'; drop table t; --")}`, "'; drop table t; --"],
  ])('%s', (text, value) => expect(check(text).where).toMatchObject({ value }))

  test.each(['?visits=eq.1.5', '?visits=eq.9223372036854775808', '?visits=eq.NaN', '?amount=eq.NaN', '?amount=eq.Infinity', '?amount=eq.1e999', '?amount=eq.', '?open=eq.yes', '?day=eq.2023-02-29', '?day=eq.2024-13-01', '?at=eq.yesterday', '?district=eq.%00', '?visits=in.(1,x)', '?visits=like.1*', '?district=is.true'])('%s is refused', (text) => {
    expect(refusal(text).code).toBe('invalid-query')
  })

  test('patterns are translated and bounded', () => {
    expect(check('?district=like.*gr*').where).toMatchObject({ value: '%gr%' })
    expect(refusal(`?district=like.${'*a'.repeat(17)}`).code).toBe('invalid-query')
    expect(refusal(`?district=like.${'a'.repeat(257)}`).code).toBe('invalid-query')
    expect(refusal('?district=like.a%5C').code).toBe('invalid-query')
  })

  test('casts are only those that cannot fail', () => {
    expect(check('?select=visits::text,amount::double,day::timestamp').outputs.map(({ cast }) => cast)).toEqual(['text', 'double', 'timestamp'])
    expect(refusal('?select=district::integer').code).toBe('invalid-query')
    expect(refusal('?select=amount.sum()::integer').code).toBe('invalid-query')
  })
})

describe('under a restriction', () => {
  const masked: QueryRestriction = { ...unrestricted, columns: ['week', 'day', 'amount'], masks: [{ column: 'day', mask: { kind: 'period', to: 'month' } }, { column: 'week', mask: { kind: 'drop' } }], maxRows: 100 }
  test('a column that may not come out does not exist, in any place', () => {
    expect(names(check('', masked))).toEqual(['day', 'amount'])
    for (const text of ['?select=card', '?card=eq.x', '?order=card', '?select=card.count()', '?week=eq.x', '?or=(amount.gt.1,card.eq.x)']) {
      expect(refusal(text, masked)).toMatchObject({ code: 'unknown-column', fields: { allowed: ['day', 'amount'] } })
    }
    expect(refusal('?select=card', masked).message.replace('card', 'nope')).toBe(refusal('?select=nope', masked).message)
  })
  test('a masked column is compared as it comes out', () => expect(check('?day=eq.2024-02', masked).where).toMatchObject({ value: '2024-02' }))
  test('no more rows than may be', () => {
    expect(check('', masked).limit).toBe(100)
    expect(check('?limit=7', masked).limit).toBe(7)
    expect(check('?limit=700', masked).limit).toBe(100)
  })
})

describe('where groups are protected', () => {
  test('statistics by dimensions', () => {
    const checked = check('?select=district,amount.sum(),visits.avg(),count(),card.count(distinct)&week=gte.2026-W10&order=amount.sum.desc', tenCards)
    expect(checked).toMatchObject({ aggregated: true, order: [{ by: { output: 'amount.sum' }, descending: true }] })
  })
  test.each([
    ['', 'not-permitted'],
    ['?select=district', 'not-permitted'],
    ['?select=amount&limit=1', 'not-permitted'],
    ['?select=district,amount.min()', 'not-permitted'],
    ['?select=district,amount.max()', 'not-permitted'],
    ['?select=district,amount.count()', 'not-permitted'],
    ['?select=district,week.count(distinct)', 'not-permitted'],
    ['?select=card,amount.sum()', 'unknown-column'],
    ['?select=day,amount.sum()', 'unknown-column'],
    ['?select=amount.sum()&card=eq.x', 'unknown-column'],
    ['?select=amount.sum()&amount=gt.100', 'unknown-column'],
    ['?select=amount.sum()&or=(week.eq.x,visits.is.null)', 'unknown-column'],
    ['?select=district,amount.sum()&order=card', 'unknown-column'],
  ])('%s is refused', (text, code) => expect(refusal(text, tenCards).code).toBe(code))
  test('without a declared dimension only totals can be asked for', () => {
    const none = { columns, facts: { ...facts, dimensions: [] } }
    expect(() => checkQuery(parseQuery('?select=district,count()').query, none, tenCards)).toThrow('none is declared')
    expect(checkQuery(parseQuery('?select=count()').query, none, tenCards).aggregated).toBe(true)
  })
})
