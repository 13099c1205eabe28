import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { ContextValue, PolicyRequest, World } from '../../../src/policy/decision.ts'
import { widening } from '../../../src/policy/compare/narrows.ts'
import { operandIri, odrlIri, profileActions } from '../../../src/policy/profile.ts'
import { purposesAbove } from '../../../src/policy/purposes.ts'
import { termsOf } from '../../../src/policy/terms/terms.ts'
import { constraint as c, day, iri, period, permitting, policyOf } from './policies.ts'
import { masksNothingMore } from './restrictions.ts'

const narrowing: [string, object[], object[]][] = [
  ['anything', [c('role', 'eq', 'a')], []],
  ['a day sooner', [c('odrl:dateTime', 'lteq', day('2027-01-01'))], [c('odrl:dateTime', 'lt', day('2027-02-01'), 'Europe/Madrid')]],
  ['a shorter time', [c('odrl:elapsedTime', 'lteq', period('P30D'))], [c('odrl:elapsedTime', 'lteq', period('P2M'))]],
  ['fewer roles', [c('role', 'isAnyOf', ['a', 'b'])], [c('role', 'isAnyOf', ['c', 'b', 'a'])]],
  ['one role of several', [c('role', 'eq', 'a')], [c('role', 'isAnyOf', ['b', 'a'])]],
  ['more excluded', [c('role', 'isNoneOf', ['a', 'b'])], [c('role', 'neq', 'a')]],
  ['a narrower purpose', [c('odrl:purpose', 'isA', iri('dpv:DirectMarketing'))], [c('odrl:purpose', 'isA', iri('dpv:Marketing'))]],
  ['one purpose', [c('odrl:purpose', 'eq', iri('dpv:DirectMarketing'))], [c('odrl:purpose', 'isA', iri('dpv:Marketing'))]],
  ['larger groups', [c('minGroupSize#card', 'gteq', 20)], [c('minGroupSize#card', 'gteq', 10)]],
  ['a smaller share', [c('largestShare#card', 'lteq', 0.25)], [c('largestShare#card', 'lteq', 0.5)]],
  ['fewer queries', [c('queriesPerDay', 'lt', 1000)], [c('queriesPerDay', 'lteq', 1000)]],
  ['fewer columns', [c('column', 'eq', 'a')], [c('column', 'isAnyOf', ['a', 'b'])]],
  ['a column gone instead of masked', [c('column', 'isAnyOf', ['a'])], [c('mask#b', 'eq', 'truncate:2')]],
  ['a coarser mask', [c('mask#a', 'eq', 'month')], [c('mask#a', 'eq', 'day')]],
  ['a coarser grid', [c('mask#a', 'eq', 'grid:0.5')], [c('mask#a', 'eq', 'grid:0.1')]],
  ['coarser rounding of all', [c('rounding', 'eq', 10)], [c('rounding#a', 'eq', 5)]],
  ['fewer rows', [c('rowScope#week', 'gteq', '2026-06-01')], [c('rowScope#week', 'gt', '2026-01-01')]],
  ['within an or', [c('role', 'eq', 'a')], [{ or: [c('role', 'isAnyOf', ['a', 'b']), c('hourOfDay', 'lt', 8)] }]],
  ['an or of less', [{ or: [c('hourOfDay', 'lt', 8), c('hourOfDay', 'lt', 6)] }], [c('hourOfDay', 'lt', 9)]],
]

const widenings: [string, object[], object[]][] = [
  ['a term is gone', [], [c('role', 'eq', 'a')]],
  ['a day later', [c('odrl:dateTime', 'lteq', day('2027-02-01'))], [c('odrl:dateTime', 'lteq', day('2027-01-31'))]],
  ['a day in a zone where it ends later', [c('odrl:dateTime', 'lteq', day('2027-01-31'), 'America/New_York')], [c('odrl:dateTime', 'lteq', day('2027-01-31'), 'Europe/Madrid')]],
  ['a month may be shorter than its days', [c('odrl:elapsedTime', 'lteq', period('P30D'))], [c('odrl:elapsedTime', 'lteq', period('P1M'))]],
  ['sixty months are not sixty minutes', [c('odrl:elapsedTime', 'lteq', period('P60M'))], [c('odrl:elapsedTime', 'lteq', period('PT60M'))]],
  ['another role', [c('role', 'isAnyOf', ['a', 'z'])], [c('role', 'isAnyOf', ['a', 'b'])]],
  ['fewer excluded', [c('role', 'neq', 'a')], [c('role', 'isNoneOf', ['a', 'b'])]],
  ['a broader purpose', [c('odrl:purpose', 'isA', iri('dpv:Marketing'))], [c('odrl:purpose', 'isA', iri('dpv:DirectMarketing'))]],
  ['narrower ones where one was meant', [c('odrl:purpose', 'isA', iri('dpv:Marketing'))], [c('odrl:purpose', 'eq', iri('dpv:Marketing'))]],
  ['smaller groups', [c('minGroupSize#card', 'gteq', 9)], [c('minGroupSize#card', 'gteq', 10)]],
  ['groups of another unit', [c('minGroupSize#merchant', 'gteq', 50)], [c('minGroupSize#card', 'gteq', 10)]],
  ['more queries', [c('queriesPerDay', 'lteq', 1000)], [c('queriesPerDay', 'lt', 1000)]],
  ['days of another zone', [c('queriesPerDay', 'lteq', 10, 'Europe/Madrid')], [c('queriesPerDay', 'lteq', 10)]],
  ['queries of another window', [c('queriesPerHour', 'lteq', 1)], [c('queriesPerDay', 'lteq', 100)]],
  ['another column', [c('column', 'isAnyOf', ['a', 'c'])], [c('column', 'isAnyOf', ['a', 'b'])]],
  ['a finer mask', [c('mask#a', 'eq', 'day')], [c('mask#a', 'eq', 'month')]],
  ['weeks tell more than months do', [c('mask#a', 'eq', 'week')], [c('mask#a', 'eq', 'month')]],
  ['months tell more than weeks do', [c('mask#a', 'eq', 'month')], [c('mask#a', 'eq', 'week')]],
  ['a grid that is no multiple', [c('mask#a', 'eq', 'grid:0.15')], [c('mask#a', 'eq', 'grid:0.1')]],
  ['other rounding', [c('rounding', 'eq', 15)], [c('rounding', 'eq', 10)]],
  ['rounding of one instead of all', [c('rounding#a', 'eq', 10)], [c('rounding', 'eq', 10)]],
  ['other rows', [c('rowScope#district', 'isAnyOf', ['a', 'b'])], [c('rowScope#district', 'eq', 'a')]],
  ['texts and numbers order differently', [c('rowScope#a', 'lt', '9')], [c('rowScope#a', 'lt', '10')]],
  ['negative numbers order the other way', [c('rowScope#a', 'lt', '-5')], [c('rowScope#a', 'lt', '-6')]],
  ['an or of more', [{ or: [c('role', 'eq', 'a'), c('hourOfDay', 'lt', 8)] }], [c('role', 'eq', 'a')]],
]

describe('permissions', () => {
  test.each(narrowing)('narrows: %s', (_what, narrower, wider) => {
    expect(widening(permitting(narrower), permitting(wider))).toBeUndefined()
  })

  test.each(narrowing.slice(1))('and the other way round it widens: %s', (_what, narrower, wider) => {
    expect(widening(permitting(wider), permitting(narrower))).toMatch(/^\/permission\/0: /)
  })

  test.each(widenings)('widens: %s', (_what, narrower, wider) => {
    expect(widening(permitting(narrower), permitting(wider))).toMatch(/^\/permission\/0: The other policy asks for .* \(\/permission\/0\/constraint\/0/)
  })

  test('actions, parties and targets', () => {
    expect(widening(permitting([], 'odrl:read'), permitting([], 'odrl:use'))).toBeUndefined()
    expect(widening(permitting([], 'concordat:queryAggregate'), permitting([], 'odrl:use'))).toBeUndefined()
    expect(widening(permitting([], 'odrl:use'), permitting([], 'odrl:read'))).toMatch(/The action use is not within/)
    const addressed = policyOf({ permission: [{ action: 'odrl:use', assignee: 'did:web:a.example' }] })
    expect(widening(addressed, permitting([]))).toBeUndefined()
    expect(widening(permitting([]), addressed)).toMatch(/assignees/)
  })

  test('a further permission, and one that steps over another', () => {
    const analysts = { action: 'odrl:use', constraint: [c('role', 'eq', 'analyst')] }
    const everybody = { action: 'odrl:use', constraint: [c('minGroupSize#card', 'gteq', 10)] }
    expect(widening(policyOf({ permission: [everybody, analysts] }), policyOf({ permission: [everybody] }))).toMatch(/^\/permission\/1/)
    // Analysts got groups only, because the first permission held for them too.
    expect(widening(policyOf({ permission: [analysts] }), policyOf({ permission: [everybody, analysts] }))).toMatch(/would have come first/)
    expect(widening(policyOf({ permission: [analysts] }), policyOf({ permission: [analysts, everybody] }))).toBeUndefined()
    const planners = { action: 'odrl:use', constraint: [c('role', 'eq', 'planner'), c('minGroupSize#card', 'gteq', 10)] }
    expect(widening(policyOf({ permission: [analysts] }), policyOf({ permission: [planners, analysts] }))).toBeUndefined()
  })
})

describe('prohibitions, obligations and duties', () => {
  const prohibition = { action: 'odrl:use', constraint: [c('odrl:purpose', 'isA', iri('dpv:Marketing'))] }
  const use = { action: 'odrl:use' }

  test('a prohibition must be kept, or prohibit more', () => {
    const wider = policyOf({ permission: [use], prohibition: [prohibition] })
    expect(widening(policyOf({ permission: [use] }), wider)).toMatch(/^\/prohibition\/0: the prohibition is not kept/)
    expect(widening(policyOf({ permission: [use], prohibition: [prohibition, { action: 'odrl:distribute' }] }), wider)).toBeUndefined()
    expect(widening(policyOf({ permission: [use], prohibition: [{ action: 'odrl:use', constraint: [c('odrl:purpose', 'isA', iri('dpv:DirectMarketing'))] }] }), wider)).toMatch(/prohibition/)
    expect(widening(wider, policyOf({ permission: [use], prohibition: [{ action: 'odrl:use', constraint: [c('odrl:purpose', 'isA', iri('dpv:DirectMarketing'))] }] }))).toBeUndefined()
    expect(widening(policyOf({ permission: [use], prohibition: [prohibition], conflict: 'odrl:perm' }), wider)).toMatch(/^\/conflict/)
  })

  test('obligations stay; more of them only for who receives the data', () => {
    const remove = { action: 'odrl:delete', constraint: [c('odrl:dateTime', 'lteq', day('2028-01-01'))] }
    const wider = policyOf({ permission: [use], obligation: [remove] })
    expect(widening(policyOf({ permission: [use] }), wider)).toMatch(/^\/obligation\/0: the obligation is not kept/)
    expect(widening(policyOf({ permission: [use], obligation: [remove, { action: 'odrl:inform' }] }), wider)).toBeUndefined()
    expect(widening(policyOf({ permission: [use], obligation: [remove, { action: 'odrl:compensate', assignee: 'did:web:provider.example' }] }), wider)).toMatch(/obliges somebody else/)
  })

  test('duties stay', () => {
    const wider = policyOf({ permission: [{ ...use, duty: [{ action: 'odrl:compensate' }] }] })
    expect(widening(permitting([]), wider)).toMatch(/duty is not kept/)
    expect(widening(wider, permitting([]))).toBeUndefined()
  })
})

const terms = fc.oneof(
  fc.tuple(fc.constantFrom('eq', 'neq'), fc.constantFrom('a', 'b', 'c')).map(([operator, role]) => c('role', operator, role)),
  fc.tuple(fc.constantFrom('isAnyOf', 'isNoneOf'), fc.subarray(['a', 'b', 'c'], { minLength: 1 })).map(([operator, roles]) => c('role', operator, roles)),
  fc.tuple(fc.constantFrom('eq', 'isA', 'neq'), fc.constantFrom('Marketing', 'DirectMarketing', 'ResearchAndDevelopment')).map(([operator, purpose]) => c('odrl:purpose', operator, iri(`dpv:${purpose}`))),
  fc.tuple(fc.constantFrom('lt', 'lteq', 'gt', 'gteq', 'eq', 'neq'), fc.integer({ min: 0, max: 23 })).map(([operator, hour]) => c('hourOfDay', operator, hour)),
  fc.tuple(fc.constantFrom('lt', 'lteq', 'gt', 'gteq', 'eq'), fc.integer({ min: 1, max: 9 })).map(([operator, month]) => c('odrl:dateTime', operator, day(`2026-0${month}-15`))),
  fc.tuple(fc.constantFrom('lt', 'lteq'), fc.constantFrom('P1M', 'P30D', 'P2M', 'P60D')).map(([operator, time]) => c('odrl:elapsedTime', operator, period(time))),
)
const trees = fc.oneof({ weight: 4, arbitrary: terms }, { weight: 1, arbitrary: fc.tuple(fc.constantFrom('or', 'xone', 'and'), fc.array(terms, { minLength: 1, maxLength: 3 })).map(([operator, parts]) => ({ [operator]: parts })) })
const rows = fc.oneof(
  fc.integer({ min: 2, max: 5 }).map((count) => c('minGroupSize#card', 'gteq', count)),
  fc.subarray(['x', 'y', 'z'], { minLength: 1 }).map((columns) => c('column', 'isAnyOf', columns)),
  fc.constantFrom('day', 'month', 'year', 'week', 'drop').map((mask) => c('mask#x', 'eq', mask)),
  fc.integer({ min: 1, max: 4 }).map((step) => c('rounding', 'eq', step)),
  fc.integer({ min: 1, max: 3 }).map((limit) => c('queriesPerDay', 'lteq', limit)),
)
const action = fc.constantFrom('odrl:use', 'odrl:read', 'concordat:queryAggregate')
const rule = fc.record({ action, constraint: fc.tuple(fc.array(trees, { maxLength: 2 }), fc.array(rows, { maxLength: 2 })).map(([decided, left]) => [...decided, ...left]) })
const prohibition = fc.record({ action, constraint: fc.array(trees, { maxLength: 2 }) })
const policies = fc.record({ permission: fc.array(rule, { minLength: 1, maxLength: 3 }), prohibition: fc.array(prohibition, { maxLength: 1 }) })
const requests = fc.record({
  action: fc.constantFrom(`${odrlIri}read`, profileActions.queryAggregate),
  role: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
  purpose: fc.option(fc.constantFrom('Marketing', 'DirectMarketing', 'ResearchAndDevelopment', 'Other').map((name) => `https://w3id.org/dpv#${name}`), { nil: undefined }),
  now: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 16 }), fc.integer({ min: 0, max: 23 })).map(([month, date, hour]) => new Date(Date.UTC(2026, month - 1, date, hour))),
})
type Request = typeof requests extends fc.Arbitrary<infer R> ? R : never

function asked({ action, role, purpose, now }: Request): [PolicyRequest, World] {
  const context = new Map<string, ContextValue>()
  if (role !== undefined) context.set(operandIri('role'), role)
  if (purpose !== undefined) context.set(operandIri('purpose'), purpose)
  return [{ action, context }, { now, agreedAt: new Date('2026-01-31T00:00:00Z'), partOf: purposesAbove, fulfilled: new Set(), violated: new Set() }]
}

/** Takes terms of one policy and adds to them, so that many pairs narrow. */
const pairs = fc.tuple(policies, policies, fc.boolean()).map(([wider, other, derived]) => {
  if (!derived) return [other, wider] as const
  const permission = wider.permission.map((each, index) => ({ ...each, constraint: [...each.constraint, ...(other.permission[index]?.constraint ?? [])] }))
  return [{ permission, prohibition: [...wider.prohibition, ...other.prohibition] }, wider] as const
})

describe('always', () => {
  test('a policy that narrows permits nothing that the wider does not, and leaves no more to the query', () => {
    let narrowed = 0
    fc.assert(
      fc.property(pairs, fc.array(requests, { minLength: 5, maxLength: 5 }), ([inner, outer], some) => {
        const [narrower, wider] = [policyOf(inner), policyOf(outer)]
        if (widening(narrower, wider) !== undefined) return
        narrowed++
        const [a, b] = [termsOf(narrower), termsOf(wider)]
        for (const request of some) {
          const [first, second] = [a.compiled.decide(...asked(request)), b.compiled.decide(...asked(request))]
          if (!first.permitted) continue
          if (!second.permitted) throw new Error(`Permitted by ${first.permission.at} only`)
          expect(masksNothingMore(b.restriction(second.permission), a.restriction(first.permission))).toEqual([])
          for (const limit of b.counters(second.permission)) {
            expect(Math.min(...a.counters(first.permission).filter(({ counter, window }) => counter === limit.counter && window === limit.window).map((each) => each.limit))).toBeLessThanOrEqual(limit.limit)
          }
        }
      }),
      { numRuns: 1500 },
    )
    expect(narrowed).toBeGreaterThan(300)
  })

  test('every policy narrows itself', () => {
    fc.assert(fc.property(policies, (parts) => widening(policyOf(parts), policyOf(parts)) === undefined), { numRuns: 200 })
  })
})
