import { isProblem, ProblemError } from '../../errors.ts'
import { isStorable } from '../../persistence/storable-text.ts'
import { isAddressed } from '../../policy/offer/addressed.ts'
import { requireAgreeable } from '../../policy/offer/agreeable.ts'
import { resolveInheritance } from '../../policy/read/inherit.ts'
import type { Policy } from '../../policy/model.ts'
import type { PolicyTerms } from '../../policy/odrl.ts'
import { readJsonLd } from '../../policy/read/read-json-ld.ts'
import { hasKnownContext, readPolicy } from '../../policy/read/read.ts'
import { termsOf } from '../../policy/terms/terms.ts'
import type { Terms } from '../../policy/terms/terms.ts'
import { writeDsp } from '../../policy/read/write.ts'

/** A policy as an offer keeps it: with everything it inherits, in the form in which it goes out. */
export interface OfferedPolicy {
  readonly terms: PolicyTerms
  readonly policy: Policy
  /** Whether there is nothing to enforce. */
  readonly open: boolean
  /** Whether it tells partners apart. */
  readonly addressed: boolean
  /** The last moment at which it can permit anything, whenever it is agreed. */
  readonly endsAt: Date | null
}

interface Surroundings {
  readonly now: Date
  /** The policy of the offer with this id. */
  readonly find: (offerId: string) => Promise<PolicyTerms | undefined>
}

/** Reads a policy that is to be offered ('invalid-policy', 'unsupported-policy'). Policies it inherits from are those of offers. */
export async function readOffered(document: unknown, { now, find }: Surroundings): Promise<OfferedPolicy> {
  if (!isStorable(document)) throw new ProblemError('invalid-policy', '/policy: texts must be valid Unicode without NUL.')
  const own = hasKnownContext(document) ? readPolicy(document, '/policy') : await readJsonLd(document)
  const terms = await naming('/policy', async () => writeDsp(resolveInheritance(own, await parentsOf(own, find))))
  const policy = requireAgreeable(terms, '/policy')
  const offered = termsOf(policy)
  const over = offered.endsAt(now)
  if (over !== null && over < now) throw new ProblemError('invalid-policy', `/policy: nothing is permitted any more since ${over.toISOString()}. Correct its dates.`)
  return { terms, policy, open: offered.open, addressed: isAddressed(policy), endsAt: fixedEnd(offered) }
}

// An end that does not move with the time of agreement.
function fixedEnd(terms: Terms): Date | null {
  const far = new Date('9000-01-01T00:00:00Z')
  const end = terms.endsAt(far)
  return end === null || end >= far ? null : end
}

/** The policies of offers that a policy inherits from; theirs are complete, because they were saved so. */
async function parentsOf(policy: Policy, find: Surroundings['find']): Promise<Map<string, Policy>> {
  const parents = new Map<string, Policy>()
  for (const id of new Set(policy.inheritFrom)) {
    const terms = isStorable(id) ? await find(id) : undefined
    if (terms !== undefined) parents.set(id, { ...readPolicy(terms), id })
  }
  return parents
}

/** Puts the place of the policy before the places that refusals name within it. */
async function naming<T>(at: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isProblem(error) || !error.message.startsWith('/')) throw error
    throw new ProblemError(error.code, at + error.message, { cause: error })
  }
}
