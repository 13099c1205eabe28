import { ProblemError } from '../errors.ts'
import { pidsOf } from '../outbox/process.ts'
import type { Role } from '../persistence/schema.ts'
import type { MessageOffer } from '../policy/odrl.ts'
import { dspContext } from '../policy/dsp-context.ts'
import type { ContractNegotiation } from './messages.ts'
import type { NegotiationState } from './state-machine.ts'

/** A contract negotiation as we hold it. `id` is our process id. */
export interface Negotiation {
  readonly id: string
  readonly role: Role
  readonly counterparty: string
  readonly counterpartyPid: string | null
  readonly counterpartyAddress: string
  readonly state: NegotiationState
  readonly datasetId: string
  readonly offerId: string
  /** The offer last put forward, by `offeredBy`. */
  readonly offer: MessageOffer
  readonly offeredBy: Role
  readonly decision: DecisionMode
  readonly reason: string | null
  readonly error: string | null
  readonly agreementId: string | null
  readonly deadlineAt: Date
  /** Counts changes. */
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** Who decides our steps: rules, or a person. */
export type DecisionMode = 'automatic' | 'manual'

/** The negotiation as the other side may see it. */
export function toContractNegotiation(negotiation: Negotiation): ContractNegotiation {
  return { '@context': dspContext, '@type': 'ContractNegotiation', ...pidsOf(negotiation), state: negotiation.state }
}

/** A refusal about a known negotiation: carries both process ids, so that the answer can name them. */
export function refusal(code: 'invalid-state' | 'pid-mismatch' | 'invalid-message' | 'unsupported-policy' | 'conflict', negotiation: Negotiation, message: string): ProblemError {
  return new ProblemError(code, message, { fields: pidsOf(negotiation) })
}
