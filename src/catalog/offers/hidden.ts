import { boundedCache } from '../../identity/bounded-cache.ts'
import { findPartner } from '../../identity/store.ts'
import type { Database, Queries } from '../../persistence/database.ts'
import { addressingOf } from '../../policy/offer/addressed.ts'
import type { Addressing, Party } from '../../policy/offer/addressed.ts'
import type { PolicyTerms } from '../../policy/odrl.ts'
import { readPolicy } from '../../policy/read/read.ts'
import { findRestricted } from './store.ts'

/** For whom offers are: what their policies say of partners, by the offer's id. */
export interface Addressings {
  of(policy: PolicyTerms): Addressing
}

export interface HiddenDeps {
  readonly database: Database
  readonly clock: () => Date
  readonly addressing: Addressings
}

const cached = 10_000

/** Reads each policy once, as long as there are not too many. */
export function createAddressings(): Addressings {
  const cache = boundedCache<Addressing>(cached, () => 0)
  return {
    of: (policy) => {
      const key = JSON.stringify(policy)
      const known = cache.get(key)
      if (known !== undefined) return known
      const addressing = addressingOf(readPolicy(policy))
      cache.set(key, addressing, Infinity)
      return addressing
    },
  }
}

/** The offers that `partner` does not see although it is in their audience: they are over, or their terms have nothing for it. */
export async function hiddenOffers(deps: HiddenDeps, partner: string): Promise<string[]> {
  const { db } = deps.database
  const restricted = await findRestricted(db, partner, deps.clock())
  if (restricted.length === 0) return []
  const party = await partyOf(db, partner)
  return restricted.filter(({ policy }) => policy === null || !deps.addressing.of(policy)(party).permitted).map(({ id }) => id)
}

/** A partner as policies may name it. */
export async function partyOf(db: Queries, partner: string): Promise<Party> {
  return { id: partner, groups: (await findPartner(db, partner))?.groups ?? [] }
}
