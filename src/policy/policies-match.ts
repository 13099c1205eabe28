import canonicalize from 'canonicalize'
import type { JsonValue, PolicyTerms } from './odrl.ts'
import { odrlTerm } from './odrl.ts'

const kinds = ['permission', 'prohibition', 'obligation'] as const

/**
 * Whether two policies say the same. Who and what they are about (ids, assigner, assignee, target) does not count, nor
 * the order of rules; an absent list equals an empty one (DSP 2025-1, negotiation §2.4: the agreement must be the offer).
 */
export function policiesMatch(one: PolicyTerms, other: PolicyTerms): boolean {
  return terms(one) === terms(other)
}

function terms(policy: PolicyTerms): string {
  const profile = policy.profile === undefined ? [] : [policy.profile].flat()
  const rules = kinds.map((kind) => (policy[kind] ?? []).map((rule) => canonicalize(withoutEmptyLists({ ...rule, action: odrlTerm(rule.action) })) ?? '').toSorted())
  return JSON.stringify([profile.toSorted(), ...rules])
}

function withoutEmptyLists(value: JsonValue | undefined): JsonValue {
  if (value === undefined) return null
  if (Array.isArray(value)) return value.map((item: JsonValue) => withoutEmptyLists(item))
  if (value === null || typeof value !== 'object') return value
  const kept = Object.entries(value).filter(([, field]) => field !== undefined && !(Array.isArray(field) && field.length === 0))
  return Object.fromEntries(kept.map(([key, field]) => [key, withoutEmptyLists(field)]))
}
