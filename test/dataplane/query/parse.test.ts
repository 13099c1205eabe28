import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { readTableRequest } from '../../../src/dataplane/query/answer-request.ts'
import { parseQuery } from '../../../src/dataplane/query/parse.ts'
import { isProblem } from '../../../src/errors.ts'

const query = (text: string) => parseQuery(text).query

function refusal(work: () => unknown): { code: string; message: string } {
  try {
    work()
  } catch (error) {
    if (isProblem(error)) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('It was not refused')
}

test('a column in double quotes is filtered by wherever it stands, whatever it is called', () => {
  for (const text of ['?"Part of the day"=eq.Night', '?Part of the day=eq.Night', '?and=("Part of the day".eq.Night)', '?%22Part%20of%20the%20day%22=eq.Night']) {
    expect(JSON.stringify(query(text).where)).toContain('"column":"Part of the day"')
  }
  expect(query('?"Part of the day"=eq.Night').where).toEqual(query('?Part of the day=eq.Night').where)
  expect(query('?"limit"=eq.5')).toMatchObject({ limit: null, where: { column: 'limit' } })
  expect(query('?"or"=eq.5&"a"b=eq.1').where).toMatchObject({ parts: [{ column: 'or' }, { column: '"a"b' }] })
})

describe('select', () => {
  test.each([
    ['?select=*', [{ kind: 'all' }]],
    ['', [{ kind: 'all' }]],
    ['?select=district,amount', [{ kind: 'column', column: 'district', cast: null, alias: null }, { kind: 'column', column: 'amount', cast: null, alias: null }]],
    ['?select=place:district::text', [{ kind: 'column', column: 'district', cast: 'text', alias: 'place' }]],
    ['?select=amount.sum()', [{ kind: 'aggregate', fn: 'sum', column: 'amount', cast: null, alias: null }]],
    ['?select=total:amount.sum()::double', [{ kind: 'aggregate', fn: 'sum', column: 'amount', cast: 'double', alias: 'total' }]],
    ['?select=count()', [{ kind: 'aggregate', fn: 'count', column: null, cast: null, alias: null }]],
    ['?select=n:count(),cards.count(distinct)', [{ kind: 'aggregate', fn: 'count', column: null, cast: null, alias: 'n' }, { kind: 'aggregate', fn: 'countDistinct', column: 'cards', cast: null, alias: null }]],
    ['?select=District.Name,"Part of the day",Number.sum()', [{ kind: 'column', column: 'District.Name', cast: null, alias: null }, { kind: 'column', column: 'Part of the day', cast: null, alias: null }, { kind: 'aggregate', fn: 'sum', column: 'Number', cast: null, alias: null }]],
    ['?select="a,b"."c"', undefined],
    ['?select="quo\\"te".max()', [{ kind: 'aggregate', fn: 'max', column: 'quo"te', cast: null, alias: null }]],
    ['?select=count', [{ kind: 'column', column: 'count', cast: null, alias: null }]],
  ])('%s', (text, expected) => {
    if (expected === undefined) expect(refusal(() => query(text)).code).toBe('invalid-query')
    else expect(query(text).select).toEqual(expected)
  })

  test.each(['?select=,', '?select=a,', '?select=rel(a)', '?select=a::regclass', '?select=a.median()', '?select=a.sum(distinct)', '?select=:a', `?select=${'x'.repeat(64)}:a`, '?select=a%00:b', '?select=a;drop table t'])('%s is refused or names a column', (text) => {
    try {
      for (const item of query(text).select) expect(item.kind).toBe('column')
    } catch (error) {
      expect(isProblem(error) && error.code).toBe('invalid-query')
    }
  })
})

describe('filters', () => {
  test.each([
    ['?week=gte.2026-W10', { kind: 'compare', column: 'week', operator: 'gteq', value: '2026-W10', negated: false }],
    ['?name=not.like.A*', { kind: 'compare', column: 'name', operator: 'like', value: 'A*', negated: true }],
    ['?name=eq.a,b)(', { kind: 'compare', column: 'name', operator: 'eq', value: 'a,b)(', negated: false }],
    ['?name=eq.', { kind: 'compare', column: 'name', operator: 'eq', value: '', negated: false }],
    ['?name=in.(a,"b,c","d\\"e",)', { kind: 'in', column: 'name', values: ['a', 'b,c', 'd"e', ''], negated: false }],
    ['?name=in.()', { kind: 'in', column: 'name', values: [], negated: false }],
    ['?gone=is.null', { kind: 'is', column: 'gone', value: 'null', negated: false }],
    ['?gone=not.is.TRUE', { kind: 'is', column: 'gone', value: 'true', negated: true }],
    ['?District.Name=eq.Gr%C3%A0cia', { kind: 'compare', column: 'District.Name', operator: 'eq', value: 'Gràcia', negated: false }],
    ['?or=(a.eq.1,not.and(b.lt.2,"c.eq.d".is.null))', {
      kind: 'or',
      negated: false,
      parts: [
        { kind: 'compare', column: 'a', operator: 'eq', value: '1', negated: false },
        { kind: 'and', negated: true, parts: [{ kind: 'compare', column: 'b', operator: 'lt', value: '2', negated: false }, { kind: 'is', column: 'c.eq.d', value: 'null', negated: false }] },
      ],
    }],
    ['?not.or=(District.Name.not.in.(x,y))', { kind: 'or', negated: true, parts: [{ kind: 'in', column: 'District.Name', values: ['x', 'y'], negated: true }] }],
    ['?and=(format.eq.csv)', { kind: 'and', negated: false, parts: [{ kind: 'compare', column: 'format', operator: 'eq', value: 'csv', negated: false }] }],
    ['?or=(a.eq."x,)y",a.gt.3)', { kind: 'or', negated: false, parts: [{ kind: 'compare', column: 'a', operator: 'eq', value: 'x,)y', negated: false }, { kind: 'compare', column: 'a', operator: 'gt', value: '3', negated: false }] }],
  ])('%s', (text, expected) => {
    expect(query(text).where).toEqual(expected)
  })

  test('several filters hold together', () => {
    expect(query('?a=gt.1&a=lt.9').where).toMatchObject({ kind: 'and', negated: false, parts: [{ operator: 'gt' }, { operator: 'lt' }] })
  })

  test.each(['?a=1', '?a=eq', '?a=fts.x', '?a=eq(any).{1}', '?a=in.a', '?a=in.(a', '?a=in.(a)b', '?a=is.7', '?or=a.eq.1', '?or=(a.eq.1', '?or=(a)', '?or=()', '?or=(a.eq.1)x', '?columns=a', '?=eq.1', '?a=__proto__.x', '?a=constructor.1'])('%s is refused', (text) => {
    expect(refusal(() => query(text)).code).toBe('invalid-query')
  })

  test('what is too much is refused early', () => {
    expect(refusal(() => query(`?a=in.(${'1,'.repeat(10_001)})`)).code).toBe('query-too-large')
    expect(refusal(() => query(`?and=(${Array.from({ length: 1_001 }, () => 'a.eq.1').join()})`)).code).toBe('query-too-large')
    expect(refusal(() => query(`?and=${'(and'.repeat(40)}(a.eq.1)${')'.repeat(40)}`)).code).toBe('query-too-large')
    expect(refusal(() => query(`?select=${Array.from({ length: 501 }, (_none, index) => `c${index}`).join()}`)).code).toBe('query-too-large')
  })
})

describe('order, limit, offset', () => {
  test.each([
    ['?order=amount.sum.desc', [{ by: 'amount.sum', descending: true, nulls: null }]],
    ['?order=a,b.asc.nullsfirst,"c,d".desc.nullslast', [{ by: 'a', descending: false, nulls: null }, { by: 'b', descending: false, nulls: 'first' }, { by: 'c,d', descending: true, nulls: 'last' }]],
    ['?order=District.Name', [{ by: 'District.Name', descending: false, nulls: null }]],
    ['?order=amount.sum().desc', [{ by: 'amount.sum', descending: true, nulls: null }]],
  ])('%s', (text, expected) => {
    expect(query(text).order).toEqual(expected)
  })

  test.each(['?order=,', '?order=a.desc.asc', '?limit=-1', '?limit=1.5', '?limit=1e3', '?offset=x', '?limit=9999999999999', '?limit=1&limit=2', '?select=a&select=b'])('%s is refused', (text) => {
    expect(refusal(() => query(text)).code).toBe('invalid-query')
  })

  test('a zero is a number', () => {
    expect(query('?limit=0&offset=0')).toMatchObject({ limit: 0, offset: 0 })
  })
})

describe('headers', () => {
  test.each([
    [{}, '', { asks: false, format: null, singular: false, countExact: false }],
    [{ accept: 'text/csv' }, '', { asks: false, format: 'csv' }],
    [{ accept: 'application/vnd.pgrst.object+json' }, '?id=eq.1', { asks: true, format: 'json', singular: true }],
    [{ accept: 'application/geo+json' }, '', { asks: true, format: 'geojson' }],
    [{ prefer: 'count=exact, concordat-metadata' }, '', { asks: true, countExact: true, metadata: true }],
    [{ prefer: 'return=minimal' }, '', { asks: false, countExact: false }],
    [{ range: '10-19' }, '', { asks: true, query: { offset: 10, limit: 10 } }],
    [{ range: '10-', 'range-unit': 'items' }, '', { asks: true, query: { offset: 10, limit: null } }],
    [{ range: '10-19' }, '?limit=3', { query: { offset: 0, limit: 3 } }],
    [{ range: 'bytes=0-9' }, '', { asks: false }],
    [{ accept: 'application/pdf, */*;q=0.1' }, '?format=parquet&version=3', { asks: false, format: 'parquet', version: 3 }],
  ])('%j %s', (headers, text, expected) => {
    expect(readTableRequest(headers, text)).toMatchObject(expected)
  })

  test('what cannot be given is refused', () => {
    expect(refusal(() => readTableRequest({ accept: 'image/png' }, '')).code).toBe('not-acceptable')
    expect(refusal(() => readTableRequest({ range: '9-1' }, '')).code).toBe('range-not-satisfiable')
    expect(refusal(() => readTableRequest({}, '?format=xml')).code).toBe('bad-request')
    expect(refusal(() => readTableRequest({}, '?version=0')).code).toBe('bad-request')
  })
})

test('whatever is sent is a query or a refusal, quickly', () => {
  const piece = fc.oneof(fc.constantFrom('select', 'order', 'or', 'and', 'not.and', '=', '&', '(', ')', ',', '.', '"', '\\', '::', ':', 'eq.', 'in.', 'is.', 'not.', 'like.', 'a', 'sum()', '%22', '%00', '*', 'null', '__proto__'), fc.string({ maxLength: 5 }))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      try {
        parseQuery(`?${pieces.join('')}`)
      } catch (error) {
        expect(isProblem(error) && ['invalid-query', 'query-too-large'].includes(error.code)).toBe(true)
      }
    }),
    { numRuns: 3_000 },
  )
})
