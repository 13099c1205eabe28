import canonicalize from 'canonicalize'
import { refusalOf } from '../offer/agreeable.ts'
import { bareTerms } from '../read/bare-terms.ts'
import type { PolicyTerms } from '../odrl.ts'
import { readPolicy } from '../read/read.ts'
import { writeDsp } from '../read/write.ts'

/**
 * Whether two policies say the same. Who and what they are about (ids, assigner, assignee, target) does not count, nor how terms
 * are spelled, nor the order of rules (DSP 2025-1, negotiation §2.4: the agreement must be the offer). One that cannot be read
 * equals none.
 */
export function policiesMatch(one: PolicyTerms, other: PolicyTerms): boolean {
  const left = canonicalTerms(one)
  return left !== undefined && left === canonicalTerms(other)
}

function canonicalTerms(policy: PolicyTerms): string | undefined {
  let text: string | undefined
  const refusal = refusalOf(() => {
    const { permission = [], prohibition = [], obligation = [], ...rest } = writeDsp(readPolicy(bareTerms(policy)))
    const rules = [permission, prohibition, obligation].map((list) => list.map((rule) => canonicalize(rule) ?? '').toSorted())
    text = canonicalize({ ...rest, rules })
  })
  return refusal === undefined ? text : undefined
}
