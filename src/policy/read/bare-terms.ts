import type { PolicyTerms } from '../odrl.ts'

const identity = new Set(['@context', '@id', '@type', 'target', 'assigner', 'assignee', 'timestamp'])

/** What an offer or agreement of a message says, without what it is called, between whom it is, and what about. */
export function bareTerms(policy: object): PolicyTerms {
  return Object.fromEntries(Object.entries(policy).filter(([name]) => !identity.has(name)))
}
