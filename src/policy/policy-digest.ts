import canonicalize from 'canonicalize'
import { createHash } from 'node:crypto'
import type { OdrlAgreement } from './odrl.ts'

/** What was agreed, without who agreed when on what: the rules, their profile and what holds when they conflict, as canonical JSON (RFC 8785). */
export function canonicalPolicy(agreement: OdrlAgreement): string {
  const { '@context': _context, '@id': _id, '@type': _type, target: _target, assigner: _assigner, assignee: _assignee, timestamp: _timestamp, ...terms } = { '@context': undefined, ...agreement }
  const text = canonicalize(terms)
  if (text === undefined) throw new Error('An agreement is JSON')
  return text
}

/** SHA-256 of {@link canonicalPolicy}, hex: what records name as the policy that decided. */
export function policyDigest(agreement: OdrlAgreement): string {
  return createHash('sha256').update(canonicalPolicy(agreement)).digest('hex')
}
