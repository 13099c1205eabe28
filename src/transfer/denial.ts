import { selectSettled } from '../agreements/obligations/store.ts'
import { hasEnded } from '../agreements/store.ts'
import type { Agreement } from '../agreements/store.ts'
import { findPartner } from '../identity/store.ts'
import type { Queries } from '../persistence/database.ts'
import { addressingOf } from '../policy/offer/addressed.ts'
import type { PolicyDecision } from '../policy/decision.ts'
import { readPolicy } from '../policy/read/read.ts'
import { termsOf } from '../policy/terms/terms.ts'

/**
 * Why nothing can be permitted under an agreement now, whatever a request will say of itself; undefined when something may be. Terms
 * that come and go, such as office hours, are left to each request.
 */
export async function denialOf(db: Queries, agreement: Agreement, now: Date): Promise<string | undefined> {
  if (hasEnded(agreement, now)) return `The agreement ended at ${agreement.endsAt?.toISOString()}.`
  // What the other side's terms permit, the other side decides.
  if (agreement.role === 'consumer') return undefined
  const policy = readPolicy(agreement.agreement)
  if (termsOf(policy).open) return undefined
  const { fulfilled, violated } = await selectSettled(db, agreement.id)
  const groups = (await findPartner(db, agreement.counterparty))?.groups ?? []
  const decision = addressingOf(policy, { now, fulfilled, violated })({ id: agreement.counterparty, groups })
  return decision.permitted ? undefined : reasonOf(decision)
}

function reasonOf({ reason, rule, failed }: Extract<PolicyDecision, { permitted: false }>): string {
  const [first] = failed
  if (reason === 'prohibited') return `The agreement prohibits it (${rule?.at ?? 'a prohibition'}).`
  if (reason === 'conflict') return 'The agreement permits and prohibits the same, and says that it is void then (/conflict).'
  if (first !== undefined) return `A term of the agreement does not hold: ${first.at}.`
  const duty = rule?.duties[0]
  return duty === undefined ? 'The agreement permits this partner nothing.' : `A duty of the agreement must be fulfilled first: ${duty.at}.`
}
