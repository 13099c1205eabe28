import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { addressingOf, isAddressed } from '../../src/policy/offer/addressed.ts'
import type { JsonValue } from '../../src/policy/odrl.ts'
import { odrlIri, profileActions, profileIri } from '../../src/policy/profile.ts'
import { readPolicy } from '../../src/policy/read/read.ts'
import { termsOf } from '../../src/policy/terms/terms.ts'
import { constraint, dateTime, integer, permitted } from '../helpers/terms.ts'

const [city, region] = ['did:web:city.example', 'did:web:region.example']
const party = (id: string, ...groups: string[]) => ({ id, groups })
const recipient = (operator: string, ...ids: string[]) => constraint('recipient', operator, ids.map((id) => ({ '@id': id })))
const group = (operator: string, ...groups: string[]) => constraint('our:partnerGroup', operator, groups)
const role = constraint('our:role', 'eq', 'analyst')
const has = (policy: unknown, who: ReturnType<typeof party>) => addressingOf(readPolicy(policy))(who).permitted

describe('what a policy has for a party', () => {
  test.each([
    ['its recipients', permitted(recipient('isAnyOf', city)), [true, false]],
    ['all but some', permitted(recipient('isNoneOf', city)), [false, true]],
    ['a group', permitted(group('isAnyOf', 'towns')), [true, false]],
    ['all outside a group', permitted(group('isNoneOf', 'towns')), [false, true]],
    ['an assignee', { permission: [{ action: 'use', assignee: city }] }, [true, false]],
    ['either a recipient or a role', permitted({ or: [recipient('eq', city), role] }), [true, true]],
    ['both a recipient and a role', permitted({ and: [recipient('eq', city), role] }), [true, false]],
    ['one of a recipient and a role', permitted({ xone: [recipient('eq', city), role] }), [true, true]],
    ['statistics only', { permission: [{ action: profileActions.queryAggregate }] }, [true, true]],
    ['one of two permissions', { permission: [...(permitted(recipient('eq', city)).permission ?? []), ...(permitted(role).permission ?? [])] }, [true, true]],
    ['a prohibition of a party', { permission: [{ action: 'use' }], prohibition: [{ action: 'use', constraint: [recipient('eq', city)] }] }, [false, true]],
    ['a prohibition that may not apply', { permission: [{ action: 'use' }], prohibition: [{ action: 'use', constraint: [recipient('eq', city), role] }] }, [true, true]],
    ['a prohibition at weekends', { permission: [{ action: 'use' }], prohibition: [{ action: 'use', constraint: [constraint('our:dayOfWeek', 'isAnyOf', ['Saturday', 'Sunday'])] }] }, [true, true]],
    ['counters and rows', permitted(constraint('our:queriesPerDay', 'lteq', integer(5)), constraint('our:rowScope#district', 'eq', 'Sants')), [true, true]],
    ['duties that are not known', { permission: [{ action: 'use', duty: [{ action: 'odrl:inform' }] }] }, [true, true]],
    ['another action only', { permission: [{ action: 'odrl:sell' }] }, [false, false]],
  ])('%s', (_name, policy, wanted) => {
    expect([has(policy, party(city, 'towns')), has(policy, party(region))]).toEqual(wanted)
  })

  test('depends on duties only where it is told which were done', () => {
    const policy = readPolicy({ permission: [{ action: 'use', duty: [{ action: 'odrl:inform' }] }] })
    const now = new Date('2026-03-02T09:30:00Z')
    expect(addressingOf(policy, { now, fulfilled: new Set(), violated: new Set() })(party(city)).permitted).toBe(false)
    expect(addressingOf(policy, { now, fulfilled: new Set(['/permission/0/duty/0']), violated: new Set() })(party(city)).permitted).toBe(true)
  })
})

// Constraints over everything that may or may not be known before a request.
const leaf: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.tuple(fc.constantFrom('eq', 'neq', 'isAnyOf', 'isNoneOf'), fc.constantFrom(city, region)).map(([operator, id]) => recipient(operator, id)),
  fc.tuple(fc.constantFrom('isAnyOf', 'isNoneOf'), fc.constantFrom('towns', 'labs')).map(([operator, name]) => group(operator, name)),
  fc.constantFrom('eq', 'neq').map((operator) => constraint('our:role', operator, 'analyst')),
  fc.constantFrom('lt', 'gteq').map((operator) => constraint('dateTime', operator, dateTime('2026-06-01T00:00:00Z'))),
)
const tree = fc.oneof({ weight: 3, arbitrary: leaf }, fc.tuple(fc.constantFrom('and', 'or', 'xone'), fc.array(leaf, { minLength: 1, maxLength: 3 })).map(([operator, parts]): JsonValue => ({ [operator]: parts })))
const rule = fc.record({ action: fc.constantFrom('use', 'odrl:read', profileActions.queryAggregate), constraint: fc.array(tree, { maxLength: 3 }), assignee: fc.constantFrom(undefined, city, region) }).map(({ assignee, ...rest }) => ({ ...rest, ...(assignee === undefined ? {} : { assignee }) }))
const policies = fc.record({ permission: fc.array(rule, { minLength: 1, maxLength: 3 }), prohibition: fc.array(rule, { maxLength: 2 }), conflict: fc.constantFrom('odrl:perm', 'odrl:prohibit', 'odrl:invalid') })

const requests = fc.record({ who: fc.constantFrom(party(city, 'towns'), party(region)), stated: fc.constantFrom('analyst', 'planner', undefined), action: fc.constantFrom('read', 'aggregate'), late: fc.boolean() })

test('what has nothing for a party permits it nothing, whatever it asks and whenever; and whom a policy does not tell apart gets the same', () => {
  fc.assert(
    fc.property(policies, requests, (document, { who, stated, action, late }) => {
      const policy = readPolicy(document)
      const context = new Map<string, string | readonly string[]>([[`${odrlIri}recipient`, who.id], [`${profileIri}partnerGroup`, who.groups], ...(stated === undefined ? [] : [[`${profileIri}role`, stated] as const])])
      const world = { now: new Date(late ? '2026-09-01T00:00:00Z' : '2026-03-01T00:00:00Z'), partOf: (member: string) => new Set([member]), fulfilled: new Set<string>(), violated: new Set<string>() }
      const decision = termsOf(policy).compiled.decide({ action: action === 'read' ? `${odrlIri}read` : profileActions.queryAggregate, assignee: who.id, context }, world)
      const addressed = addressingOf(policy)(who).permitted
      if (!addressed) expect(decision.permitted).toBe(false)
      if (!isAddressed(policy)) expect(addressed).toBe(addressingOf(policy)(party('did:web:anybody.example')).permitted)
    }),
    { numRuns: 2000 },
  )
})
