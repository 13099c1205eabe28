import type { OutboxMessage } from '../outbox/outbox.ts'
import { pidToCome } from '../outbox/pid-to-come.ts'
import { pidsOf } from '../outbox/process.ts'
import { bareTerms } from '../policy/read/bare-terms.ts'
import { dspContext } from '../policy/dsp-context.ts'
import { readPolicy } from '../policy/read/read.ts'
import { writeDsp } from '../policy/read/write.ts'
import type { NegotiationMessage } from './messages.ts'
import type { Negotiation } from './negotiation.ts'
import type { NegotiationAct } from './state-machine.ts'

/** What a message needs beyond the negotiation itself. */
export interface Sending {
  readonly messageId: string
  /** Our base address, given in the first message of a process. */
  readonly callbackAddress: string
  readonly ownId: string
  readonly now: Date
  /** For `agree`: the id of the new agreement. */
  readonly agreementId: string
  /** For `terminate`: why. */
  readonly code?: string
  readonly reason?: string
}

/** The message that tells the counterparty of our `act`; `negotiation` is as it is after the act. */
export function outgoingMessage(negotiation: Negotiation, act: NegotiationAct, sending: Sending): OutboxMessage {
  const message = messageFor(negotiation, act, sending)
  return {
    id: sending.messageId,
    kind: 'dsp',
    processId: negotiation.id,
    name: message['@type'],
    recipient: negotiation.counterparty,
    url: negotiation.counterpartyAddress + pathFor(negotiation, act),
    // `@context` last or first makes no difference to a reader; `@id` lets the receiver know a repetition.
    body: JSON.stringify({ '@context': dspContext, '@id': sending.messageId, ...message }),
  }
}

// DSP 2025-1, negotiation HTTPS binding §2.2 and §2.3: the receiver's paths, by its own process id.
function pathFor(negotiation: Negotiation, act: NegotiationAct): string {
  if (isFirst(negotiation, act)) return act === 'offer' ? '/negotiations/offers' : '/negotiations/request'
  const process = `/negotiations/${encodeURIComponent(negotiation.counterpartyPid ?? pidToCome)}`
  const paths = {
    request: '/request',
    offer: '/offers',
    accept: '/events',
    agree: '/agreement',
    verify: '/agreement/verification',
    finalize: '/events',
    terminate: '/termination',
  } as const satisfies Record<NegotiationAct, string>
  return process + paths[act]
}

// The first message of a process carries our address, every later one the other side's process id: the schema's oneOf.
function isFirst(negotiation: Negotiation, act: NegotiationAct): boolean {
  return negotiation.counterpartyPid === null && (act === 'request' || act === 'offer')
}

function messageFor(negotiation: Negotiation, act: NegotiationAct, sending: Sending): NegotiationMessage {
  const pids = pidsOf({ ...negotiation, counterpartyPid: negotiation.counterpartyPid ?? pidToCome })
  const first = isFirst(negotiation, act) ? { callbackAddress: sending.callbackAddress } : undefined
  switch (act) {
    case 'request':
      return { '@type': 'ContractRequestMessage', consumerPid: negotiation.id, ...(first ?? { providerPid: pids.providerPid }), offer: negotiation.offer }
    case 'offer':
      return { '@type': 'ContractOfferMessage', providerPid: negotiation.id, ...(first ?? { consumerPid: pids.consumerPid }), offer: negotiation.offer }
    case 'accept':
      return { '@type': 'ContractNegotiationEventMessage', ...pids, eventType: 'ACCEPTED' }
    case 'finalize':
      return { '@type': 'ContractNegotiationEventMessage', ...pids, eventType: 'FINALIZED' }
    case 'verify':
      return { '@type': 'ContractAgreementVerificationMessage', ...pids }
    case 'agree':
      return { '@type': 'ContractAgreementMessage', ...pids, agreement: agreementFor(negotiation, sending) }
    case 'terminate':
      return { '@type': 'ContractNegotiationTerminationMessage', ...pids, ...(sending.code === undefined ? {} : { code: sending.code }), ...(sending.reason === undefined ? {} : { reason: [sending.reason] }) }
  }
}

function agreementFor(negotiation: Negotiation, sending: Sending) {
  return {
    '@id': sending.agreementId,
    '@type': 'Agreement' as const,
    target: negotiation.datasetId,
    assigner: sending.ownId,
    assignee: negotiation.counterparty,
    timestamp: sending.now.toISOString(),
    ...writeDsp(readPolicy(bareTerms(negotiation.offer))),
  }
}
