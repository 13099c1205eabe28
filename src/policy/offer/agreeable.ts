import { isProblem } from '../../errors.ts'
import type { Policy } from '../model.ts'
import { requireConsistent, requireOfferable } from './offerable.ts'
import type { PolicyTerms } from '../odrl.ts'
import { readPolicy } from '../read/read.ts'
import type { DatasetFacts } from '../restriction.ts'

/** Reads a policy that may be agreed: nothing in it is unknown here or contradicts itself ('invalid-policy', 'unsupported-policy'). */
export function requireAgreeable(document: unknown, at: string): Policy {
  const policy = readPolicy(document, at)
  requireConsistent(policy, at)
  return policy
}

/** Why the terms of a policy cannot be enforced on a dataset; undefined when they can. */
export function unenforceable(terms: PolicyTerms, dataset: DatasetFacts): string | undefined {
  return refusalOf(() => requireOfferable(requireAgreeable(terms, ''), dataset))
}

/** The message with which `work` refuses, or undefined when it does not. */
export function refusalOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return refusalIn(error)
  }
}

/** The message of a refusal that was caught; what is no refusal goes on. */
export function refusalIn(error: unknown): string {
  if (isProblem(error)) return error.message
  throw error
}
