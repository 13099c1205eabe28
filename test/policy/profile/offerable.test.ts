import { describe, expect, test } from 'vitest'
import { isProblem } from '../../../src/errors.ts'
import type { Policy } from '../../../src/policy/model.ts'
import { requireOfferable } from '../../../src/policy/offer/offerable.ts'
import type { DatasetFacts } from '../../../src/policy/restriction.ts'
import { api, constraint as c, day, iri, period, permitting, policyOf, spending } from './policies.ts'

/** Why it cannot be offered, or undefined. */
function refusal(policy: Policy, dataset: DatasetFacts = spending): string | undefined {
  try {
    requireOfferable(policy, dataset, '/policy')
    return undefined
  } catch (error) {
    if (isProblem(error) && error.code === 'unsupported-policy') return error.message
    throw error
  }
}

const document: DatasetFacts = { kind: 'file', columns: [], dimensions: [], protectedUnits: [] }
const madrid = 'Europe/Madrid'

describe('what can be offered', () => {
  test('the aggregates-only policy of the steward', () => {
    const policy = policyOf({
      permission: [
        {
          action: 'concordat:queryAggregate',
          constraint: [
            c('odrl:purpose', 'isA', iri('dpv:ProvideOfficialStatistics')),
            c('role', 'eq', 'analyst'),
            c('minGroupSize#card', 'gteq', 10),
            c('minGroupSize#merchant', 'gteq', 5),
            c('largestShare#merchant', 'lteq', 0.5),
            c('column', 'isAnyOf', ['week', 'district', 'sector', 'amount']),
            c('mask#week', 'eq', 'month'),
            c('rounding#amount', 'eq', 10),
            c('rowScope#district', 'isAnyOf', ['Eixample', 'Gràcia']),
            c('dayOfWeek', 'isAnyOf', ['Monday', 'Friday'], madrid),
            c('hourOfDay', 'gteq', 8, madrid),
            c('hourOfDay', 'lt', 18, madrid),
            c('queriesPerDay', 'lteq', 1000, madrid),
            c('odrl:dateTime', 'lteq', day('2027-12-31'), madrid),
          ],
        },
      ],
      prohibition: [{ action: 'odrl:distribute' }, { action: 'odrl:use', constraint: [c('odrl:purpose', 'isA', iri('dpv:Marketing'))] }],
      obligation: [{ action: 'odrl:delete', constraint: [c('odrl:dateTime', 'lteq', day('2028-01-31'))] }],
    })
    expect(refusal(policy)).toBeUndefined()
  })

  test('rows of a whole file, requests to an API, and what nobody here can check', () => {
    expect(refusal(permitting([c('odrl:count', 'lteq', 3), c('odrl:fileFormat', 'eq', 'text/csv')]), document)).toBeUndefined()
    expect(refusal(permitting([c('path', 'isAnyOf', ['/parking']), c('method', 'eq', 'GET'), c('parameter#zone', 'eq', '1'), c('bytesPerDay', 'lteq', 1000)]), api)).toBeUndefined()
    expect(refusal(permitting([c('odrl:spatial', 'isA', iri('https://example.org/es')), c('securityLevel', 'eq', 'high')]))).toBeUndefined()
    expect(refusal(permitting([c('minGroupSize#card', 'gteq', 10)], 'odrl:read'))).toBeUndefined()
  })
})

describe('what a dataset does not have', () => {
  test.each([
    ['an unknown dimension', permitting([c('rowScope#city', 'eq', 'x')]), /^\/policy\/permission\/0\/constraint\/0\/leftOperand: the dataset has no dimension "city"\. It has: week, district, sector, online\.$/],
    ['a column that is no dimension', permitting([c('rowScope#amount', 'gt', 5)]), /no dimension "amount"/],
    ['an unknown column', permitting([c('column', 'isAnyOf', ['week', 'name'])]), /no column "name"\. It has: week, district/],
    ['an unknown masked column', permitting([c('mask#name', 'eq', 'drop')]), /no column "name"/],
    ['an unknown unit', permitting([c('minGroupSize#person', 'gteq', 10)]), /no protected unit "person"\. It has: card, merchant\./],
    ['an unknown measure', permitting([c('rounding#district', 'eq', 5)]), /no column with numbers "district"\. It has: longitude, amount, cards\./],
    ['a share of what is not told apart', permitting([c('largestShare#card', 'lteq', 0.5)]), /largest share of one card cannot be told/],
    ['a period of a text', permitting([c('mask#street', 'eq', 'month')]), /"month" does not fit street, which holds values of type string/],
    ['a grid of a date', permitting([c('mask#week', 'eq', 'grid:5')]), /does not fit week/],
    ['a cut of a number', permitting([c('mask#amount', 'eq', 'truncate:2')]), /does not fit amount/],
    ['a value of another type', permitting([c('rowScope#week', 'gteq', 'soon')]), /"soon" is not a value of rowScope#week, which holds values of type date/],
    ['a day that is not there', permitting([c('rowScope#week', 'gteq', '2026-02-30')]), /"2026-02-30" is not a value/],
    ['an order of true and false', permitting([c('rowScope#online', 'lt', 'true')]), /true and false have no order/],
    ['paths of a table', permitting([c('path', 'eq', '/x')]), /path can be enforced on HTTP APIs only/],
    ['a parameter in a prohibition', policyOf({ permission: [{ action: 'odrl:use' }], prohibition: [{ action: 'odrl:use', constraint: [c('parameter#a', 'eq', 'x')] }] }), /parameter can be enforced on HTTP APIs only/],
  ])('%s', (_what, policy, message) => {
    expect(refusal(policy)).toMatch(message)
  })

  test.each([
    [c('column', 'eq', 'x')],
    [c('minGroupSize#card', 'gteq', 10)],
    [c('rowsPerAnswer', 'lteq', 10)],
    [c('rowsPerDay', 'lteq', 10)],
    [c('odrl:fileFormat', 'eq', 'text/csv')],
  ])('an API: %j', (term) => {
    expect(refusal(permitting([term]), api)).toMatch(/cannot be enforced on an HTTP API/)
  })

  test('aggregates of what has no columns', () => {
    expect(refusal(permitting([], 'concordat:queryAggregate'), api)).toMatch(/aggregates only, which cannot be enforced on a dataset without columns/)
    expect(refusal(permitting([c('column', 'eq', 'x')]), document)).toMatch(/tables only, and the dataset has no columns/)
  })
})

test('a purpose that DPV does not have is told when it is written; other vocabularies have their own', () => {
  const purpose = (value: string) => permitting([c('odrl:purpose', 'isA', iri(value))])
  expect(refusal(purpose('https://w3id.org/dpv#ProvideOficialStatistics'))).toMatch(/^\/policy\/permission\/0\/constraint\/0\/rightOperand: "https:\/\/w3id\.org\/dpv#ProvideOficialStatistics" must be a purpose of the Data Privacy Vocabulary/)
  expect(refusal(purpose('https://w3id.org/dpv#ProvideOfficialStatistics'))).toBeUndefined()
  expect(refusal(purpose('https://example.org/purposes#own'))).toBeUndefined()
})

describe('what contradicts itself', () => {
  test.each([
    ['no permission', policyOf({ prohibition: [{ action: 'odrl:use' }] }), /^\/policy\/permission: there is no permission/],
    ['nothing that can be asked', permitting([], 'odrl:distribute'), /permits nothing that can be asked/],
    ['two roles', permitting([c('role', 'eq', 'a'), c('role', 'eq', 'b')]), /\/constraint\/1: role eq b can never hold/],
    ['a role that is excluded', permitting([c('role', 'isAnyOf', ['a', 'b']), { and: [c('role', 'isNoneOf', ['a', 'b', 'c'])] }]), /can never hold/],
    ['a purpose outside of what is asked for', permitting([c('odrl:purpose', 'eq', iri('dpv:Marketing')), c('odrl:purpose', 'isA', iri('dpv:ResearchAndDevelopment'))]), /can never hold/],
    ['no hour is left', permitting([c('hourOfDay', 'gteq', 18), c('hourOfDay', 'lt', 8)]), /can never hold/],
    ['no day is left', permitting([c('dayOfWeek', 'isNoneOf', ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])]), /can never hold/],
    ['it ends before it begins', permitting([c('odrl:dateTime', 'gteq', day('2027-01-01')), c('odrl:dateTime', 'lt', day('2026-01-01'))]), /ends before it begins/],
    ['no branch of an or can hold', permitting([{ or: [{ and: [c('role', 'eq', 'a'), c('role', 'eq', 'b')] }, c('hourOfDay', 'lt', 0)] }]), /can never hold/],
    ['always prohibited', policyOf({ permission: [{ action: 'odrl:read' }], prohibition: [{ action: 'odrl:use' }] }), /\/permission\/0: can never permit: \/prohibition\/0 always prohibits the same/],
    ['prohibited whenever it is permitted', policyOf({ permission: [{ action: 'odrl:use', constraint: [c('odrl:purpose', 'eq', iri('dpv:DirectMarketing'))] }], prohibition: [{ action: 'odrl:use', constraint: [c('odrl:purpose', 'isA', iri('dpv:Marketing'))] }] }), /can never permit/],
    ['groups of one', permitting([c('minGroupSize#card', 'gteq', 1)]), /minGroupSize must be at least 2/],
    ['a share above one', permitting([c('largestShare#merchant', 'lteq', 1.5)]), /must be a share above 0 and up to 1/],
    ['a share of nothing', permitting([c('largestShare#merchant', 'lteq', 0)]), /must be a share above 0 and up to 1/],
    ['rounding to nothing', permitting([c('rounding', 'eq', 0)]), /must be a number above 0/],
    ['a counter that leaves nothing', permitting([c('odrl:count', 'lt', 1)]), /count must leave at least 1/],
    ['no row', permitting([c('rowsPerAnswer', 'lteq', 0)]), /must be a whole number from 1/],
    ['no column', permitting([c('column', 'eq', 'week'), c('column', 'eq', 'amount')]), /leaves no column at all/],
    ['masks that do not go together', permitting([c('mask#week', 'eq', 'week'), c('mask#week', 'eq', 'month')]), /masks week in a way that does not go together/],
    ['an interval of nothing', policyOf({ permission: [{ action: 'odrl:use' }], obligation: [{ action: 'odrl:transfer', constraint: [c('odrl:timeInterval', 'eq', period('PT0S'))] }] }), /longer than nothing/],
    ['an amount without currency', policyOf({ permission: [{ action: 'odrl:use' }], obligation: [{ action: 'odrl:compensate', constraint: [c('odrl:payAmount', 'eq', 5)] }] }), /needs its currency/],
  ])('%s', (_what, policy, message) => {
    expect(refusal(policy)).toMatch(message)
  })

  test.each([c('minGroupSize#card', 'gteq', [10, 2]), c('mask#street', 'eq', ['drop', 'hash']), c('rowScope#district', 'eq', ['a', 'b'])])('several values of a comparison with one are not even read: %j', (term) => {
    expect(() => permitting([term])).toThrow(/has 2 values/)
  })

  test('what only sometimes meets is no contradiction', () => {
    expect(refusal(policyOf({ permission: [{ action: 'odrl:use' }], prohibition: [{ action: 'concordat:queryAggregate' }] }))).toBeUndefined()
    expect(refusal(permitting([c('partnerGroup', 'eq', 'a'), c('partnerGroup', 'eq', 'b')]))).toBeUndefined()
    expect(refusal(policyOf({ conflict: 'odrl:perm', permission: [{ action: 'odrl:use' }], prohibition: [{ action: 'odrl:use' }] }))).toBeUndefined()
  })
})
