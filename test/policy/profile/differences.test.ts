import { describe, expect, test } from 'vitest'
import { policyDifferences } from '../../../src/policy/compare/differences.ts'
import { constraint as c, day, iri, permitting, policyOf } from './policies.ts'

describe('differences', () => {
  test('none', () => {
    const policy = permitting([c('role', 'isAnyOf', ['a', 'b']), c('hourOfDay', 'lt', 8)])
    expect(policyDifferences(policy, permitting([c('hourOfDay', 'lt', 8), c('role', 'isAnyOf', ['b', 'a'])]))).toEqual({ differences: [], effect: 'same', widening: null })
  })

  test('terms that are added, removed and changed, and what each does', () => {
    const before = permitting([c('minGroupSize#card', 'gteq', 10), c('role', 'eq', 'a'), c('queriesPerDay', 'lteq', 100)])
    const after = permitting([c('minGroupSize#card', 'gteq', 5), c('queriesPerDay', 'lteq', 50), c('odrl:dateTime', 'lt', day('2030-01-01'))])
    const { differences, effect, widening } = policyDifferences(before, after)
    expect(differences).toEqual([
      { change: 'changed', what: 'constraint', at: ['/permission/0/constraint/0', '/permission/0/constraint/0'], before: 'minGroupSize#card gteq 10', after: 'minGroupSize#card gteq 5', effect: 'widens' },
      { change: 'removed', what: 'constraint', at: ['/permission/0/constraint/1', null], before: 'role eq a', after: null, effect: 'widens' },
      { change: 'changed', what: 'constraint', at: ['/permission/0/constraint/2', '/permission/0/constraint/1'], before: 'queriesPerDay lteq 100', after: 'queriesPerDay lteq 50', effect: 'narrows' },
      { change: 'added', what: 'constraint', at: [null, '/permission/0/constraint/2'], before: null, after: 'dateTime lt 2030-01-01', effect: 'narrows' },
    ])
    expect([effect, widening]).toEqual(['unclear', '/permission/0: The other policy asks for minGroupSize#card gteq 10 (/permission/0/constraint/0), which does not follow here.'])
  })

  test('in a prohibition a term does the opposite', () => {
    const before = policyOf({ permission: [{ action: 'odrl:use' }], prohibition: [{ action: 'odrl:use', constraint: [c('odrl:purpose', 'isA', iri('dpv:Marketing'))] }] })
    const after = policyOf({ permission: [{ action: 'odrl:use' }], prohibition: [{ action: 'odrl:use', constraint: [c('odrl:purpose', 'isA', iri('dpv:DirectMarketing'))] }] })
    expect(policyDifferences(before, after)).toMatchObject({ effect: 'widens', differences: [{ change: 'changed', effect: 'widens' }] })
    expect(policyDifferences(after, before)).toMatchObject({ effect: 'narrows', differences: [{ change: 'changed', effect: 'narrows' }] })
  })

  test('rules, actions, duties and the conflict strategy', () => {
    const before = policyOf({ permission: [{ action: 'odrl:use' }], obligation: [{ action: 'odrl:delete' }] })
    const after = policyOf({ conflict: 'odrl:perm', permission: [{ action: 'odrl:read' }, { action: 'odrl:use', duty: [{ action: 'odrl:inform' }] }], prohibition: [{ action: 'odrl:sell' }] })
    expect(policyDifferences(before, after).differences.map(({ change, what, at, effect }) => [change, what, at[0] ?? at[1], effect])).toEqual([
      ['changed', 'conflict', '/conflict', 'widens'],
      ['added', 'duty', '/permission/1/duty/0', 'narrows'],
      ['added', 'rule', '/permission/0', 'widens'],
      ['added', 'rule', '/prohibition/0', 'narrows'],
      ['removed', 'rule', '/obligation/0', 'widens'],
    ])
    expect(policyDifferences(before, policyOf({ permission: [{ action: ['odrl:use', 'odrl:sell'] }], obligation: [{ action: 'odrl:delete' }] })).differences).toEqual([
      { change: 'changed', what: 'action', at: ['/permission/0/action', '/permission/0/action'], before: 'use', after: 'sell, use', effect: 'widens' },
    ])
  })
})
