import { findPartner } from '../identity/store.ts'
import { ProblemError } from '../errors.ts'
import type { Queries } from '../persistence/database.ts'
import { addressingOf, isAddressed } from '../policy/offer/addressed.ts'
import { refusalIn, requireAgreeable } from '../policy/offer/agreeable.ts'
import { bareTerms } from '../policy/read/bare-terms.ts'
import type { Policy } from '../policy/model.ts'
import { requireOfferable } from '../policy/offer/offerable.ts'
import { termsOf } from '../policy/terms/terms.ts'
import type { NegotiationDeps } from './change.ts'

/** Reads what is put forward. Terms that are unknown here are refused ('invalid-policy', 'unsupported-policy'), naming the place. */
export function readTerms(offer: object, at = '/offer'): Policy {
  return requireAgreeable(bareTerms(offer), at)
}

/** What is to be agreed with whom, about which dataset of ours. */
interface Proposal {
  readonly partner: string
  readonly datasetId: string
  readonly offer: object
}

type Deps = Pick<NegotiationDeps, 'clock' | 'datasetFacts'>

/** Refuses terms that we as provider could not enforce on the dataset, that permit this partner nothing, or that are over. */
export async function requireTerms(deps: Deps, db: Queries, { partner, datasetId, offer }: Proposal): Promise<void> {
  const policy = readTerms(offer)
  const terms = termsOf(policy)
  if (terms.open) return
  const facts = await deps.datasetFacts(db, datasetId)
  if (facts === undefined) throw new ProblemError('unsupported-policy', '/offer/target: the dataset is not here any more.')
  requireOfferable(policy, facts, '/offer')
  const now = deps.clock()
  const over = terms.endsAt(now)
  if (over !== null && over < now) throw new ProblemError('unsupported-policy', `/offer: nothing is permitted any more since ${over.toISOString()}.`)
  if (!isAddressed(policy)) return
  const party = { id: partner, groups: (await findPartner(db, partner))?.groups ?? [] }
  if (!addressingOf(policy)(party).permitted) throw new ProblemError('unsupported-policy', '/offer: these terms permit nothing to the partner who would agree to them.')
}

/** Why terms cannot be agreed, or undefined when they can. */
export async function termsFault(deps: Deps, db: Queries, proposal: Proposal): Promise<string | undefined> {
  try {
    await requireTerms(deps, db, proposal)
    return undefined
  } catch (error) {
    return refusalIn(error)
  }
}
