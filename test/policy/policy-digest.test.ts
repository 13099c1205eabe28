import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { OdrlAgreement } from '../../src/policy/odrl.ts'
import { canonicalPolicy, policyDigest } from '../../src/policy/policy-digest.ts'

const agreement: OdrlAgreement = { '@id': 'urn:a', '@type': 'Agreement', target: 'urn:d', assigner: 'did:web:p', assignee: 'did:web:c', timestamp: '2026-01-01T00:00:00Z', profile: 'urn:profile', permission: [{ constraint: [{ leftOperand: 'count', operator: 'lt', rightOperand: '3' }], action: 'use' }] }

test('the policy of an agreement is what was agreed, whoever agreed when, in one way of writing', () => {
  const text = '{"permission":[{"action":"use","constraint":[{"leftOperand":"count","operator":"lt","rightOperand":"3"}]}],"profile":"urn:profile"}'
  expect(canonicalPolicy(agreement)).toBe(text)
  expect(policyDigest(agreement)).toBe(createHash('sha256').update(text).digest('hex'))
  expect(policyDigest({ ...agreement, '@id': 'urn:b', target: 'urn:e', timestamp: '2027-01-01T00:00:00Z' })).toBe(policyDigest(agreement))
})

test('any other rule, profile or conflict is another policy', () => {
  const others: OdrlAgreement[] = [{ ...agreement, permission: [{ action: 'read' }] }, { ...agreement, profile: 'urn:other' }, { ...agreement, 'odrl:conflict': 'prohibit' }, { ...agreement, prohibition: [{ action: 'use' }] }]
  expect(new Set([agreement, ...others].map(policyDigest)).size).toBe(others.length + 1)
})
