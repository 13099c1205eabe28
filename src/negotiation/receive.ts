import { ProblemError } from '../errors.ts'
import { otherRole, reasonText } from '../outbox/process.ts'
import { noteReceived, wasReceived } from '../outbox/received/store.ts'
import type { Transaction } from '../persistence/database.ts'
import { refusalOf } from '../policy/offer/agreeable.ts'
import { beginsAnew } from '../policy/offer/begins-anew.ts'
import type { MessageOffer, OdrlAgreement } from '../policy/odrl.ts'
import { policiesMatch } from '../policy/compare/policies-match.ts'
import { advance, changeOf, save, storeAgreement, takeStep } from './change.ts'
import type { Change, CurrentOffer, NegotiationDeps } from './change.ts'
import type { Decision, Situation } from './decide.ts'
import type { ContractAgreementMessage, ContractNegotiation, ContractOfferMessage, ContractRequestMessage, NegotiationMessage } from './messages.ts'
import { refusal, toContractNegotiation } from './negotiation.ts'
import type { Negotiation } from './negotiation.ts'
import { readTerms, requireTerms, termsFault } from './offered-terms.ts'
import { isFinal } from './state-machine.ts'
import type { NegotiationAct } from './state-machine.ts'
import { findByCounterpartyPid, findAgreed, holdDataset, lockNegotiation } from './store.ts'

/** Who sent a message: a participant that authenticated and is in the register. */
interface Sender {
  readonly id: string
}

/** Takes a consumer's first request. Gives the negotiation as it was right after it. */
export async function receiveRequest(deps: NegotiationDeps, partner: Sender, message: ContractRequestMessage): Promise<ContractNegotiation> {
  const callbackAddress = usableCallback(deps, message.callbackAddress)
  return deps.database.transaction(async (tx) => {
    // DSP 2025-1, negotiation §2.1: repeated requests are told by the sender and its process id, never by the id alone.
    const known = await findByCounterpartyPid(tx.db, partner.id, message.consumerPid, 'provider')
    if (known !== undefined) return repeated(tx, known, message)
    const { target } = message.offer
    const offer = await deps.currentOffer(tx.db, partner.id, message.offer['@id'], target)
    if (offer === undefined) throw new ProblemError('unknown-offer', 'The offer does not exist. Read the catalog again and ask for one of its offers.')
    await requireTerms(deps, tx.db, { partner: partner.id, datasetId: offer.datasetId, offer: message.offer })
    const change = changeOf(newNegotiation(deps, { partner: partner.id, pid: message.consumerPid, callbackAddress, role: 'provider', offer: message.offer, current: offer }), true)
    advance(deps, change, { act: 'request', by: 'consumer', from: 'START' })
    const answer = toContractNegotiation(change.negotiation)
    await react(deps, tx, change, { negotiation: change.negotiation, current: offer.policy })
    return (await saveNew(deps, tx, change, message)) ?? answer
  })
}

/** Takes a provider's first offer, which nobody asked for: a person decides about it. */
export async function receiveInitialOffer(deps: NegotiationDeps, partner: Sender, message: ContractOfferMessage): Promise<ContractNegotiation> {
  const callbackAddress = usableCallback(deps, message.callbackAddress)
  return deps.database.transaction(async (tx) => {
    const known = await findByCounterpartyPid(tx.db, partner.id, message.providerPid, 'consumer')
    if (known !== undefined) return repeated(tx, known, message)
    readTerms(message.offer)
    const change = changeOf(newNegotiation(deps, { partner: partner.id, pid: message.providerPid, callbackAddress, role: 'consumer', offer: message.offer }), true)
    advance(deps, change, { act: 'offer', by: 'provider', from: 'START' })
    const answer = toContractNegotiation(change.negotiation)
    await react(deps, tx, change, { negotiation: change.negotiation })
    return (await saveNew(deps, tx, change, message)) ?? answer
  })
}

/** Saves a negotiation that a counterparty began. Gives the one that is there already, when the same message came twice at once. */
async function saveNew(deps: NegotiationDeps, tx: Transaction, change: Change, message: ContractRequestMessage | ContractOfferMessage): Promise<ContractNegotiation | undefined> {
  const { id, counterparty, counterpartyPid, role } = change.negotiation
  if (await save(deps, tx, change)) {
    if (message['@id'] !== undefined) await noteReceived(tx.db, id, message['@id'], deps.clock())
    return undefined
  }
  const known = await findByCounterpartyPid(tx.db, counterparty, counterpartyPid ?? '', role)
  if (known === undefined) throw refusal('conflict', change.negotiation, 'The process id is in use by another negotiation.')
  return repeated(tx, known, message)
}

/** Takes any later message. `raw` is the body as it came, which an agreement is kept in. */
export async function receive(deps: NegotiationDeps, partner: Sender, pid: string, incoming: { message: NegotiationMessage; raw: string }): Promise<void> {
  const { message, raw } = incoming
  await deps.database.transaction(async (tx) => {
    const found = await lockNegotiation(tx.db, pid)
    // Another partner's negotiation does not exist for this one (negotiation binding §2.1: not authorized is 404).
    if (found === undefined || found.counterparty !== partner.id) throw new ProblemError('not-found', `There is no negotiation ${pid}.`)
    const negotiation = withTheirPid(found, message)
    if (message['@id'] !== undefined && !(await noteReceived(tx.db, pid, message['@id'], deps.clock()))) return
    const change = changeOf(negotiation)
    const situation = await apply(deps, tx, change, { message, raw })
    if (situation !== undefined) await react(deps, tx, change, { ...situation, negotiation: change.negotiation })
    await save(deps, tx, change)
  })
}

// Both process ids must be the stored pair; the counterparty's is learnt from whichever message names it first.
function withTheirPid(negotiation: Negotiation, message: NegotiationMessage): Negotiation {
  const ours = negotiation.role === 'provider' ? message.providerPid : message.consumerPid
  const theirs = negotiation.role === 'provider' ? message.consumerPid : message.providerPid
  if (ours !== negotiation.id || theirs === undefined || theirs === '' || (negotiation.counterpartyPid !== null && theirs !== negotiation.counterpartyPid)) {
    throw refusal('pid-mismatch', negotiation, 'providerPid and consumerPid are not the pair of this negotiation.')
  }
  return { ...negotiation, counterpartyPid: theirs }
}

type Facts = Omit<Situation, 'negotiation'>

/** Applies a message to the negotiation; gives what our decision needs, or undefined when none is due. */
async function apply(deps: NegotiationDeps, tx: Transaction, change: Change, incoming: { message: NegotiationMessage; raw: string }): Promise<Facts | undefined> {
  const { message, raw } = incoming
  const before = change.negotiation
  const by = otherRole(before.role)
  switch (message['@type']) {
    case 'ContractRequestMessage':
    case 'ContractOfferMessage': {
      const act = message['@type'] === 'ContractRequestMessage' ? 'request' : 'offer'
      const offer = await checkedOffer(deps, tx, before, message.offer)
      advance(deps, change, { act, by, patch: { offer, offerId: offer['@id'], offeredBy: by } })
      const current = act === 'request' ? await deps.currentOffer(tx.db, before.counterparty, before.offerId, before.datasetId) : undefined
      return { ...(current === undefined ? {} : { current: current.policy }), ...(before.offeredBy === before.role ? { asked: before.offer } : {}) }
    }
    case 'ContractNegotiationEventMessage': {
      const act: NegotiationAct = message.eventType === 'ACCEPTED' ? 'accept' : 'finalize'
      advance(deps, change, { act, by })
      if (act === 'finalize' && change.negotiation.agreementId !== null) change.finalized = change.negotiation.agreementId
      return {}
    }
    case 'ContractAgreementVerificationMessage':
      advance(deps, change, { act: 'verify', by })
      return {}
    case 'ContractAgreementMessage':
      return applyAgreement(deps, change, message, raw)
    case 'ContractNegotiationTerminationMessage':
      advance(deps, change, { act: 'terminate', by, patch: { error: `Ended by the partner: ${reasonText(message)}` } })
      return undefined
  }
}

function applyAgreement(deps: NegotiationDeps, change: Change, message: ContractAgreementMessage, raw: string): Facts | undefined {
  const { agreement } = message
  const negotiation = change.negotiation
  advance(deps, change, { act: 'agree', by: otherRole(negotiation.role), patch: { agreementId: agreement['@id'] } })
  const fault = faultOf(agreement, negotiation, deps.ownId)
  if (fault === undefined) {
    storeAgreement(deps, change, agreement, raw)
    return { agreement }
  }
  // What was not asked for is not kept: the negotiation ends, and the provider is told why.
  takeStep(deps, change, { act: 'terminate', reason: fault, code: 'agreement-refused', patch: { agreementId: null } })
  return undefined
}

// DSP 2025-1, negotiation §2.4: the agreement is between these two, about this dataset, under the offer last put forward.
function faultOf(agreement: OdrlAgreement, negotiation: Negotiation, ownId: string): string | undefined {
  if (agreement.assigner !== negotiation.counterparty) return `The agreement's assigner is not the provider ${negotiation.counterparty}.`
  if (agreement.assignee !== ownId) return `The agreement's assignee is not ${ownId}.`
  if (agreement.target !== negotiation.datasetId) return `The agreement's target is not the dataset ${negotiation.datasetId}.`
  if (Number.isNaN(Date.parse(agreement.timestamp))) return 'The agreement has no timestamp, from which its terms count.'
  const unsupported = refusalOf(() => readTerms(agreement, '/agreement'))
  if (unsupported !== undefined) return unsupported
  return policiesMatch(agreement, negotiation.offer) ? undefined : 'The agreement differs from the offer last put forward.'
}

async function checkedOffer(deps: NegotiationDeps, tx: Transaction, negotiation: Negotiation, offer: MessageOffer): Promise<MessageOffer> {
  if (offer.target !== undefined && offer.target !== negotiation.datasetId) throw refusal('invalid-message', negotiation, `/offer/target: must be ${negotiation.datasetId}.`)
  const fault = negotiation.role === 'provider' ? await termsFault(deps, tx.db, { partner: negotiation.counterparty, datasetId: negotiation.datasetId, offer }) : refusalOf(() => readTerms(offer))
  if (fault !== undefined) throw refusal('unsupported-policy', negotiation, fault)
  return { ...offer, target: negotiation.datasetId }
}

/** Decides and takes our next step, in the same transaction as the message that made it possible. */
async function react(deps: NegotiationDeps, tx: Transaction, change: Change, situation: Situation): Promise<void> {
  const { negotiation } = change
  if (isFinal(negotiation.state)) return
  const decision = await onceOnly(tx, negotiation, deps.decide(situation))
  // What was offered earlier may have become unenforceable, or be over.
  const fault = decision.act === 'agree' ? await termsFault(deps, tx.db, { partner: negotiation.counterparty, datasetId: negotiation.datasetId, offer: negotiation.offer }) : undefined
  if (decision.act === undefined || fault !== undefined) change.negotiation = { ...negotiation, reason: fault === undefined ? decision.reason : `This cannot be agreed: ${fault} Counter or terminate.` }
  else takeStep(deps, change, { act: decision.act, reason: decision.reason })
}

// Quotas and released groups are kept for each agreement: whoever got a second one by asking again would start from nothing.
async function onceOnly(tx: Transaction, negotiation: Negotiation, decision: Decision): Promise<Decision> {
  if (decision.act !== 'agree' || negotiation.state !== 'REQUESTED') return decision
  const term = beginsAnew(readTerms(negotiation.offer))
  if (term === undefined) return decision
  const { counterparty, datasetId } = negotiation
  await holdDataset(tx.db, counterparty, datasetId)
  const agreed = await findAgreed(tx.db, counterparty, datasetId)
  const earlier = agreed.find(({ offer }) => beginsAnew(readTerms(offer)) !== undefined)
  if (earlier === undefined) return decision
  return { reason: `The partner has the agreement ${earlier.agreementId} about this dataset, and under a second one ${term} would begin anew. Approve, counter or terminate.` }
}

function usableCallback(deps: NegotiationDeps, address: string | undefined): string {
  if (address === undefined) throw new ProblemError('invalid-message', '/callbackAddress: is missing.')
  deps.checkAddress(address)
  // Negotiation binding §2.1: callback addresses come with or without a trailing slash.
  return address.replace(/\/+$/, '')
}

// The same message again is told by its id; a sender that gives none, by its offer, which may have been countered since.
async function repeated(tx: Transaction, known: Negotiation, message: ContractRequestMessage | ContractOfferMessage): Promise<ContractNegotiation> {
  const again = message['@id'] !== undefined && (await wasReceived(tx.db, known.id, message['@id']))
  const sameOffer = known.offerId === message.offer['@id'] || known.offer['@id'] === message.offer['@id']
  if (!again && !sameOffer) throw refusal('conflict', known, 'The process id is in use by another negotiation.')
  return toContractNegotiation(known)
}

interface NewNegotiation {
  readonly partner: string
  readonly pid: string | null
  readonly callbackAddress: string
  readonly role: Negotiation['role']
  readonly offer: MessageOffer
  readonly current?: CurrentOffer
  readonly decision?: Negotiation['decision']
}

/** A negotiation before its first step. */
export function newNegotiation(deps: Pick<NegotiationDeps, 'clock' | 'newId'>, input: NewNegotiation): Negotiation {
  const now = deps.clock()
  const datasetId = input.current?.datasetId ?? input.offer.target
  return {
    id: deps.newId(),
    role: input.role,
    counterparty: input.partner,
    counterpartyPid: input.pid,
    counterpartyAddress: input.callbackAddress,
    // Assigned by the first step before anything is written.
    state: input.role === 'provider' ? 'REQUESTED' : 'OFFERED',
    datasetId,
    offerId: input.offer['@id'],
    offer: { ...input.offer, target: datasetId },
    offeredBy: input.pid === null ? input.role : otherRole(input.role),
    decision: input.decision ?? input.current?.decision ?? 'automatic',
    reason: null,
    error: null,
    agreementId: null,
    deadlineAt: now,
    version: 0,
    createdAt: now,
    updatedAt: now,
  }
}

