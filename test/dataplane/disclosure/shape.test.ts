import { expect, test } from 'vitest'
import { checkQuery } from '../../../src/dataplane/query/check.ts'
import { parseQuery } from '../../../src/dataplane/query/parse.ts'
import type { ReleasedShape, Shape } from '../../../src/dataplane/disclosure/shape.ts'
import { followsFrom, restored, sameGroups, shapeDigest, shapeOf, stored, withoutRepeats } from '../../../src/dataplane/disclosure/shape.ts'
import type { QueryRestriction } from '../../../src/policy/restriction.ts'
import { unrestricted } from '../../../src/policy/restriction.ts'

const names = ['a', 'b', 'c']
const columns = [...names.map((name) => ({ name, type: 'string' as const, nullable: true })), { name: 'n', type: 'integer' as const, nullable: true }]

function shape(address: string, restriction: Partial<QueryRestriction> = {}): Shape {
  const whole = { ...unrestricted, ...restriction }
  const facts = { kind: 'file' as const, columns: columns.map(({ name, type }) => ({ name, type })), dimensions: [...names, 'n'], protectedUnits: [] }
  return shapeOf(checkQuery(parseQuery(address).query, { columns, facts }, whole), whole)
}

const released = (of: Shape, keys: readonly string[] = []): ReleasedShape => ({ ...of, released: { form: 'except', keys } })

test.each([
  ['a=neq.1', 'a=not.eq.1'],
  ['a=in.(1)', 'a=eq.1'],
  ['a=in.(2,1,2)', 'a=in.(1,2)'],
  ['n=not.gt.5', 'n=lte.5'],
  ['n=not.lt.5', 'n=gte.5'],
  ['a=eq.1&b=eq.2', 'b=eq.2&a=eq.1'],
  ['and=(a.eq.1,and(b.eq.2,a.eq.1))', 'a=eq.1&b=eq.2'],
  ['a=not.is.null', 'a=is.not_null'],
  ['not.or=(a.eq.1)', 'a=neq.1'],
])('%s is %s', (one, other) => {
  expect(sameGroups(shape(`select=b,count()&${one}`), shape(`select=x:b,n.sum()&${other}&limit=1&offset=3&order=x`))).toBe(true)
})

test.each([
  ['a=eq.1', 'a=neq.1'],
  ['or=(a.eq.1,b.eq.2)', 'and=(a.eq.1,b.eq.2)'],
  ['n=gt.5', 'n=gte.5'],
  ['a=like.x*', 'a=ilike.x*'],
])('%s is not %s', (one, other) => {
  expect(sameGroups(shape(`select=count()&${one}`), shape(`select=count()&${other}`))).toBe(false)
})

test('a coarser cut of groups that all came out follows from them; anything else does not', () => {
  const cube = released(shape('select=a,b,n.sum()'))
  expect(followsFrom(shape('select=a,n.sum()'), cube)).toBe(true)
  expect(followsFrom(shape('select=n.sum()&a=eq.1&or=(b.eq.1,a.eq.2)'), cube)).toBe(true)
  expect(followsFrom(shape('select=a,c,n.sum()'), cube)).toBe(false)
  expect(followsFrom(shape('select=a,n.sum()&c=eq.1'), cube)).toBe(false)
  expect(followsFrom(shape('select=a,n.sum()'), released(shape('select=a,b,count()')))).toBe(false)
  expect(followsFrom(shape('select=a,n.sum()'), released(shape('select=a,b,n.sum()'), ['00']))).toBe(false)
  expect(followsFrom(shape('select=a,n.sum()'), released(shape('select=a,b,n.sum()&a=eq.1')))).toBe(false)
  expect(followsFrom(shape('select=a,n.sum()&a=eq.1'), released(shape('select=b,n.sum()&a=eq.1')))).toBe(false)
  expect(followsFrom(shape('select=n.sum()&a=eq.1&b=eq.2'), released(shape('select=b,n.sum()&a=eq.1')))).toBe(true)
  expect(followsFrom(shape('select=a,n.sum()', { rows: [{ dimension: 'a', operator: 'eq', values: ['1'] }] }), cube)).toBe(false)
})

test('of shapes that follow from others only the others count, whichever came first', () => {
  const cube = released(shape('select=a,b,n.sum()'))
  const coarse = released(shape('select=a,n.sum()'))
  const other = released(shape('select=c,n.sum()'))
  expect(withoutRepeats([coarse, other, cube, coarse])).toEqual([other, cube])
  expect(withoutRepeats([cube, coarse, other])).toEqual([cube, other])
})

test('stored and read again it is the same, with whole numbers of 64 bits', () => {
  const one = released(shape('select=a,n.sum()&n=gt.9007199254740993&or=(n.in.(1,9007199254740995),a.not.eq.x)'), ['ab'])
  const again = restored(JSON.parse(JSON.stringify(stored(one))))
  expect(again).toEqual(one)
  expect(shapeDigest(again)).toBe(shapeDigest(one))
  expect(sameGroups(again, one)).toBe(true)
})
