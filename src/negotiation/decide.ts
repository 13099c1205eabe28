import { bareTerms } from '../policy/read/bare-terms.ts'
import type { Policy, PolicyRule } from '../policy/model.ts'
import { isSameRule, widening } from '../policy/compare/narrows.ts'
import type { OdrlAgreement, PolicyTerms } from '../policy/odrl.ts'
import { policiesMatch } from '../policy/compare/policies-match.ts'
import { readPolicy } from '../policy/read/read.ts'
import type { Negotiation } from './negotiation.ts'
import type { NegotiationAct } from './state-machine.ts'

/** What is known when our next step is decided. */
export interface Situation {
  readonly negotiation: Negotiation
  /** Provider: what we offer now under the offer's id, if anything. */
  readonly current?: PolicyTerms
  /** Consumer, in OFFERED: what we had asked for; absent when the offer came unasked. */
  readonly asked?: PolicyTerms
  /** Consumer, in AGREED: the agreement that came. */
  readonly agreement?: OdrlAgreement
}

/** Our next step, or none for now, and why. */
export type Decision = { readonly act: NegotiationAct; readonly reason: string } | { readonly act?: undefined; readonly reason: string }

/** Decides our next step after the counterparty's. Pure: a function of what is known. */
export type NegotiationDecider = (situation: Situation) => Decision

/** Leaves every step to a person. */
export const manual: NegotiationDecider = () => ({ reason: 'A person decides.' })

/**
 * Takes every step that follows from what was decided before: agrees when the request equals a current offer or only narrows it,
 * accepts an offer that equals what was asked, verifies an agreement that passed its checks, finalizes a verified one. What differs
 * waits for a person, and so does the choice itself when the offer (provider) or the request (consumer) is manual.
 */
export const automatic: NegotiationDecider = (situation) => {
  const { negotiation } = situation
  switch (`${negotiation.role} ${negotiation.state}`) {
    case 'provider REQUESTED':
      return onRequest(situation)
    case 'provider ACCEPTED':
      return { act: 'agree', reason: 'Our offer was accepted.' }
    case 'provider VERIFIED':
      return { act: 'finalize', reason: 'The agreement was verified.' }
    case 'consumer OFFERED':
      return onOffer(situation)
    case 'consumer AGREED':
      return { act: 'verify', reason: 'The agreement is what was asked for.' }
    default:
      return { reason: 'The other side is next.' }
  }
}

function onRequest({ negotiation, current }: Situation): Decision {
  if (negotiation.decision === 'manual') return { reason: 'The offer is decided by a person: approve, counter or terminate.' }
  if (current === undefined) return { reason: 'The offer is no longer current: counter or terminate.' }
  if (policiesMatch(negotiation.offer, current)) return { act: 'agree', reason: 'The request equals the current offer.' }
  const [wanted, offered] = [readPolicy(bareTerms(negotiation.offer)), readPolicy(current)]
  const wider = widening(wanted, offered) ?? addedDuty(wanted, offered, negotiation.counterparty)
  if (wider !== undefined) return { reason: `The request goes beyond the offer: ${wider} Approve, counter or terminate.` }
  return { act: 'agree', reason: 'The request only narrows the current offer.' }
}

function onOffer({ negotiation, asked }: Situation): Decision {
  if (negotiation.decision === 'manual') return { reason: 'A person decides: accept, counter or terminate.' }
  if (asked === undefined) return { reason: 'The offer came unasked: accept, counter or terminate.' }
  if (!policiesMatch(negotiation.offer, asked)) return { reason: 'The offer differs from what was asked: accept, counter or terminate.' }
  return { act: 'accept', reason: 'The offer equals what was asked.' }
}

/** What somebody has to do by the request, and not by the offer, unless it is who asks: nobody here takes on a duty unseen. */
function addedDuty(wanted: Policy, offered: Policy, asking: string): string | undefined {
  const before = dutiesIn(offered.rules)
  const isTheirs = ({ assignees, functions }: PolicyRule) => assignees.length > 0 && assignees.every(({ iri }) => iri === asking) && Object.keys(functions).length === 0
  const added = dutiesIn(wanted.rules).find((duty) => !isTheirs(duty) && !before.some((other) => isSameRule(other, duty)))
  return added === undefined ? undefined : `${added.at}: obliges somebody else than who asks.`
}

function dutiesIn(rules: readonly PolicyRule[]): PolicyRule[] {
  return rules.flatMap((rule) => [...(rule.kind === 'obligation' || rule.kind === 'duty' ? [rule] : []), ...dutiesIn([...rule.duties, ...rule.consequences, ...rule.remedies])])
}
