import { ProblemError } from '../../errors.ts'
import type { Transaction } from '../../persistence/database.ts'
import { unenforceable } from '../../policy/offer/agreeable.ts'
import { factsOf, sameFacts } from './facts.ts'
import { findPolicies } from './store.ts'
import type { StoredDataset } from './store.ts'

/** Agreements whose terms cannot be enforced after a change: nothing is released under them any more. */
export interface Stops {
  readonly stops?: readonly string[]
}

type Described = Pick<StoredDataset, 'id' | 'source' | 'metadata'>

/**
 * Refuses a change after which the terms of an offer could not be enforced any more ('conflict'). Agreements cannot be taken back
 * by a change: the data plane releases nothing under terms that it cannot enforce, and whoever makes the change is told which
 * agreements it stops.
 */
export async function requireStillEnforceable(tx: Transaction, now: Date, before: Described, after: Described): Promise<Stops> {
  const facts = factsOf(after)
  if (sameFacts(factsOf(before), facts)) return {}
  const { offers, agreements } = await findPolicies(tx.db, after.id, now)
  for (const { id, policy } of offers) {
    const fault = unenforceable(policy, facts)
    if (fault !== undefined) throw new ProblemError('conflict', `The offer ${id} could not be enforced after this change: ${fault} Remove the offer first: concordat offer remove ${id}`)
  }
  const stops = agreements.filter(({ policy }) => unenforceable(policy, facts) !== undefined).map(({ id }) => id)
  return stops.length === 0 ? {} : { stops }
}
