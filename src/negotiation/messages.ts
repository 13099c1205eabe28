import type { dspContext } from '../policy/dsp-context.ts'
import type { MessageOffer, OdrlAgreement } from '../policy/odrl.ts'
import type { NegotiationState } from './state-machine.ts'

/** What every message may carry: its context and, though not in the schemas, an id by which a repetition is known. */
interface MessageBase {
  readonly '@context'?: unknown
  readonly '@id'?: string
}

export interface ContractRequestMessage extends MessageBase {
  readonly '@type': 'ContractRequestMessage'
  readonly consumerPid: string
  /** Only in a counter-request. */
  readonly providerPid?: string
  /** Only in an initial request. */
  readonly callbackAddress?: string
  readonly offer: MessageOffer
}

export interface ContractOfferMessage extends MessageBase {
  readonly '@type': 'ContractOfferMessage'
  readonly providerPid: string
  /** Only in a counter-offer. */
  readonly consumerPid?: string
  /** Only in an initial offer. */
  readonly callbackAddress?: string
  readonly offer: MessageOffer
}

export interface ContractAgreementMessage extends MessageBase {
  readonly '@type': 'ContractAgreementMessage'
  readonly providerPid: string
  readonly consumerPid: string
  readonly agreement: OdrlAgreement
}

export interface ContractAgreementVerificationMessage extends MessageBase {
  readonly '@type': 'ContractAgreementVerificationMessage'
  readonly providerPid: string
  readonly consumerPid: string
}

export interface ContractNegotiationEventMessage extends MessageBase {
  readonly '@type': 'ContractNegotiationEventMessage'
  readonly providerPid: string
  readonly consumerPid: string
  readonly eventType: 'ACCEPTED' | 'FINALIZED'
}

export interface ContractNegotiationTerminationMessage extends MessageBase {
  readonly '@type': 'ContractNegotiationTerminationMessage'
  readonly providerPid: string
  readonly consumerPid: string
  readonly code?: string
  readonly reason?: readonly unknown[]
}

/** Every message about a contract negotiation. */
export type NegotiationMessage =
  | ContractRequestMessage
  | ContractOfferMessage
  | ContractAgreementMessage
  | ContractAgreementVerificationMessage
  | ContractNegotiationEventMessage
  | ContractNegotiationTerminationMessage

/** A negotiation as the other side may see it. */
export interface ContractNegotiation {
  readonly '@context': typeof dspContext
  readonly '@type': 'ContractNegotiation'
  readonly providerPid: string
  readonly consumerPid: string
  readonly state: NegotiationState
}
